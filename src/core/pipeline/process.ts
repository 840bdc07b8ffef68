/**
 * The stages in order, as one pure function: from an event and its context to what is told to whom, and why. Live
 * traffic, the proxy endpoint, dry run and explain all call it.
 */
import type { Labels } from "../alert/alert.ts";
import type { Severity } from "../alert/severity.ts";
import type { Classification } from "../classify/classification.ts";
import type { Timing } from "../group/group.ts";
import { groupKey, groupLabels, groupSubject } from "../group/key.ts";
import type { AlertEvent } from "../history/event.ts";
import type { Stage, TraceStep } from "../history/trace.ts";
import type { Notification } from "../publish/notification.ts";
import { GROUP_BY_ALL } from "../route/routing.ts";
import { admit, effectiveSeverity, filterSteps, holdRoute, judgementOf, type Subject, toldBy } from "./admit.ts";
import type { Context, Fallback, RouteMatch } from "./context.ts";
import { type TellableAlert, tellAlone } from "./notify.ts";

export interface GroupMember extends TellableAlert {
  readonly seq: number;
  readonly receivedAt: number;
}

/** An alert joins a group, whose own timer decides when its targets hear of it. */
export interface GroupJoin {
  readonly subject: string;
  readonly key: string;
  readonly labels: Labels;
  readonly routeId: string;
  readonly receiver: string;
  readonly targets: readonly string[];
  readonly timing: Timing;
  readonly fallback: Fallback | null;
  readonly member: GroupMember;
}

export interface Direct {
  readonly target: string;
  readonly fallback: Fallback | null;
  readonly notification: Notification;
}

export interface Decision {
  readonly severity: Severity;
  readonly classification: Classification | null;
  readonly mode: string;
  readonly configVersion: number | null;
  readonly trace: readonly TraceStep[];
  readonly notifications: readonly Direct[];
  readonly groups: readonly GroupJoin[];
}

/** A route that does not group tells at once; what it has to hold back it leaves to a group of one that looks again. */
const PARKED: Timing = { groupWaitMs: 0, groupIntervalMs: 0, repeatIntervalMs: Number.MAX_SAFE_INTEGER };
/** What an Alertmanager has grouped already has waited long enough. */
const FORWARDED = { groupWaitMs: 0, groupIntervalMs: 0 } as const;

/** Held back rather than grouped: its targets hear of it only when what holds it ends. */
export const isParked = ({ timing }: GroupJoin): boolean => timing === PARKED;

const isDirect = (route: RouteMatch): boolean => route.groupBy.includes(GROUP_BY_ALL) && route.timing.groupWaitMs === 0;

class Deciding {
  readonly trace: TraceStep[] = [];
  readonly notifications = new Map<string, Direct>();
  readonly groups: GroupJoin[] = [];
  readonly event: AlertEvent;
  readonly subject: Subject;
  readonly member: GroupMember;
  readonly context: Context;

  constructor(event: AlertEvent, classification: Classification | null, context: Context) {
    this.event = event;
    this.context = context;
    this.subject = { ...event, classification };
    const { fingerprint, seq, status, labels, annotations, startsAt, endsAt, generatorURL, receivedAt } = event;
    const severity = effectiveSeverity(this.subject, context);
    this.member = {
      fingerprint,
      seq,
      status,
      labels,
      annotations,
      startsAt,
      endsAt,
      generatorURL,
      receivedAt,
      severity,
      classification,
    };
  }

  step(stage: Stage, decision: string, reason: string, target?: string): void {
    this.trace.push({ at: this.context.now, stage, decision, reason, ...(target === undefined ? {} : { target }) });
  }

  join(route: RouteMatch, targets: readonly string[], key: string, labels: Labels, timing: Timing): void {
    const { id: routeId, receiver, fallback } = route;
    this.groups.push({
      subject: groupSubject(`${receiver} ${key}`),
      key,
      labels,
      routeId,
      receiver,
      targets,
      timing,
      fallback,
      member: this.member,
    });
  }

  /** Tells a target of this one alert, once however many routes lead there. */
  tell(route: RouteMatch, target: string): void {
    if (this.notifications.has(target)) return;
    const { event, context } = this;
    const { severity, classification } = this.member;
    const notification = tellAlone(event, target, { severity, classification, receiver: route.receiver }, context);
    this.notifications.set(target, { target, fallback: route.fallback, notification });
    this.step("notify", "queued", notification.reason, target);
  }

  park(route: RouteMatch, targets: readonly string[]): void {
    const key = `${groupKey(route.path, this.event.labels)}#held`;
    this.join(route, targets, key, this.event.labels, PARKED);
  }
}

/** Decides one event; `classification` is what a model or the rules said of it, null where the mode asks nobody. */
export const process = (event: AlertEvent, classification: Classification | null, context: Context): Decision => {
  const deciding = new Deciding(event, classification, context);
  deciding.step("dedup", "stored", event.kind);
  deciding.step(
    "classify",
    classification?.severity ?? "none",
    classification === null ? "off" : sourceOf(classification),
  );
  if (event.kind === "new" && event.status === "resolved") deciding.step("notify", "none", "never_fired");
  else if (context.metricsOnlyForced || !hasEnabledTarget(context)) deciding.step("notify", "none", "metrics_only");
  else for (const route of routesOf(deciding)) takeRoute(deciding, route);
  return {
    severity: deciding.member.severity,
    classification,
    mode: context.mode,
    configVersion: context.configVersion,
    trace: deciding.trace,
    notifications: [...deciding.notifications.values()],
    groups: deciding.groups,
  };
};

const sourceOf = ({ source, cached }: Classification): string =>
  source === "fallback" ? "fallback" : cached ? "cache" : "llm";

const hasEnabledTarget = ({ targets }: Context): boolean => {
  for (const { target } of targets.values()) if (target.enabled) return true;
  return false;
};

const routesOf = ({ subject, event, context }: Deciding): readonly RouteMatch[] =>
  context.match(event.labels, judgementOf(subject, context));

const takeRoute = (deciding: Deciding, route: RouteMatch): void => {
  const { event } = deciding;
  deciding.step("route", "matched", route.id === "" ? route.receiver : `${route.receiver} (${route.id})`);
  const names = toldBy(route, deciding.context);
  if (names !== route.targets)
    deciding.step("route", "fallback", `no target of ${route.receiver} can be told`, names[0]);
  if (names.length === 0) {
    deciding.step("route", "none", `receiver ${route.receiver} has no target`);
    return;
  }
  if (isDirect(route)) {
    if (event.status === "firing") tellFiring(deciding, route, names);
    else tellResolved(deciding, route, names);
    return;
  }
  const forwarded = event.upstream !== null && !route.regroup;
  const labels = groupLabels(event.labels, route.groupBy);
  const key = forwarded && event.upstream !== null ? event.upstream.groupKey : groupKey(route.path, labels);
  deciding.join(route, route.targets, key, labels, forwarded ? { ...route.timing, ...FORWARDED } : route.timing);
  deciding.step("group", forwarded ? "forwarded" : "joined", key);
};

const tellFiring = (deciding: Deciding, route: RouteMatch, names: readonly string[]): void => {
  const { subject, context } = deciding;
  const held = holdRoute(subject, route.id, context);
  if (held !== null) {
    deciding.step(held.stage, "suppressed", held.reason);
    deciding.park(route, route.targets);
    return;
  }
  const waiting: string[] = [];
  for (const name of names) {
    const state = context.targets.get(name);
    if (state === undefined || !state.target.enabled) {
      deciding.step("notify", "none", "target_disabled", name);
      continue;
    }
    const { filter, held: heldHere } = admit(subject, state, context);
    for (const [decision, reason] of filterSteps(filter)) deciding.step("filter", decision, reason, name);
    if (heldHere === null) deciding.tell(route, name);
    else if (!heldHere.final) waiting.push(name);
  }
  if (waiting.length > 0) deciding.park(route, waiting);
};

/** An end goes to every target that was told of the beginning, whatever silences and filters say by now. */
const tellResolved = (deciding: Deciding, route: RouteMatch, names: readonly string[]): void => {
  const { event, context } = deciding;
  const told = new Set(context.toldTargets(event.fingerprint));
  for (const name of told) {
    const state = context.targets.get(name);
    if (state === undefined) continue;
    if (state.target.sendResolved) deciding.tell(route, name);
    else deciding.step("notify", "none", "send_resolved_off", name);
  }
  const untold = names.filter((name) => !told.has(name));
  if (untold.length > 0) deciding.park(route, names === route.targets ? untold : route.targets);
};

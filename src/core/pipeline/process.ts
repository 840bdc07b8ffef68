/**
 * The stages in order, as one pure function: from an event and its context to what is told to whom, and why. Live
 * traffic, the proxy endpoint, dry run and explain all call it.
 */
import type { Labels } from "../alert/alert.ts";
import type { Classification } from "../classify/classification.ts";
import type { Timing } from "../group/group.ts";
import { groupKey, groupLabels, groupSubject, heldKey, stormKey } from "../group/key.ts";
import { STORM_TIMING } from "../group/storm.ts";
import { type AlertEvent, notificationId } from "../history/event.ts";
import type { Stage, TraceStep } from "../history/trace.ts";
import type { Notification } from "../publish/notification.ts";
import {
  admit,
  describeHeld,
  effectiveSeverity,
  filterSteps,
  heldFrom,
  holdRoute,
  judgementOf,
  type Subject,
  toldBy,
} from "./admit.ts";
import type { Context, RouteMatch } from "./context.ts";
import type { Decision, Direct, GroupJoin, GroupMember, StormOffer } from "./decision.ts";
import { tellAlone } from "./notify.ts";
import { FORWARDED, isDirect } from "./timing.ts";

export type { Decision, Direct, GroupJoin, GroupMember, StormOffer } from "./decision.ts";

/** A route that does not group tells at once; what it has to hold back it leaves to a group of one that looks again. */
const PARKED: Timing = { groupWaitMs: 0, groupIntervalMs: 0, repeatIntervalMs: Number.MAX_SAFE_INTEGER };

/** Held back rather than grouped: its targets hear of it only when what holds it ends. */
export const isParked = ({ timing }: GroupJoin): boolean => timing === PARKED;

class Deciding {
  readonly trace: TraceStep[] = [];
  readonly notifications = new Map<string, Direct>();
  readonly groups: GroupJoin[] = [];
  readonly storms: StormOffer[] = [];
  readonly event: AlertEvent;
  readonly subject: Subject;
  readonly member: GroupMember;
  readonly context: Context;
  /** What the last route told, for its other targets. */
  #told: { readonly routeId: string; readonly notification: Notification } | null = null;

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
      flappingUntil: context.flappingUntil(event),
      ...(event.inhibitors === undefined ? {} : { inhibitors: event.inhibitors }),
    };
  }

  step(stage: Stage, decision: string, reason: string, target?: string): void {
    this.trace.push({ at: this.context.now, stage, decision, reason, ...(target === undefined ? {} : { target }) });
  }

  joinOf(
    route: RouteMatch,
    targets: readonly string[],
    key: string,
    labels: Labels,
    timing: Timing,
    told: readonly string[] = [],
  ): GroupJoin {
    const { id: routeId, receiver, labels: routeLabels, fallback } = route;
    const subject = groupSubject(`${receiver} ${key}`);
    const member = this.member;
    return { subject, key, labels, routeId, receiver, routeLabels, targets, timing, fallback, told, member };
  }

  /** Tells a target of this one alert, once however many routes lead there. */
  tell(route: RouteMatch, target: string): void {
    if (this.notifications.has(target)) return;
    const { event, context } = this;
    const { severity, classification } = this.member;
    const { id: routeId, receiver, labels: routeLabels } = route;
    // All its targets are told the same: only the id is their own.
    const notification =
      this.#told?.routeId === routeId
        ? { ...this.#told.notification, id: notificationId(event.fingerprint, event.seq, target) }
        : tellAlone(event, target, { severity, classification, receiver, routeLabels }, context);
    this.#told = { routeId, notification };
    this.notifications.set(target, { target, fallback: route.fallback, notification });
    this.step("notify", "queued", notification.reason, target);
  }

  park(route: RouteMatch, targets: readonly string[], told: readonly string[] = []): void {
    const key = heldKey(groupKey(route.path, this.event.labels));
    const join = this.joinOf(route, targets, key, this.event.labels, PARKED, told);
    const names = toldBy(join, this.context);
    const isFiring = this.event.status === "firing";
    const holds = isFiring ? describeHeld(heldFrom(this.subject, route.id, names, this.context)) : "";
    this.groups.push({ ...join, holds });
  }

  /** Whoever was told of the beginning that this event ends. */
  toldBefore(): readonly string[] {
    return this.event.status === "resolved" ? this.context.toldTargets(this.event.fingerprint) : [];
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
    storms: deciding.storms,
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
    if (event.status === "resolved") tellResolved(deciding, route, names);
    return;
  }
  const isFlapping = deciding.member.flappingUntil !== null;
  if (isFlapping) deciding.step("flapping", "suppressed", "held_until_settled");
  if (isDirect(route)) {
    if (isFlapping) holdFlapping(deciding, route);
    else if (event.status === "firing") tellFiring(deciding, route, names);
    else tellResolved(deciding, route, names);
    return;
  }
  // Bodies of that shape that somebody else made may name no group: then ours is as good as any.
  const upstreamKey = event.upstream?.groupKey ?? "";
  const forwarded = upstreamKey !== "" && !route.regroup;
  const labels = groupLabels(event.labels, [...route.groupBy, ...route.splitBy]);
  const split = route.splitBy.length === 0 ? "" : groupKey([], groupLabels(event.labels, route.splitBy));
  const key = forwarded ? upstreamKey + split : groupKey(route.path, labels);
  const timing = forwarded ? { ...route.timing, ...FORWARDED } : route.timing;
  const told = deciding.toldBefore().filter((name) => route.targets.includes(name));
  const join = deciding.joinOf(route, route.targets, key, labels, timing, told);
  deciding.groups.push(join);
  deciding.step("group", forwarded ? "forwarded" : "joined", key);
  if (!forwarded && !isFlapping) offerToStorm(deciding, route, { targets: [], group: join.subject });
};

/** What flaps is left to its group of one, and so is the end of it. */
const holdFlapping = (deciding: Deciding, route: RouteMatch): void => {
  const told = deciding.toldBefore();
  deciding.park(route, [...new Set([...route.targets, ...told])], told);
};

/** A storm takes whatever begins and is not critical; what is held back anyway makes no noise. */
const offerToStorm = (deciding: Deciding, route: RouteMatch, instead: StormOffer["instead"]): void => {
  const { event, context, member } = deciding;
  if (context.storm === null || event.status !== "firing" || member.severity === "critical") return;
  if (instead.group !== null && holdRoute(deciding.subject, route.id, context) !== null) return;
  const targets = instead.group === null ? instead.targets : route.targets;
  const timing = { ...STORM_TIMING, repeatIntervalMs: route.timing.repeatIntervalMs };
  const join = deciding.joinOf(route, targets, stormKey(groupKey(route.path, {})), {}, timing);
  deciding.storms.push({ join, instead });
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
  const before = new Set(deciding.notifications.keys());
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
  const told = [...deciding.notifications.keys()].filter((name) => !before.has(name));
  if (told.length > 0) offerToStorm(deciding, route, { targets: told, group: null });
};

/** An end goes to every target that was told of the beginning, whatever silences and filters say by now. */
const tellResolved = (deciding: Deciding, route: RouteMatch, names: readonly string[]): void => {
  const { event, context } = deciding;
  const told = new Set(context.toldTargets(event.fingerprint));
  for (const name of told) {
    const state = context.targets.get(name);
    if (state === undefined) deciding.step("notify", "none", "target_gone", name);
    else if (state.target.sendResolved) deciding.tell(route, name);
    else deciding.step("notify", "none", "send_resolved_off", name);
  }
  const untold = names.filter((name) => !told.has(name));
  if (untold.length > 0) deciding.park(route, names === route.targets ? untold : route.targets);
};

/**
 * A group's flush as one pure function: silences, inhibition, times and filters are asked again for every member, each
 * target is compared with what it was told last, and what is new becomes notifications.
 */
import type { Millis } from "../alert/alert.ts";
import { flush, type GroupState, type GroupTarget, isFlapping, type Told } from "../group/group.ts";
import { isHeldKey, isStormKey } from "../group/key.ts";
import type { TraceStep } from "../history/trace.ts";
import type { PendingNotification } from "../messages.ts";
import { admit, describeHeld, filterSteps, type Held, heldAs, heldFrom, judgementOf, toldBy } from "./admit.ts";
import type { Context, RouteMatch } from "./context.ts";
import type { GroupMember } from "./process.ts";
import { type GroupInfo, type GroupNotification, remindEach, tellEach, tellTogether } from "./tell.ts";
import { FORWARDED, isForwarded } from "./timing.ts";

/** One step for the trace of one member's present event. */
export interface MemberStep {
  readonly fingerprint: string;
  readonly seq: number;
  readonly step: TraceStep;
}

export interface FlushResult {
  /** As the configuration in force has it. */
  readonly info: GroupInfo;
  readonly state: GroupState;
  readonly notifications: readonly GroupNotification[];
  readonly steps: readonly MemberStep[];
  /** What holds each member back from whom, to notice when it changes; empty where nothing does. */
  readonly holds: ReadonlyMap<string, string>;
}

/** A target that wants each alert by itself gets one notification per alert, however they are grouped. */
export type PerAlert = (target: string) => boolean;

/** To whom it was told as firing, what flaps fires on. */
const shownAs = (member: GroupMember, now: Millis): GroupMember =>
  isFlapping(member, now) ? { ...member, status: "firing", endsAt: null } : member;

/** Other intervals hold from the next flush on for what is in a group already, as after a reload of an Alertmanager. */
const followRoute = (info: GroupInfo, members: ReadonlyMap<string, GroupMember>, context: Context): GroupInfo => {
  const [member] = members.values();
  if (member === undefined || isHeldKey(info.key) || isStormKey(info.key)) return info;
  const route = context.match(member.labels, judgementOf(member, context)).find(({ id }) => id === info.routeId);
  if (route === undefined) return info;
  const timing = isForwarded(info.timing) ? { ...route.timing, ...FORWARDED } : route.timing;
  return { ...info, timing, routeLabels: route.labels, fallback: route.fallback };
};

export const flushGroup = (
  given: GroupInfo,
  state: GroupState,
  real: ReadonlyMap<string, GroupMember>,
  holdsBefore: ReadonlyMap<string, string>,
  perAlert: PerAlert,
  context: Context,
): FlushResult => {
  const { now } = context;
  const members = new Map([...real].map(([fingerprint, member]) => [fingerprint, shownAs(member, now)]));
  const info = followRoute(given, members, context);
  const names = toldBy(info, context);
  const held = holdMembers(info, names, members, context);
  const targets = context.metricsOnlyForced ? [] : targetsNow(info, names, state, members, held, context);
  const flushed = flush(state, targets, info.timing, now);
  const nextDue = Math.min(
    ...[...held.values()].flatMap((byTarget) => [...byTarget.values()].map((h) => h.until ?? Infinity)),
  );
  const holds = new Map([...held].map(([fingerprint, byTarget]) => [fingerprint, describeHeld(byTarget)]));
  const steps: MemberStep[] = [];
  for (const [fingerprint, text] of holds) {
    const member = members.get(fingerprint);
    if (member === undefined || text === (holdsBefore.get(fingerprint) ?? "")) continue;
    for (const [target, h] of held.get(fingerprint) ?? []) {
      steps.push({
        fingerprint,
        seq: member.seq,
        step: { at: now, stage: h.stage, decision: heldAs(h), reason: h.reason, target },
      });
    }
  }
  const notifications: GroupNotification[] = [];
  for (const told of flushed.told) {
    const before = new Set(state.log[told.target]?.firing ?? []);
    const isPager = perAlert(told.target) && !isStormKey(info.key);
    const isRepeat = told.reason === "repeatIntervalElapsed";
    const each =
      isPager && isRepeat
        ? remindEach(info, told, flushed.state.flushes, members, context)
        : isPager || isHeldKey(info.key)
          ? tellEach(info, told, before, members, context)
          : [];
    // That it flaps is news to people only: a pager keeps its incident open all the while.
    const made =
      each.length > 0 || isPager
        ? each
        : [tellTogether(info, told, flushed.state.flushes, { members, before }, context)];
    notifications.push(...made);
    for (const { item } of made) steps.push(...stepsOf(item, told, before, members, context));
  }
  return {
    info,
    notifications,
    steps,
    holds,
    state: { ...flushed.state, wakeAt: wakeAfter(info, flushed, held, nextDue, now) },
  };
};

/** Nothing is held back any more: its end comes by itself, and this only notices should it not. */
const TOLD_IDLE_MS: Millis = 600_000;

const wakeAfter = (
  { key }: GroupInfo,
  { state: { wakeAt, members } }: ReturnType<typeof flush>,
  held: ReadonlyMap<string, ReadonlyMap<string, Held>>,
  nextDue: Millis,
  now: Millis,
): Millis | null => {
  if (wakeAt === null) return null;
  const isDone =
    isHeldKey(key) &&
    [...held.values()].every(({ size }) => size === 0) &&
    !members.some((one) => isFlapping(one, now));
  return isDone ? now + TOLD_IDLE_MS : Math.min(wakeAt, nextDue);
};

const targetsNow = (
  { fallback }: GroupInfo,
  names: readonly string[],
  state: GroupState,
  members: ReadonlyMap<string, GroupMember>,
  held: ReadonlyMap<string, ReadonlyMap<string, Held>>,
  context: Context,
): GroupTarget[] => {
  const asked = names.flatMap((name): GroupTarget[] => {
    const target = context.targets.get(name)?.target;
    if (target === undefined || !target.enabled) return [];
    const muted = new Set([...members.keys()].filter((fingerprint) => held.get(fingerprint)?.has(name) === true));
    return [{ name, sendResolved: target.sendResolved, muted }];
  });
  const stoodIn =
    fallback == null || names.includes(fallback.target) ? undefined : context.targets.get(fallback.target);
  if (stoodIn?.target.enabled !== true || !Object.hasOwn(state.log, stoodIn.target.name)) return asked;
  // It told of beginnings while it stood in; of those it hears the end, and of nothing new.
  const { name, sendResolved } = stoodIn.target;
  return [...asked, { name, sendResolved, muted: new Set(members.keys()) }];
};

/** Per firing member and target, what holds it back now. */
const holdMembers = (
  info: GroupInfo,
  targets: readonly string[],
  members: ReadonlyMap<string, GroupMember>,
  context: Context,
): Map<string, ReadonlyMap<string, Held>> => {
  const held = new Map<string, ReadonlyMap<string, Held>>();
  for (const [fingerprint, member] of members) {
    if (member.status !== "firing") continue;
    const routes = context.match(member.labels, judgementOf(member, context));
    const leads = new Set(routes.flatMap((route) => toldBy(route, context)));
    const elsewhere = targets.filter((target) => !leads.has(target)).map((target) => [target, ELSEWHERE] as const);
    held.set(fingerprint, new Map([...elsewhere, ...heldFrom(member, placeNow(info, routes), targets, context)]));
  }
  return held;
};

/** Where the group's route stands by now: with another configuration it may have another place. */
const placeNow = ({ routeId, receiver }: GroupInfo, routes: readonly RouteMatch[]): string => {
  const own = routes.filter((route) => route.receiver === receiver);
  return (own.find(({ id }) => id === routeId) ?? own[0] ?? routes[0])?.id ?? routeId;
};

/** Another configuration leads the alert to others now; who was told of it here still hears of its end. */
const ELSEWHERE: Held = { stage: "route", reason: "leads_elsewhere", until: null, final: false };

/** The members a notification brings news of, with what the filters said of each. */
const stepsOf = (
  item: PendingNotification,
  told: Told,
  before: ReadonlySet<string>,
  members: ReadonlyMap<string, GroupMember>,
  context: Context,
): MemberStep[] =>
  item.notification.alerts.flatMap(({ fingerprint, status }) => {
    const member = members.get(fingerprint);
    const isNews = status === "firing" ? !before.has(fingerprint) : before.has(fingerprint);
    if (member === undefined || !isNews) return [];
    const { target, reason } = told;
    const { now: at } = context;
    const state = context.targets.get(target);
    const asked = status !== "firing" || state === undefined ? [] : filterSteps(admit(member, state, context).filter);
    const steps: TraceStep[] = [
      ...asked.map(([decision, why]) => ({ at, stage: "filter" as const, decision, reason: why, target })),
      { at, stage: "notify", decision: "queued", reason, target, notification: item.notification.id },
    ];
    return steps.map((step) => ({ fingerprint, seq: member.seq, step }));
  });

/**
 * A group's flush as one pure function: silences, inhibition, times and filters are asked again for every member, each
 * target is compared with what it was told last, and what is new becomes notifications.
 */
import type { Labels, Millis } from "../alert/alert.ts";
import { flush, type GroupState, type GroupTarget, type Timing, type Told } from "../group/group.ts";
import { notificationId } from "../history/event.ts";
import type { TraceStep } from "../history/trace.ts";
import type { PendingNotification } from "../messages.ts";
import { admit, type Held, holdRoute } from "./admit.ts";
import type { Context, RouteMatch } from "./context.ts";
import { buildNotification } from "./notify.ts";
import type { GroupMember } from "./process.ts";

/** What an AlertGroup knows of itself beside its state. */
export interface GroupInfo {
  readonly subject: string;
  readonly key: string;
  readonly labels: Labels;
  readonly routeId: string;
  readonly receiver: string;
  readonly targets: readonly string[];
  readonly timing: Timing;
}

export interface GroupNotification {
  readonly target: string;
  readonly item: PendingNotification;
}

/** One step for the trace of one member's present event. */
export interface MemberStep {
  readonly fingerprint: string;
  readonly seq: number;
  readonly step: TraceStep;
}

export interface FlushResult {
  readonly state: GroupState;
  readonly notifications: readonly GroupNotification[];
  readonly steps: readonly MemberStep[];
  /** What holds each member back from whom, to notice when it changes; empty where nothing does. */
  readonly holds: ReadonlyMap<string, string>;
}

/** A target that wants each alert by itself gets one notification per alert, however they are grouped. */
export type PerAlert = (target: string) => boolean;

export const flushGroup = (
  info: GroupInfo,
  state: GroupState,
  members: ReadonlyMap<string, GroupMember>,
  holdsBefore: ReadonlyMap<string, string>,
  perAlert: PerAlert,
  context: Context,
): FlushResult => {
  const { now } = context;
  const held = holdMembers(info, members, context);
  const targets: GroupTarget[] = info.targets.flatMap((name) => {
    const target = context.targets.get(name)?.target;
    if (target === undefined || !target.enabled || context.metricsOnlyForced) return [];
    const muted = new Set([...members.keys()].filter((fingerprint) => held.get(fingerprint)?.has(name) === true));
    return [{ name, sendResolved: target.sendResolved, muted }];
  });
  const flushed = flush(state, targets, info.timing, now);
  const nextDue = Math.min(
    ...[...held.values()].flatMap((byTarget) => [...byTarget.values()].map((h) => h.until ?? Infinity)),
  );
  const holds = new Map([...held].map(([fingerprint, byTarget]) => [fingerprint, describe(byTarget)]));
  const steps: MemberStep[] = [];
  for (const [fingerprint, text] of holds) {
    const member = members.get(fingerprint);
    if (member === undefined || text === (holdsBefore.get(fingerprint) ?? "")) continue;
    for (const [target, h] of held.get(fingerprint) ?? []) {
      steps.push({
        fingerprint,
        seq: member.seq,
        step: {
          at: now,
          stage: h.stage,
          decision: h.until === null ? "suppressed" : "delayed",
          reason: h.reason,
          target,
        },
      });
    }
  }
  const notifications: GroupNotification[] = [];
  for (const told of flushed.told) {
    const before = new Set(state.log[told.target]?.firing ?? []);
    const made = perAlert(told.target)
      ? tellEach(info, told, before, members, context)
      : [tellTogether(info, told, flushed.state.flushes, members, context)];
    notifications.push(...made);
    for (const { item } of made) steps.push(...stepsOf(item, told, before, members, now));
  }
  const { wakeAt } = flushed.state;
  return {
    notifications,
    steps,
    holds,
    state:
      wakeAt === null || !Number.isFinite(nextDue)
        ? flushed.state
        : { ...flushed.state, wakeAt: Math.min(wakeAt, nextDue) },
  };
};

/** Per firing member and target, what holds it back now. */
const holdMembers = (
  info: GroupInfo,
  members: ReadonlyMap<string, GroupMember>,
  context: Context,
): Map<string, Map<string, Held>> => {
  const route: RouteMatch = { ...info, id: info.routeId, path: [], groupBy: [], regroup: false, fallback: null };
  const held = new Map<string, Map<string, Held>>();
  for (const [fingerprint, member] of members) {
    if (member.status !== "firing") continue;
    const byTarget = new Map<string, Held>();
    const all = holdRoute(member, route, context);
    for (const name of info.targets) {
      const state = context.targets.get(name);
      const own = all ?? (state === undefined ? null : admit(member, state, context).held);
      if (own !== null) byTarget.set(name, own);
    }
    held.set(fingerprint, byTarget);
  }
  return held;
};

const describe = (byTarget: ReadonlyMap<string, Held>): string =>
  [...byTarget].map(([target, { stage, reason }]) => `${target} ${stage} ${reason}`).join("; ");

const tellTogether = (
  info: GroupInfo,
  told: Told,
  flushes: number,
  members: ReadonlyMap<string, GroupMember>,
  context: Context,
): GroupNotification => {
  const { subject, key: groupKey, labels: groupLabels, receiver } = info;
  const alerts = [...told.firing, ...told.resolved].flatMap((fingerprint) => members.get(fingerprint) ?? []);
  const at: Millis = context.now;
  const id = notificationId(subject, flushes, told.target);
  const notification = buildNotification(
    { id, alerts, reason: told.reason, groupKey, groupLabels, receiver, at },
    context,
  );
  return { target: told.target, item: { subject, seq: flushes, at, notification } };
};

/** Only what changed for this target: a pager that was told keeps the incident open by itself. */
const tellEach = (
  info: GroupInfo,
  told: Told,
  before: ReadonlySet<string>,
  members: ReadonlyMap<string, GroupMember>,
  context: Context,
): GroupNotification[] => {
  const changed = [...told.firing.filter((f) => !before.has(f)), ...told.resolved.filter((f) => before.has(f))];
  return changed.flatMap((fingerprint) => {
    const member = members.get(fingerprint);
    if (member === undefined) return [];
    const { seq, receivedAt: at } = member;
    const { key: groupKey, labels: groupLabels, receiver } = info;
    const id = notificationId(fingerprint, seq, told.target);
    const reason = member.status === "firing" ? ("firstNotification" as const) : ("allResolved" as const);
    const notification = buildNotification(
      { id, alerts: [member], reason, groupKey, groupLabels, receiver, at },
      context,
    );
    return [{ target: told.target, item: { subject: fingerprint, seq, at, notification } }];
  });
};

/** The members a notification brings news of. */
const stepsOf = (
  item: PendingNotification,
  told: Told,
  before: ReadonlySet<string>,
  members: ReadonlyMap<string, GroupMember>,
  now: Millis,
): MemberStep[] =>
  item.notification.alerts.flatMap(({ fingerprint, status }) => {
    const member = members.get(fingerprint);
    const isNews = status === "firing" ? !before.has(fingerprint) : before.has(fingerprint);
    if (member === undefined || !isNews) return [];
    const step: TraceStep = {
      at: now,
      stage: "notify",
      decision: "queued",
      reason: told.reason,
      target: told.target,
      notification: item.notification.id,
    };
    return [{ fingerprint, seq: member.seq, step }];
  });

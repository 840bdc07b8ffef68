/** What a flush has to say as notifications: one of the whole group, or one for each alert a target wants by itself. */
import type { Labels, Millis } from "../alert/alert.ts";
import type { Timing, Told } from "../group/group.ts";
import { isStormKey } from "../group/key.ts";
import { notificationId, reminderNumber } from "../history/event.ts";
import type { PendingNotification } from "../messages.ts";
import { fallbackOf } from "./address.ts";
import type { Context, Fallback } from "./context.ts";
import { buildNotification, type TellableAlert, type Telling } from "./notify.ts";
import type { GroupMember } from "./process.ts";

/** What an AlertGroup knows of itself beside its state. */
export interface GroupInfo {
  readonly subject: string;
  readonly key: string;
  readonly labels: Labels;
  readonly routeId: string;
  readonly receiver: string;
  /** Absent in groups that were stored before notifications carried them. */
  readonly routeLabels?: Labels;
  readonly targets: readonly string[];
  readonly timing: Timing;
  /** Absent in groups that were stored before routes had one here. */
  readonly fallback?: Fallback | null;
}

export interface GroupNotification {
  readonly target: string;
  readonly item: PendingNotification;
}

/** All of it in one notification. */
export const tellTogether = (
  info: GroupInfo,
  told: Told,
  flushes: number,
  { members, before }: { readonly members: ReadonlyMap<string, GroupMember>; readonly before: ReadonlySet<string> },
  context: Context,
): GroupNotification => {
  const { subject, key: groupKey, labels: groupLabels, receiver, routeLabels } = info;
  const alerts = [...told.firing, ...told.resolved].flatMap((fingerprint) => members.get(fingerprint) ?? []);
  const at: Millis = context.now;
  const id = notificationId(subject, flushes, told.target);
  const news = new Set([...told.firing.filter((f) => !before.has(f)), ...told.resolved.filter((f) => before.has(f))]);
  const storm = isStormKey(groupKey);
  const notification = buildNotification(
    { id, alerts, reason: told.reason, groupKey, groupLabels, receiver, routeLabels, at, news, storm },
    context,
  );
  return { target: told.target, item: { subject, seq: flushes, at, notification, ...standIn(info, told.target) } };
};

/** Only what changed for this target: a pager that was told keeps the incident open by itself. */
export const tellEach = (
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
    const { key: groupKey, labels: groupLabels, receiver, routeLabels } = info;
    const id = notificationId(fingerprint, seq, told.target);
    const opening = told.reason === "startedFlapping" ? told.reason : "firstNotification";
    const reason = member.status === "firing" ? opening : "allResolved";
    const notification = buildNotification(
      { id, alerts: [member], reason, groupKey, groupLabels, receiver, routeLabels, at },
      context,
    );
    const item = { subject: fingerprint, seq, at, notification, ...standIn(info, told.target) };
    return [{ target: told.target, item }];
  });
};

/**
 * What still fires, once more under the key of its incident: nothing changes where that is open, and where somebody has
 * closed it although the alert fires on, it opens again.
 */
export const remindEach = (
  info: GroupInfo,
  told: Told,
  flushes: number,
  members: ReadonlyMap<string, GroupMember>,
  context: Context,
): GroupNotification[] =>
  told.firing.flatMap((fingerprint) => {
    const member = members.get(fingerprint);
    if (member === undefined) return [];
    const { target } = told;
    const { key: groupKey, labels: groupLabels, receiver, routeLabels } = info;
    const said = { groupKey, groupLabels, receiver, routeLabels, at: context.now };
    return [{ target, item: { ...remindOf(member, target, flushes, said, context), ...standIn(info, target) } }];
  });

/** The nth reminder of one alert to one target. */
export const remindOf = (
  alert: TellableAlert & Pick<GroupMember, "seq">,
  target: string,
  nth: number,
  said: Pick<Telling, "groupKey" | "groupLabels" | "receiver" | "routeLabels" | "at">,
  context: Pick<Context, "mode" | "publicUrl">,
): PendingNotification => {
  const { fingerprint: subject, seq } = alert;
  const replay = reminderNumber(nth);
  const id = notificationId(subject, seq, target, replay);
  const notification = buildNotification({ ...said, id, alerts: [alert], reason: "repeatIntervalElapsed" }, context);
  return { subject, seq, at: said.at, replay, notification };
};

/** A fallback has none of its own. */
const standIn = ({ fallback = null }: GroupInfo, target: string): ReturnType<typeof fallbackOf> =>
  fallback?.target === target ? {} : fallbackOf(fallback);

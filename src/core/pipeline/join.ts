/** What a group becomes when alerts join it, and when events it never heard of have overtaken its members. */
import type { Labels, Millis } from "../alert/alert.ts";
import type { LogEntry } from "../group/decide.ts";
import { addMembers, type GroupState, type Member } from "../group/group.ts";
import { isHeldKey } from "../group/key.ts";
import type { GroupJoin, GroupMember } from "./process.ts";
import type { GroupInfo } from "./tell.ts";

export interface StoredGroup {
  /** null: nobody ever joined. */
  readonly info: GroupInfo | null;
  readonly state: Omit<GroupState, "members">;
  readonly members: ReadonlyMap<string, GroupMember>;
}

export interface Joined {
  readonly info: GroupInfo;
  readonly state: GroupState;
  /** Members that are new or newer. */
  readonly news: readonly GroupMember[];
}

/** What the pure state machine needs of a member. */
export const brief = ({ fingerprint, seq, status, startsAt, flappingUntil }: GroupMember): Member => ({
  fingerprint,
  seq,
  status,
  startsAt,
  flappingUntil: flappingUntil ?? null,
});

/** An end nobody here was waiting for is no news; null: there is none at all. */
export const joinGroup = (group: StoredGroup, joins: readonly GroupJoin[], now: Millis): Joined | null => {
  const last = joins.at(-1);
  const begun = new Set(
    joins.filter(({ member }) => member.status === "firing").map((join) => join.member.fingerprint),
  );
  const wanted = joins.filter(
    ({ member, told }) => begun.has(member.fingerprint) || group.members.has(member.fingerprint) || told.length > 0,
  );
  if (last === undefined || wanted.length === 0) return null;
  const { subject, key, labels, routeId, receiver, routeLabels, timing, fallback } = last;
  // Each alert may wait for targets of its own: a group of what is held back looks after all of them.
  const targets = [
    ...new Set([
      ...(group.members.size > 0 ? (group.info?.targets ?? []) : []),
      ...joins.flatMap((join) => join.targets),
    ]),
  ];
  const before: GroupState = {
    ...group.state,
    log: withTold(group, wanted, now),
    members: [...group.members.values()].map(brief),
  };
  const state = addMembers(
    before,
    wanted.map(({ member }) => brief(member)),
    timing,
    now,
  );
  // A receiver may have got another target: it hears at the next flush.
  const known = new Set(group.info?.targets);
  if (state === before && (group.members.size === 0 || targets.every((target) => known.has(target)))) return null;
  const news = wanted
    .map(({ member }) => member)
    .filter(({ fingerprint, seq }) => (group.members.get(fingerprint)?.seq ?? 0) < seq);
  return { info: { subject, key, labels, routeId, receiver, routeLabels, timing, fallback, targets }, state, news };
};

/**
 * The log with those added who were told past this group that an alert fires: they wait for its end here. What is held
 * back of one alert may begin anew without a word on its end: then the end was told at once, and nobody knows it to fire.
 */
const withTold = (group: StoredGroup, joins: readonly GroupJoin[], now: Millis): GroupState["log"] => {
  const log = new Map<string, LogEntry>(Object.entries(group.state.log));
  for (const { key, member, told } of joins) {
    const { fingerprint } = member;
    const known = group.members.get(fingerprint);
    const isMissed = member.status === "firing" && known?.status === "firing" && member.seq > known.seq;
    if (isHeldKey(key) && isMissed) {
      for (const [target, entry] of log) {
        log.set(target, { ...entry, firing: entry.firing.filter((other) => other !== fingerprint) });
      }
    }
    if (known !== undefined) continue;
    for (const target of told) {
      const entry = log.get(target) ?? { firing: [], at: now };
      if (!entry.firing.includes(fingerprint)) log.set(target, { ...entry, firing: [...entry.firing, fingerprint] });
    }
  }
  return Object.fromEntries(log);
};

/** The event that ended the stretch of firing a member stands for. */
export interface MemberEnd {
  readonly seq: number;
  readonly receivedAt: Millis;
  readonly endsAt: Millis | null;
  readonly annotations: Labels;
}

/** What ended only just now may still be on its way here. */
const ON_ITS_WAY_MS: Millis = 30_000;

/**
 * Members whose end came past this group have ended all the same: another configuration may have led it elsewhere, or a
 * storm took its beginning. `ends` holds them by fingerprint, as they are stored.
 */
export const catchUp = (
  members: ReadonlyMap<string, GroupMember>,
  ends: ReadonlyMap<string, MemberEnd>,
  now: Millis,
): ReadonlyMap<string, GroupMember> =>
  new Map(
    [...members].map(([fingerprint, member]) => {
      const end = ends.get(fingerprint);
      const isOver = end !== undefined && end.seq > member.seq && end.receivedAt <= now - ON_ITS_WAY_MS;
      if (!isOver || member.status !== "firing") return [fingerprint, member];
      const { seq, receivedAt, endsAt, annotations } = end;
      return [
        fingerprint,
        { ...member, status: "resolved", seq, receivedAt, endsAt, annotations, flappingUntil: null },
      ];
    }),
  );

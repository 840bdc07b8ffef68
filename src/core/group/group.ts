/**
 * An alert group as a state machine: members come in, a timer flushes, each target is told what is new to it. It keeps
 * no clock and sends nothing; the object around it stores the state and sets its alarm to `wakeAt`.
 */
import type { AlertStatus, Millis } from "../alert/alert.ts";
import { decideNotify, type LogEntry, type NotifyReason } from "./decide.ts";

export interface Timing {
  readonly groupWaitMs: number;
  readonly groupIntervalMs: number;
  readonly repeatIntervalMs: number;
}

/** Below this a group that has nothing new looks around only every IDLE_MS: a tick a second would cost more than it finds. */
const SHORT_INTERVAL_MS = 10_000;
const IDLE_MS = 60_000;

export interface Member {
  readonly fingerprint: string;
  readonly seq: number;
  readonly status: AlertStatus;
  readonly startsAt: Millis;
  /** It flaps: whoever was told that it fires hears nothing more of it until then. Absent or null: it does not. */
  readonly flappingUntil?: Millis | null;
}

/** Whether its changes are held back now. */
export const isFlapping = ({ flappingUntil }: Pick<Member, "flappingUntil">, now: Millis): boolean =>
  (flappingUntil ?? 0) > now;

export interface GroupState {
  readonly members: readonly Member[];
  /** By target name. */
  readonly log: Readonly<Record<string, LogEntry>>;
  /** Counts the flushes that told something; orders them at the targets. */
  readonly flushes: number;
  /** null: not flushed since it began. */
  readonly flushedAt: Millis | null;
  readonly wakeAt: Millis | null;
}

export const EMPTY_GROUP: GroupState = { members: [], log: {}, flushes: 0, flushedAt: null, wakeAt: null };

export interface GroupTarget {
  readonly name: string;
  readonly sendResolved: boolean;
  /** Fingerprints this target must not hear of now; a told firing that resolved is never among them. */
  readonly muted: ReadonlySet<string>;
}

export interface Told {
  readonly target: string;
  readonly reason: NotifyReason;
  readonly firing: readonly string[];
  readonly resolved: readonly string[];
}

/** Takes members in; an older word on a member never replaces a newer one. News is told at the next tick it is due. */
export const addMembers = (state: GroupState, incoming: readonly Member[], timing: Timing, now: Millis): GroupState => {
  const members = new Map(state.members.map((member) => [member.fingerprint, member]));
  const news: Member[] = [];
  for (const member of incoming) {
    if (member.seq <= (members.get(member.fingerprint)?.seq ?? 0)) continue;
    members.set(member.fingerprint, member);
    news.push(member);
  }
  if (news.length === 0) return state;
  const due = dueAt(state, news, timing, now);
  return {
    ...state,
    members: [...members.values()],
    wakeAt: state.wakeAt === null ? due : Math.min(state.wakeAt, due),
  };
};

/** The first alert of a group waits group_wait, unless it has been firing for longer; later news the rest of group_interval. */
const dueAt = (state: GroupState, incoming: readonly Member[], timing: Timing, now: Millis): Millis => {
  if (state.flushedAt !== null && state.members.length > 0)
    return Math.max(now, state.flushedAt + timing.groupIntervalMs);
  const isOld = incoming.some((member) => member.startsAt + timing.groupWaitMs < now);
  return isOld ? now : now + timing.groupWaitMs;
};

const idleMs = ({ groupIntervalMs }: Timing): number =>
  groupIntervalMs < SHORT_INTERVAL_MS ? IDLE_MS : groupIntervalMs;

/** The timer went off: what each target is told, and the state after it. */
export const flush = (
  state: GroupState,
  targets: readonly GroupTarget[],
  timing: Timing,
  now: Millis,
): { readonly state: GroupState; readonly told: readonly Told[] } => {
  const log: [string, LogEntry][] = [];
  const told: Told[] = [];
  for (const { name, sendResolved, muted } of targets) {
    const entry = Object.hasOwn(state.log, name) ? (state.log[name] ?? null) : null;
    const wasTold = new Set(entry?.firing ?? []);
    // To whom it was told as firing, what flaps fires on until it has settled.
    const statusOf = (member: Member): AlertStatus =>
      isFlapping(member, now) && wasTold.has(member.fingerprint) ? "firing" : member.status;
    const isFiring = (member: Member): boolean => statusOf(member) === "firing";
    const isHeard = (member: Member): boolean =>
      !muted.has(member.fingerprint) || (!isFiring(member) && wasTold.has(member.fingerprint));
    const names = (members: readonly Member[]): string[] => members.map(({ fingerprint }) => fingerprint);
    const firing = names(state.members.filter((member) => isFiring(member) && isHeard(member)));
    const resolved = names(
      state.members.filter((member) => !isFiring(member) && !isFlapping(member, now) && isHeard(member)),
    );
    const mutedFiring = names(state.members.filter((member) => isFiring(member) && !isHeard(member)));
    const flapping = names(
      state.members.filter((member) => isFlapping(member, now) && isFiring(member) && isHeard(member)),
    );
    const { repeatIntervalMs } = timing;
    const decision = decideNotify({
      entry,
      firing,
      flapping,
      resolved,
      mutedFiring,
      sendResolved,
      repeatIntervalMs,
      now,
    });
    if (decision.entry !== null && decision.entry.firing.length > 0) log.push([name, decision.entry]);
    if (decision.send)
      told.push({ target: name, reason: decision.reason, firing, resolved: sendResolved ? resolved : [] });
  }
  // What resolved has been told, or never needs to be; the group lives while something fires or has not settled.
  const members = state.members.filter((member) => member.status === "firing" || isFlapping(member, now));
  const settles = members.flatMap((member) => (isFlapping(member, now) ? [member.flappingUntil ?? now] : []));
  // A short interval looks around seldom, and must not miss a repeat by that.
  const due = log.map(([, { at }]) => at + timing.repeatIntervalMs).filter((at) => at > now);
  const repeats = due.map((at) => Math.max(at, now + timing.groupIntervalMs));
  return {
    told,
    state: {
      members,
      log: members.length === 0 ? {} : Object.fromEntries(log),
      flushes: state.flushes + (told.length > 0 ? 1 : 0),
      // What comes after the end of all begins anew, with the wait of a first alert.
      flushedAt: members.length === 0 ? null : now,
      wakeAt: members.length === 0 ? null : Math.min(now + idleMs(timing), ...settles, ...repeats),
    },
  };
};

/**
 * What happens with the front of one subject's line at one target: told, or skipped with a reason. What was told and what
 * waits come in as data; sending and remembering are for the target object.
 */
import type { Millis } from "../alert/alert.ts";
import type { Format } from "./format.ts";
import type { Notification } from "./notification.ts";

/** A problem shorter than this that was never even tried is nobody's news (contracts 10.1, DESIGN 9). */
export const MISSED_AFTER_MS = 60_000;

/** A firing before this entry that never got through. */
export interface Unheard {
  /** When the target was first asked to take it. */
  readonly since: Millis;
  /** It was tried at least once, so the other side may know of it all the same. */
  readonly attempted: boolean;
}

export interface LineEntry {
  readonly seq: number;
  /** 0: the notification itself; n: its nth replay. */
  readonly replay: number;
  readonly notification: Notification;
  readonly attempted: boolean;
  /** The tries that are known for certain; `attempted` also stands for what may have been tried before a crash. */
  readonly attempts: readonly unknown[];
  readonly since: Millis;
  readonly unheard: Unheard | null;
}

/** `open`: a firing got through and its resolve did not yet; `unheard`: one was tried or given up, and may be known. */
export type Opened = "none" | "open" | "unheard";

export interface ToldSoFar {
  readonly seq: number;
  readonly opened: Opened;
}

export type SkipReason = "superseded" | "resolved_first" | "not_opened";

export type LineStep<T> =
  | { readonly kind: "empty" }
  | {
      readonly kind: "skip";
      readonly entry: T;
      readonly state: "superseded" | "canceled";
      readonly reason: SkipReason;
      /** The line behind it, which knows now what was left out. */
      readonly rest: readonly T[];
    }
  | { readonly kind: "tell"; readonly entry: T; readonly notification: Notification; readonly rest: readonly T[] };

export const compareEntries = (a: LineEntry, b: LineEntry): number => a.seq - b.seq || a.replay - b.replay;

const mergeUnheard = (a: Unheard | null, b: Unheard | null): Unheard | null =>
  a === null || b === null ? (a ?? b) : { since: Math.min(a.since, b.since), attempted: a.attempted || b.attempted };

/** Resolved alerts of a group that the newer notification no longer mentions: a resolve is never swallowed. */
const carryResolved = (from: Notification, to: Notification): Notification => {
  const known = new Set(to.alerts.map((alert) => alert.fingerprint));
  const carried = from.alerts.filter((alert) => alert.status === "resolved" && !known.has(alert.fingerprint));
  return carried.length === 0 ? to : { ...to, alerts: [...to.alerts, ...carried] };
};

const skip = <T extends LineEntry>(
  entry: T,
  rest: readonly T[],
  state: "superseded" | "canceled",
  reason: SkipReason,
  unheard: Unheard | null,
  told: ToldSoFar | null,
): LineStep<T> => {
  const [next, ...others] = rest;
  if (next === undefined) return { kind: "skip", entry, state, reason, rest };
  const heir = {
    ...next,
    unheard: mergeUnheard(next.unheard, unheard),
    notification: told?.opened === "open" ? carryResolved(entry.notification, next.notification) : next.notification,
  };
  return { kind: "skip", entry, state, reason, rest: [heir, ...others] };
};

/** It says once more what was told: where a target could not be reached for long, the last of them is enough. */
const isReminder = ({ replay, notification }: LineEntry): boolean =>
  replay > 0 && notification.reason === "repeatIntervalElapsed";

/**
 * Decides the front of a line, which is sorted by sequence. A firing is untrue once anything newer is known; a resolve
 * only once a newer resolve says the same. A problem that came and went unheard becomes one message to a chat and
 * nothing to a pager. A replay sends exactly its entry unless something newer was told since.
 */
export const stepLine = <T extends LineEntry>(
  line: readonly T[],
  told: ToldSoFar | null,
  audience: Format["audience"],
): LineStep<T> => {
  const [entry, ...rest] = line;
  if (entry === undefined) return { kind: "empty" };
  const { notification, seq } = entry;
  const later = rest.filter((other) => other.seq > seq);
  const isReplay = entry.replay > 0;
  if (told !== null && (isReplay ? told.seq > seq : told.seq >= seq)) {
    return skip(entry, rest, "superseded", "superseded", entry.unheard, told);
  }
  if (isReminder(entry) && rest.some((other) => other.seq === seq && isReminder(other))) {
    return skip(entry, rest, "superseded", "superseded", entry.unheard, told);
  }
  if (notification.status === "firing") {
    const [next] = later;
    if (next === undefined) return { kind: "tell", entry, notification, rest };
    const own = isReplay ? null : { since: entry.since, attempted: entry.attempted };
    const unheard = mergeUnheard(entry.unheard, own);
    return next.notification.status === "resolved" && !entry.attempted
      ? skip(entry, rest, "canceled", "resolved_first", unheard, told)
      : skip(entry, rest, "superseded", "superseded", unheard, told);
  }
  if (later.some((other) => other.notification.status === "resolved")) {
    return skip(entry, rest, "superseded", "superseded", entry.unheard, told);
  }
  // Something newer overtook it and may have got through: its end would end that, and the next try would page again.
  if (told?.opened !== "open" && later.some((other) => other.attempts.length > 0)) {
    return skip(entry, rest, "superseded", "superseded", entry.unheard, told);
  }
  const given: Unheard | null = told?.opened === "unheard" ? { since: 0, attempted: true } : null;
  const unheard = mergeUnheard(entry.unheard, given);
  if (told?.opened === "open" || unheard === null || isReplay) return { kind: "tell", entry, notification, rest };
  if (audience === "pager") {
    // It may have been paged although we never heard so; the format knows whether a resolve can be sent blindly.
    return unheard.attempted
      ? { kind: "tell", entry, notification, rest }
      : skip(entry, rest, "canceled", "not_opened", null, told);
  }
  return isMissed(entry.since, unheard)
    ? { kind: "tell", entry, notification: { ...notification, kind: "missed" }, rest }
    : skip(entry, rest, "canceled", "not_opened", null, told);
};

/** Whether a problem that ended at `endedAt` without being heard of is worth a word. */
const isMissed = (endedAt: Millis, unheard: Unheard): boolean =>
  unheard.attempted || endedAt - unheard.since > MISSED_AFTER_MS;

/** How an entry ended, as far as it says what is open at the target. */
export interface Ended {
  readonly status: "firing" | "resolved";
  readonly state: "delivered" | "superseded" | "canceled" | "dead" | "digested";
  /** It may be known there although we never heard so. */
  readonly attempted: boolean;
  /** Nothing newer came to its end before. */
  readonly isNewest: boolean;
}

/** What is open at the target after an entry came to its end. */
export const openedAfter = (before: Opened, { status, state, attempted, isNewest }: Ended): Opened => {
  if (state === "delivered") return status === "firing" ? "open" : "none";
  const unheard = before === "open" ? before : "unheard";
  if (state === "dead") return status === "firing" ? unheard : before;
  // Its end is owed even if what waits for that is forgotten in a crash.
  if (state === "superseded" && status === "firing" && attempted && isNewest) return unheard;
  if (state === "canceled" && status === "resolved") return "none";
  return before;
};

/** A notification as an entry of its line, and how an entry stands in D1. */
import type { PendingNotification } from "../../core/messages.ts";
import { laneOf } from "../../core/publish/lane.ts";
import { headOf } from "../db/notifications.ts";
import type { Entry, Result } from "./target-store.ts";

/** How long a target may fail before its fallback is told as well, unless its route says; the store keeps no other. */
const FALLBACK_AFTER_MS = 300_000;

/** A first bell comes sooner, a shard's second and the sweep's later: then it may have been told just before a crash. */
const FIRST_BELL_MS = 10_000;

/** As it stands in the queue for the first time. */
export const newEntry = (item: PendingNotification, now: number): Entry => ({
  item,
  seq: item.seq,
  replay: item.replay ?? 0,
  notification: item.notification,
  attempted: now - item.at >= FIRST_BELL_MS,
  since: now,
  unheard: null,
  attempts: [],
  stepsDone: [],
  nextAttemptAt: now,
  lane: laneOf(item.notification),
  stored: false,
  state: "pending",
  reason: null,
  error: null,
  fallbackAt: item.fallback === undefined ? null : now + (item.fallbackAfterMs ?? FALLBACK_AFTER_MS),
});

/** What each result of an entry says again. */
export const keyOf = ({ item }: Entry): Pick<Result, "at" | "subject" | "seq" | "replay" | "head"> => ({
  head: headOf(item),
  at: item.at,
  subject: item.subject,
  seq: item.seq,
  replay: item.replay ?? 0,
});

/** How a waiting entry stands. */
export const waitingResult = (entry: Entry, now: number): Result => ({
  ...keyOf(entry),
  state: entry.state === "pending" ? "deferred" : entry.state,
  reason: entry.reason,
  error: entry.error,
  attempts: entry.attempts,
  nextAttemptAt: entry.nextAttemptAt > now ? entry.nextAttemptAt : null,
  completedAt: null,
});

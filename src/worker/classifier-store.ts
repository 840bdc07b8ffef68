/**
 * The remembered answers that all isolates share, behind a port. Slow or failing it is treated as empty: it saves calls,
 * and no decision waits long for it.
 */
import type { Millis } from "../core/alert/alert.ts";
import type { CallUsage } from "../core/classify/budget.ts";
import type { Classification } from "../core/classify/classification.ts";
import { settleWithin } from "./classifier-time.ts";

export interface StoredClassification {
  readonly classification: Classification;
  readonly expiresAt: Millis;
}

export interface ClassificationStore {
  get(key: string): Promise<StoredClassification | null>;
  put(key: string, entry: StoredClassification): Promise<void>;
  /** Calls of all isolates in the current UTC day and hour; without it the budget holds per isolate. */
  usage?(now: Millis): Promise<CallUsage>;
}

/** What the store may take of a decision's time; D1 has been seen to stall for a minute. */
const READ_TIMEOUT_MS = 500;
/** Writing an answer down holds up nobody. */
const WRITE_TIMEOUT_MS = 10_000;

/** A fresh entry, or null: none, stale, failed, or not within `ms`. */
export async function readEntry(
  store: ClassificationStore | null,
  key: string,
  now: Millis,
  ms: number,
): Promise<StoredClassification | null> {
  if (!store) return null;
  const read = await settleWithin(Math.min(READ_TIMEOUT_MS, ms), () => store.get(key));
  return read.ok && read.value && read.value.expiresAt > now ? read.value : null;
}

export async function writeEntry(store: ClassificationStore, key: string, entry: StoredClassification): Promise<void> {
  await settleWithin(WRITE_TIMEOUT_MS, () => store.put(key, entry));
}

/** What `read` gives, or null: there is nothing to read, it failed, or not within `ms`. */
export async function readWithin<T>(read: (() => Promise<T>) | undefined, ms: number): Promise<T | null> {
  if (read === undefined) return null;
  const done = await settleWithin(Math.min(READ_TIMEOUT_MS, ms), read);
  return done.ok ? done.value : null;
}

/** What all isolates spent, or null where the store does not say. */
export async function readUsage(store: ClassificationStore | null, now: Millis, ms: number): Promise<CallUsage | null> {
  if (!store?.usage) return null;
  const read = await settleWithin(Math.min(READ_TIMEOUT_MS, ms), async () => (await store.usage?.(now)) ?? null);
  return read.ok ? read.value : null;
}

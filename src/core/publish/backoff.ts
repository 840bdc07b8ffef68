/** When a failed attempt is tried again: exponential with full jitter (contracts 10.3, DESIGN 9). */
import type { Millis } from "../alert/alert.ts";

/** No wait of our own is longer: a pager that recovers should not wait for us. */
export const RETRY_CAP_MS = 300_000;

export interface RetryOptions {
  /** First bound of the wait. */
  readonly baseMs: Millis;
  /** Last bound of the wait, at most RETRY_CAP_MS. */
  readonly capMs: Millis;
  /** Attempts after which it is given up, also within its window. */
  readonly maxAttempts: number;
}

export const RETRY: RetryOptions = { baseMs: 2_000, capMs: RETRY_CAP_MS, maxAttempts: Number.POSITIVE_INFINITY };

/**
 * The moment of the next attempt, or null when the attempt that just failed was made after the window was over: what is
 * still true when a day-long outage ends is tried once more. `attempts` counts those made, `random` is 0..1, `askedMs`
 * the wait the other side asked for, which is kept where it is longer.
 */
export const nextAttemptAt = (
  now: Millis,
  since: Millis,
  attempts: number,
  windowSeconds: number,
  askedMs: number | null,
  random: number,
  { baseMs, capMs, maxAttempts }: RetryOptions = RETRY,
): Millis | null => {
  if (attempts >= maxAttempts || isOverdue(now, since, windowSeconds)) return null;
  const bound = Math.min(capMs, baseMs * 2 ** Math.max(0, attempts - 1));
  return now + Math.max(Math.ceil(random * bound), askedMs ?? 0, 1);
};

/**
 * True once the window for something that waits since `since` is over, and one longest wait more: what recovers as the
 * window ends is still in time.
 */
export const isOverdue = (now: Millis, since: Millis, windowSeconds: number): boolean =>
  now - since >= overdueAfterMs(windowSeconds);

export const overdueAfterMs = (windowSeconds: number): number => windowSeconds * 1000 + RETRY_CAP_MS;

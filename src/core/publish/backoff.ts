/** When a failed attempt is tried again: exponential with full jitter (contracts 10.3, DESIGN 9). */
import type { Millis } from "../alert/alert.ts";

/** First bound of the wait. */
export const RETRY_BASE_MS = 2_000;
/** No wait of our own is longer: a pager that recovers should not wait for us. */
export const RETRY_CAP_MS = 300_000;

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
): Millis | null => {
  if (isOverdue(now, since, windowSeconds)) return null;
  const bound = Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** Math.max(0, attempts - 1));
  return now + Math.max(Math.ceil(random * bound), askedMs ?? 0, 1);
};

/**
 * True once the window for something that waits since `since` is over, and one longest wait more: what recovers as the
 * window ends is still in time.
 */
export const isOverdue = (now: Millis, since: Millis, windowSeconds: number): boolean =>
  now - since >= overdueAfterMs(windowSeconds);

export const overdueAfterMs = (windowSeconds: number): number => windowSeconds * 1000 + RETRY_CAP_MS;

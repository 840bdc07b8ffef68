/** Whether and when a failed call is repeated: only where a repeat can help and only within the decision's time. */
import type { Millis } from "../alert/alert.ts";
import type { CallFailureReason } from "./call.ts";

export interface CallFailure {
  readonly reason: CallFailureReason;
  readonly retryable: boolean;
  /** The wait the other side asked for; null: it named none. */
  readonly retryAfterMs: number | null;
  readonly statusCode: number | null;
  /** For a person, without addresses and secrets. */
  readonly error: string;
}

/** First wait; doubles. Short, because a decision has seconds. */
const BASE_MS = 200;
/** Time an attempt needs to have a chance: a repeat with less is only a bill. */
const MIN_ATTEMPT_MS = 300;

/**
 * Milliseconds to wait before the next attempt, or null where none follows.
 * `attempt` counts those made; `jitter` is 0 to 1 and shortens the wait by up to half, so that callers spread.
 */
export function waitBeforeRetry(input: {
  readonly failure: CallFailure;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly now: Millis;
  readonly until: Millis;
  readonly jitter: number;
}): number | null {
  const { failure, attempt, now, until } = input;
  if (!failure.retryable || attempt >= input.maxAttempts) return null;
  const backoff = BASE_MS * 2 ** (attempt - 1) * (1 - input.jitter / 2);
  const wait = Math.max(backoff, failure.retryAfterMs ?? 0);
  return now + wait + MIN_ATTEMPT_MS <= until ? wait : null;
}

/** Reads the status of an HTTP answer that is not 2xx. 3xx is not followed: a model lives where the operator said. */
export function failureOfStatus(status: number, retryAfter: string | null, now: Millis): CallFailure {
  const common = { statusCode: status, retryAfterMs: readRetryAfter(retryAfter, now), error: `answered ${status}` };
  if (status === 429) return { ...common, reason: "rate_limited", retryable: true };
  if (status >= 500) return { ...common, reason: "server_error", retryable: true };
  return { ...common, reason: "client_error", retryable: false };
}

/** RFC 9110 10.2.3: seconds or a date; null where it is neither. */
export function readRetryAfter(value: string | null, now: Millis): number | null {
  if (value === null || value.trim() === "") return null;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}

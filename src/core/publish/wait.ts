/** How long the other side asks us to wait, wherever it wrote that (targets.md 1.2). */
import type { Millis } from "../alert/alert.ts";
import type { HttpAnswer } from "./outcome.ts";

/** A longer wait is not believed: an alert that is an hour late is lost anyway (contracts 10.3). */
export const MAX_WAIT_MS = 3_600_000;

/** `RateLimit-Reset` of at least this many seconds is a point in time, below it a length of time. */
const EPOCH_FROM_SECONDS = 1_000_000_000;

const IMF_OR_RFC850 = /^(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?, .+ GMT$/i;
const ASCTIME = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} .+ \d{4}$/i;

const secondsOf = (text: string): number | null => (/^\d+(?:\.\d+)?$/.test(text) ? Number(text) : null);

const clamp = (ms: number): number => Math.min(MAX_WAIT_MS, Math.max(0, Math.ceil(ms)));

/** `Retry-After` in milliseconds: seconds or one of the three HTTP dates; null for anything else. */
export const retryAfterMs = (value: string | undefined, now: Millis): number | null => {
  const text = value?.trim() ?? "";
  const seconds = secondsOf(text);
  if (seconds !== null) return clamp(seconds * 1000);
  const at = IMF_OR_RFC850.test(text) ? Date.parse(text) : ASCTIME.test(text) ? Date.parse(`${text} GMT`) : Number.NaN;
  return Number.isNaN(at) ? null : clamp(at - now);
};

const numberAt = (value: unknown, ...path: readonly string[]): number | null => {
  const found = path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? (at as Record<string, unknown>)[key] : undefined),
    value,
  );
  return typeof found === "number" && Number.isFinite(found) && found >= 0 ? found : null;
};

const resetMs = (value: string | undefined, now: Millis): number | null => {
  const seconds = secondsOf(value?.trim() ?? "");
  if (seconds === null) return null;
  return clamp(seconds >= EPOCH_FROM_SECONDS ? seconds * 1000 - now : seconds * 1000);
};

const headerOf = (answer: HttpAnswer, name: string): string | undefined =>
  Object.entries(answer.headers).find(([key]) => key.toLowerCase() === name)?.[1];

/**
 * The longest wait the answer names, in milliseconds, at most one hour; null where it names none. `json` is its parsed
 * body: Discord writes fractional seconds into `retry_after`, Telegram whole ones into `parameters.retry_after`.
 */
export const waitOf = (answer: HttpAnswer, json: unknown, now: Millis): number | null => {
  const inBody = numberAt(json, "retry_after") ?? numberAt(json, "parameters", "retry_after");
  const named = [
    retryAfterMs(headerOf(answer, "retry-after"), now),
    inBody === null ? null : clamp(inBody * 1000),
    answer.status === 429 ? resetMs(headerOf(answer, "x-ratelimit-reset-after"), now) : null,
  ].filter((wait) => wait !== null);
  if (named.length > 0) return Math.max(...named);
  return answer.status === 429 ? resetMs(headerOf(answer, "ratelimit-reset"), now) : null;
};

/** The pause a delivered answer asks for because its bucket is empty (Discord), or null. */
export const pauseOf = (answer: HttpAnswer, now: Millis): number | null =>
  headerOf(answer, "x-ratelimit-remaining")?.trim() === "0"
    ? resetMs(headerOf(answer, "x-ratelimit-reset-after"), now)
    : null;

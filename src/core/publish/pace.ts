/** The token bucket of a target: how many requests a provider's documented rate allows, as plain values. */
import type { Millis } from "../alert/alert.ts";
import type { Format } from "./format.ts";

export type Pace = NonNullable<Format["pace"]>;

export interface Bucket {
  readonly tokens: number;
  /** When `tokens` was true. */
  readonly at: Millis;
}

/** Full: an object that comes into memory was idle for longer than a bucket takes to fill, unless it crashed. */
export const freshBucket = (now: Millis): Bucket => ({ tokens: Number.POSITIVE_INFINITY, at: now });

const filled = (bucket: Bucket, pace: Pace, now: Millis): Bucket => ({
  tokens: Math.min(pace.burst, bucket.tokens + (Math.max(0, now - bucket.at) / 1000) * pace.perSecond),
  at: Math.max(now, bucket.at),
});

/** When the next request may go: `now`, or later. A hair less than one token counts, or rounding would wait for ever. */
export const nextTokenAt = (bucket: Bucket, pace: Pace, now: Millis): Millis => {
  const { tokens } = filled(bucket, pace, now);
  return tokens >= 1 - 1e-6 ? now : now + Math.ceil(((1 - tokens) / pace.perSecond) * 1000);
};

/** The bucket after one request; ask `nextTokenAt` first. */
export const takeToken = (bucket: Bucket, pace: Pace, now: Millis): Bucket => {
  const { tokens, at } = filled(bucket, pace, now);
  return { tokens: Math.max(0, tokens - 1), at };
};

/** A request that was paid for and not made. */
export const giveToken = (bucket: Bucket, pace: Pace): Bucket => ({
  ...bucket,
  tokens: Math.min(pace.burst, bucket.tokens + 1),
});

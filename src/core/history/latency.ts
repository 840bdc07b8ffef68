/** How long notifications took to be delivered, as counts per bucket that can be added up, and percentiles from them. */
import type { Millis } from "../alert/alert.ts";

/** Upper bounds in milliseconds; the last bucket has none. */
export const LATENCY_BOUNDS_MS: readonly Millis[] = [
  ...[100, 250, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000],
];

export interface Delivered {
  readonly delivered: number;
  readonly failed: number;
  /** One count per bound and one for what took longer. */
  readonly buckets: readonly number[];
}

export const NOTHING_DELIVERED: Delivered = {
  delivered: 0,
  failed: 0,
  buckets: Array.from({ length: LATENCY_BOUNDS_MS.length + 1 }, () => 0),
};

export const addDelivered = (a: Delivered, b: Delivered): Delivered => ({
  delivered: a.delivered + b.delivered,
  failed: a.failed + b.failed,
  buckets: a.buckets.map((n, i) => n + (b.buckets[i] ?? 0)),
});

/** The time within which a share of the deliveries was done, in milliseconds; null without any. */
export const percentile = ({ buckets }: Delivered, share: number): Millis | null => {
  const total = buckets.reduce((sum, n) => sum + n, 0);
  if (total === 0) return null;
  let before = 0;
  for (const [i, n] of buckets.entries()) {
    if (n > 0 && before + n >= share * total) {
      const low = LATENCY_BOUNDS_MS[i - 1] ?? 0;
      const high = LATENCY_BOUNDS_MS[i] ?? low;
      return Math.round(low + (high - low) * ((share * total - before) / n));
    }
    before += n;
  }
  return LATENCY_BOUNDS_MS.at(-1) ?? null;
};

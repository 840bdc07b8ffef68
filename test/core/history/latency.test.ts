import { expect, test } from "vitest";
import { addDelivered, LATENCY_BOUNDS_MS, NOTHING_DELIVERED, percentile } from "../../../src/core/history/latency.ts";

const of = (counts: Record<number, number>) => ({
  delivered: 0,
  failed: 0,
  buckets: NOTHING_DELIVERED.buckets.map((_, i) => counts[i] ?? 0),
});

test.each([
  ["nothing delivered has no percentile", of({}), 0.95, null],
  ["one bucket is spread evenly", of({ 1: 100 }), 0.5, 175],
  ["the share decides the bucket", of({ 0: 90, 4: 10 }), 0.95, 1500],
  ["what is beyond the last bound is shown as the bound", of({ [LATENCY_BOUNDS_MS.length]: 1 }), 0.5, 3_600_000],
] as const)("%s", (_, delivered, share, expected) => {
  expect(percentile(delivered, share)).toBe(expected);
});

test("counts of two hours add up", () => {
  expect(addDelivered(of({ 0: 1 }), of({ 0: 2, 3: 1 })).buckets.slice(0, 4)).toEqual([3, 0, 0, 1]);
});

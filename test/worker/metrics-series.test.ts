/** However many targets there are, every one keeps its counters; only what is large is shared beyond a number of them. */
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { UNKNOWN_HEALTH } from "../../src/core/publish/health.ts";
import { takeCounts } from "../../src/worker/metrics/count.ts";
import {
  countResults,
  forgetTarget,
  noteBreaker,
  noteHealth,
  noteStanding,
} from "../../src/worker/metrics/delivery.ts";
import type { MetricsHub } from "../../src/worker/objects/metrics-hub.ts";
import type { TargetStatus } from "../../src/worker/objects/target-status.ts";
import type { Result } from "../../src/worker/objects/target-store.ts";

/** As many as the registry holds. */
const TARGETS = 1_000;
const OWN = 100;

const attempt = { number: 1, at: 0, durationMs: 20, statusCode: 200, reason: null, error: null };
const result = (state: Result["state"], reason: string | null): Result => ({
  at: 0,
  subject: "a",
  seq: 1,
  replay: 0,
  state,
  reason,
  error: null,
  attempts: [attempt],
  nextAttemptAt: null,
  completedAt: state === "retry" ? null : 10,
});
const RESULTS = [
  result("delivered", null),
  result("dead", "auth"),
  result("superseded", null),
  ...["timeout", "refused", "server_error"].map((reason) => result("retry", reason)),
];
const STANDING: Pick<TargetStatus, "waiting" | "inFlight" | "ready"> = {
  waiting: { high: 0, medium: 1, low: 0 },
  inFlight: 0,
  ready: 0,
};

const name = (i: number): string => `team-${i}-on-call-webhook`;
const hub = (of: string) => env.METRICS.getByName(of) as DurableObjectStub<MetricsHub>;

const countAll = (target: string): void => {
  countResults(target, RESULTS);
  noteStanding(target, STANDING as TargetStatus);
  noteBreaker(target, "closed");
  noteHealth(target, UNKNOWN_HEALTH);
};

test("1 000 targets have their counters and states; beyond 100 their times are one series, and it says so", async () => {
  const stub = hub("series");
  for (let i = 0; i < TARGETS; i++) {
    countAll(name(i));
    if (i % 100 === 99) await stub.add(takeCounts());
  }
  const told = await stub.collect("1", takeCounts());
  expect(told.counts.alert_history_metrics_dropped_total).toBeUndefined();
  for (let i = 0; i < TARGETS; i++) {
    expect(told.counts[`alert_history_publishing_job_completed_total{target="${name(i)}"}`]).toBe(1);
    expect(told.levels[`alert_history_publishing_circuit_breaker_state{target="${name(i)}"}`]).toBe(0);
  }
  const times = "alert_history_publishing_duration_seconds_count";
  expect(Object.keys(told.counts).filter((series) => series.startsWith(times))).toHaveLength(OWN + 1);
  expect(told.counts[`${times}{target="other"}`]).toBe((TARGETS - OWN) * RESULTS.length);
  expect(told.counts['alert_history_metrics_folded_total{label="target"}']).toBeGreaterThan(0);

  await evictDurableObject(stub);
  const again = await hub("series").collect("1", takeCounts());
  expect(again.counts).toEqual(told.counts);
  expect(again.levels).toEqual(told.levels);
});

test("a target that is gone takes its series with it, and another one gets its place", async () => {
  const stub = hub("gone");
  for (let i = 0; i <= OWN; i++) countAll(name(i));
  await stub.add(takeCounts());
  const times = (i: number) => `alert_history_publishing_duration_seconds_count{target="${name(i)}"}`;
  const before = await stub.collect("1", takeCounts());
  expect([before.counts[times(0)], before.counts[times(OWN)]]).toEqual([RESULTS.length, undefined]);
  forgetTarget(name(0));
  await stub.add(takeCounts());
  countAll(name(OWN));
  const { counts, levels } = await stub.collect("1", takeCounts());
  expect(Object.keys({ ...counts, ...levels }).filter((series) => series.includes(`"${name(0)}"`))).toEqual([]);
  expect(counts[times(OWN)]).toBe(RESULTS.length);
});

test("a name too long to be looked for is folded as well", async () => {
  const stub = hub("long");
  const presence = { isolate: "test", openHistoryRequests: 0 };
  await stub.add({ counts: { [`e_total{alertname="${"n".repeat(300)}"}`]: 2 }, levels: {}, presence, live: null });
  const { counts } = await stub.collect("1", takeCounts());
  expect(counts['e_total{alertname="other"}']).toBe(2);
});

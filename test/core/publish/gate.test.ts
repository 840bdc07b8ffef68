import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { collapseOf, digestOf } from "../../../src/core/publish/digest.ts";
import { enterGate, holdOf, leaveGate, openGate } from "../../../src/core/publish/gate.ts";
import { type Lane, NOBODY_PASSED_OVER, pickLane } from "../../../src/core/publish/lane.ts";
import type { Outcome } from "../../../src/core/publish/outcome.ts";
import { freshBucket, nextTokenAt, takeToken } from "../../../src/core/publish/pace.ts";

const NOW = Date.UTC(2026, 0, 1);
const delivered: Outcome = { kind: "delivered", statusCode: 200, receipt: null };
const failed = (reason: "server_error" | "rate_limited", afterMs: number | null = null): Outcome => ({
  kind: "retry",
  reason,
  statusCode: null,
  afterMs,
  error: "",
});

test("a bucket never lets more through than its burst and its rate", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3_000), { maxLength: 200 }), fc.integer({ min: 1, max: 20 }), (gaps, burst) => {
      const pace = { perSecond: 2, burst };
      let bucket = freshBucket(NOW);
      let now = NOW;
      let sent = 0;
      for (const gap of gaps) {
        now += gap;
        if (nextTokenAt(bucket, pace, now) > now) continue;
        bucket = takeToken(bucket, pace, now);
        sent += 1;
      }
      expect(sent).toBeLessThanOrEqual(burst + ((now - NOW) / 1000) * pace.perSecond + 1e-3);
    }),
  );
});

describe("the gate", () => {
  test("opens its breaker after five failures for 30 s, lets one probe through, and closes after two successes", () => {
    let gate = openGate(NOW);
    const send = (outcome: Outcome, at: number): void => {
      expect(holdOf(gate, null, at)).toBeNull();
      const entered = enterGate(gate, null, at);
      gate = leaveGate(entered.gate, entered.pass, outcome, at, at);
    };
    for (let i = 0; i < 5; i++) send(failed("server_error"), NOW);
    expect(holdOf(gate, null, NOW)).toEqual({ reason: "breaker_open", at: NOW + 30_000 });
    const { gate: probing } = enterGate(gate, null, NOW + 30_000);
    expect(holdOf(probing, null, NOW + 30_000)?.reason).toBe("breaker_open");
    send(delivered, NOW + 30_000);
    expect(gate.breaker.state).toBe("half_open");
    send(delivered, NOW + 30_001);
    expect(gate.breaker.state).toBe("closed");
  });

  test("a rate limit pauses the whole target and never opens the breaker", () => {
    let gate = openGate(NOW);
    for (let i = 0; i < 10; i++) {
      const { gate: entered, pass } = enterGate(gate, null, NOW);
      gate = leaveGate(entered, pass, failed("rate_limited", 7_000), NOW + 7_000, NOW);
    }
    expect(holdOf(gate, null, NOW)).toEqual({ reason: "paused", at: NOW + 7_000 });
    expect(holdOf(gate, null, NOW + 7_000)).toBeNull();
  });
});

test("criticals go first, and of ten at least one is from a lane that waits below", () => {
  let passed = NOBODY_PASSED_OVER;
  const served: Lane[] = [];
  for (let i = 0; i < 40; i++) {
    const picked = pickLane(() => true, passed);
    passed = picked!.passedOver;
    served.push(picked!.lane);
  }
  expect(served.slice(0, 9)).toEqual(Array(9).fill(0));
  for (const lane of [1, 2] as const) expect(served.filter((one) => one === lane).length).toBeGreaterThanOrEqual(3);
  expect(pickLane(() => false, passed)).toBeNull();
});

describe("a digest", () => {
  const slack = { perSecond: 1, burst: 3 };
  const backlog = { urgent: 0, others: 0, missed: 0, oldestSince: NOW - 60_000 };
  test.each([
    ["what is worked off within ten minutes is told one by one", { ...backlog, others: 600 }, slack, "chat", "none"],
    ["more than that is collapsed", { ...backlog, others: 601 }, slack, "chat", "others"],
    [
      "but not a burst that began just now",
      { ...backlog, others: 9_000, oldestSince: NOW - 1_000 },
      slack,
      "chat",
      "none",
    ],
    ["six problems that came and went are one message", { ...backlog, missed: 6 }, slack, "chat", "missed"],
    ["a pager keeps its criticals one by one", { ...backlog, urgent: 9_000 }, slack, "pager", "none"],
    ["a machine gets everything", { ...backlog, others: 9_000 }, slack, "machine", "none"],
    ["without a rate nothing overflows", { ...backlog, others: 9_000 }, null, "chat", "none"],
  ] as const)("%s", (_, given, pace, audience, expected) => {
    expect(collapseOf(given, pace, audience, NOW)).toBe(expected);
  });

  test("counts what it stands for", () => {
    const one = (status: "firing" | "resolved", severity: "critical" | "warning") =>
      ({
        status,
        truncatedAlerts: 0,
        enrichmentMode: "transparent",
        alerts: [
          {
            fingerprint: "a",
            status,
            severity,
            startsAt: NOW,
            labels: {},
            annotations: {},
            endsAt: null,
            generatorURL: "",
            classification: null,
          },
        ],
      }) as never;
    const all = [...Array(20).fill(one("firing", "warning")), ...Array(5).fill(one("resolved", "critical"))];
    const digest = digestOf(all, { id: "d", target: "t", publicUrl: "", at: NOW });
    expect(digest.digest).toEqual({ total: 25, firing: 20, resolved: 5, critical: 5 });
    expect([digest.alerts.length, digest.truncatedAlerts, digest.status]).toEqual([10, 15, "firing"]);
  });
});

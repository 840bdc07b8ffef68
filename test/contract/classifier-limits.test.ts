import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { alertWith } from "../support/classifiable.ts";
import { benchWith, openaiConfig } from "../support/classifier.ts";
import { GOOD_ANSWER, type Llm, startLlm } from "../support/llm.ts";

let llm: Llm;
beforeAll(async () => {
  llm = await startLlm();
});
afterAll(() => llm.close());
beforeEach(() => {
  llm.mode("good");
  llm.answer = GOOD_ANSWER;
  llm.retryAfter = null;
  llm.requests.length = 0;
});

const bench = (parts: Parameters<typeof benchWith>[0] = {}) => benchWith({ model: openaiConfig(llm.url), ...parts });
/** Far enough that only the configured timeout counts. */
const LATER = 60_000;

describe("repeats", () => {
  test.each([
    ["a server error", "server_error"],
    ["a rate limit", "rate_limited"],
    ["a broken connection", "reset"],
  ] as const)("help after %s", async (_what, mode) => {
    llm.mode(mode, "good");
    const { classifier, now } = bench();
    const { classification, call } = await classifier.classify(alertWith(), now() + LATER);
    expect(classification.source).toBe("llm");
    expect(call).toMatchObject({ outcome: "answered", attempts: 2 });
  });

  test("wait as long as the model asks", async () => {
    llm.mode("rate_limited", "good");
    llm.retryAfter = "1";
    const { classifier, now } = bench();
    const started = now();
    const { call } = await classifier.classify(alertWith(), started + LATER);
    expect(call.attempts).toBe(2);
    expect(now() - started).toBeGreaterThanOrEqual(990);
  });

  test("are not made where the wait is longer than the budget", async () => {
    llm.mode("rate_limited");
    llm.retryAfter = "30";
    const { classifier, now } = bench();
    const { call } = await classifier.classify(alertWith(), now() + LATER);
    expect(call).toMatchObject({ reason: "rate_limited", attempts: 1 });
  });

  test("end with the number of attempts", async () => {
    llm.mode("server_error");
    const { classifier, now } = bench({ maxAttempts: 3 });
    const { call } = await classifier.classify(alertWith(), now() + LATER);
    expect(call.attempts).toBe(3);
    expect(llm.requests).toHaveLength(3);
  });
});

describe("a model in trouble", () => {
  test("is left alone after five failures, and asked again with one probe after 30 s", async () => {
    llm.mode("server_error");
    const { classifier, now, pass } = bench({ maxAttempts: 1 });
    for (let i = 0; i < 5; i += 1) await classifier.classify(alertWith(), now() + LATER);
    const refused = await classifier.classify(alertWith(), now() + LATER);
    expect(refused.call).toMatchObject({ reason: "breaker_open", attempts: 0 });
    expect(llm.requests).toHaveLength(5);

    pass(30_000);
    llm.mode("good");
    expect((await classifier.classify(alertWith(), now() + LATER)).classification.source).toBe("llm");
    expect((await classifier.classify(alertWith(), now() + LATER)).classification.source).toBe("llm");
    expect(llm.requests).toHaveLength(7);
  });

  test("is not left alone because strange alerts get strange answers", async () => {
    llm.mode("prose", "wrong_enum", "bad_request", "prose", "malformed", "empty", "good");
    const { classifier, now } = bench({ maxAttempts: 1 });
    for (let i = 0; i < 6; i += 1) await classifier.classify(alertWith(), now() + LATER);
    expect((await classifier.classify(alertWith(), now() + LATER)).classification.source).toBe("llm");
  });

  test("is not blamed for a deadline that left it no time", async () => {
    llm.mode("hang");
    const { classifier, now } = bench();
    const alert = alertWith();
    for (let i = 0; i < 6; i += 1) await classifier.classify(i === 0 ? alert : alertWith(), now() + 60);
    llm.mode("good");
    expect((await classifier.classify(alert, now() + LATER)).call).toMatchObject({ outcome: "answered" });
  });
});

describe("budgets", () => {
  const budget = { perDay: null, perNamePerHour: null, severityFloor: null, concurrency: 6, leaseMs: 10_000 };

  test("per day", async () => {
    const { classifier, now, pass } = bench({ budget: { ...budget, perDay: 2 } });
    const reasons = [];
    for (let i = 0; i < 3; i += 1) reasons.push((await classifier.classify(alertWith(), now() + LATER)).call.reason);
    expect(reasons).toEqual([null, null, "day_budget"]);
    pass(24 * 3_600_000);
    expect((await classifier.classify(alertWith(), now() + LATER)).call.reason).toBeNull();
  });

  test("per alert name, repeats counted", async () => {
    llm.mode("server_error");
    const { classifier, now } = bench({ budget: { ...budget, perNamePerHour: 2 } });
    const noisy = (team: string) => alertWith({ labels: { alertname: "Noisy", team } });
    const first = await classifier.classify(noisy("a"), now() + LATER);
    expect(first.call).toMatchObject({ reason: "server_error", attempts: 2 });
    const second = await classifier.classify(noisy("b"), now() + LATER);
    expect(second.call).toMatchObject({ reason: "name_budget", attempts: 0 });
    llm.mode("good");
    expect((await classifier.classify(alertWith(), now() + LATER)).call.reason).toBeNull();
  });

  test("severity floor", async () => {
    const { classifier, now } = bench({ budget: { ...budget, severityFloor: "warning" } });
    const low = await classifier.classify(alertWith({ labels: { severity: "info" } }), now() + LATER);
    const unknown = await classifier.classify(alertWith(), now() + LATER);
    expect([low.call.reason, unknown.call.reason]).toEqual(["severity_floor", null]);
    expect(llm.requests).toHaveLength(1);
  });

  test("at once: the third waits for a place, and gets it", async () => {
    llm.mode("slow");
    llm.slowMs = 150;
    const { classifier, now } = bench({ budget: { ...budget, concurrency: 2 } });
    const started = now();
    const all = await Promise.all([1, 2, 3].map(() => classifier.classify(alertWith(), now() + LATER)));
    expect(all.map(({ call }) => call.outcome)).toEqual(["answered", "answered", "answered"]);
    expect(now() - started).toBeGreaterThanOrEqual(290);
  });

  test("at once: who waits too long gets the rules", async () => {
    llm.mode("hang");
    const { classifier, now } = bench({ budget: { ...budget, concurrency: 1 }, timeoutMs: 3000 });
    const all = await Promise.all([LATER, 300].map((ms) => classifier.classify(alertWith(), now() + ms)));
    expect(all.map(({ call }) => call.reason)).toEqual(["timeout", "busy"]);
  });
});

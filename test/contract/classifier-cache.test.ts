import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ClassificationStore } from "../../src/worker/classifier-store.ts";
import { alertWith } from "../support/classifiable.ts";
import { benchWith, memoryStore, openaiConfig } from "../support/classifier.ts";
import { type Llm, startLlm } from "../support/llm.ts";

let llm: Llm;
beforeAll(async () => {
  llm = await startLlm();
});
afterAll(() => llm.close());
beforeEach(() => {
  llm.mode("good");
  llm.requests.length = 0;
});

const LATER = 60_000;
const MINUTE = 60_000;
const bench = (store: ClassificationStore | null = null, parts: Parameters<typeof benchWith>[0] = {}) =>
  benchWith({ model: openaiConfig(llm.url), ...parts }, store);
const pod = (name: string) => alertWith({ labels: { alertname: "PodSlow", namespace: "shop", pod: name } });

describe("in memory", () => {
  test("the second question about a problem asks nobody, on whatever pod it is", async () => {
    const { classifier, now } = bench();
    const first = await classifier.classify(pod("a"), now() + LATER);
    const second = await classifier.classify(pod("b"), now() + LATER);
    expect(second.classification).toEqual({
      ...first.classification,
      cached: true,
      processingMs: second.classification.processingMs,
    });
    expect(second.call).toMatchObject({
      outcome: "cached",
      cache: "l1",
      attempts: 0,
      promptTokens: null,
      reason: null,
    });
    expect(llm.requests).toHaveLength(1);
  });

  test("after five minutes it asks again", async () => {
    const { classifier, now, pass } = bench();
    await classifier.classify(pod("a"), now() + LATER);
    pass(5 * MINUTE);
    await classifier.classify(pod("a"), now() + LATER);
    expect(llm.requests).toHaveLength(2);
  });

  test("force asks again, and what it learns is remembered", async () => {
    const { classifier, now } = bench();
    await classifier.classify(pod("a"), now() + LATER);
    llm.answer = { ...llm.answer, severity: "info" };
    await classifier.classify(pod("a"), now() + LATER, { force: true });
    const third = await classifier.classify(pod("a"), now() + LATER);
    expect(third).toMatchObject({ classification: { severity: "info" }, call: { cache: "l1" } });
    expect(llm.requests).toHaveLength(2);
  });

  test("fifty alerts of one problem at once cost one call", async () => {
    llm.mode("slow");
    const { classifier, now } = bench();
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, i) => classifier.classify(pod(`p${i}`), now() + LATER)),
    );
    expect(llm.requests).toHaveLength(1);
    expect(all.filter(({ call }) => call.outcome === "cached")).toHaveLength(49);
  });

  test("a thousand answers are kept, the ones longest unused go first", async () => {
    const { classifier, memory, now } = bench(null, {
      budget: { perDay: null, perNamePerHour: null, severityFloor: null, concurrency: 6, leaseMs: 10_000 },
    });
    const entry = {
      classification: (await classifier.classify(pod("a"), now() + LATER)).classification,
      expiresAt: now() + LATER,
    };
    const first = [...memory.answers.keys()][0]!;
    for (let i = 0; i < 999; i += 1) memory.answers.set(`other ${i}`, entry);
    await classifier.classify(pod("a"), now() + LATER);
    await classifier.classify(alertWith(), now() + LATER);
    expect(memory.answers.size).toBe(1000);
    expect(memory.answers.has(first)).toBe(true);
    expect(memory.answers.has("other 0")).toBe(false);
  });
});

describe("an end", () => {
  test("takes the answer of its firing", async () => {
    const { classifier, now } = bench();
    await classifier.classify(pod("a"), now() + LATER);
    const { call } = await classifier.classify({ ...pod("a"), status: "resolved" }, now() + LATER);
    expect(call).toMatchObject({ outcome: "cached" });
  });

  test("asks nobody of itself", async () => {
    const { classifier, now } = bench();
    const { classification, call } = await classifier.classify({ ...pod("a"), status: "resolved" }, now() + LATER);
    expect(classification).toMatchObject({ source: "fallback", severity: "info" });
    expect(call).toMatchObject({ reason: "resolved", attempts: 0 });
  });

  test("that a person asks about is judged, but not remembered for the next firing", async () => {
    const { classifier, now } = bench();
    llm.answer = { ...llm.answer, severity: "noise" };
    const forced = await classifier.classify({ ...pod("a"), status: "resolved" }, now() + LATER, { force: true });
    expect(forced.classification).toMatchObject({ source: "llm", severity: "noise" });
    llm.answer = { ...llm.answer, severity: "critical" };
    const firing = await classifier.classify(pod("a"), now() + LATER);
    expect(firing.classification).toMatchObject({ severity: "critical", cached: false });
  });
});

describe("a failure", () => {
  test("is remembered for five minutes, and the rules judge each alert anew", async () => {
    llm.mode("prose");
    const { classifier, now, pass } = bench();
    await classifier.classify(pod("a"), now() + LATER);
    const described = { ...pod("b"), annotations: { description: "many errors" } };
    const second = await classifier.classify(described, now() + LATER);
    expect(second.classification).toMatchObject({ source: "fallback", cached: true, metadata: { rule: "error_rate" } });
    expect(second.call).toMatchObject({ outcome: "fallback", reason: "recent_failure", cache: "l1", attempts: 0 });
    expect(llm.requests).toHaveLength(1);
    pass(5 * MINUTE);
    llm.mode("good");
    expect((await classifier.classify(pod("a"), now() + LATER)).call.outcome).toBe("answered");
  });

  test("to ask at all is not remembered", async () => {
    const budget = { perDay: 0, perNamePerHour: null, severityFloor: null, concurrency: 6, leaseMs: 10_000 };
    const store = memoryStore();
    const { classifier, memory, now, settle } = bench(store, { budget });
    expect((await classifier.classify(pod("a"), now() + LATER)).call.reason).toBe("day_budget");
    await settle();
    expect(memory.answers.size + store.entries.size).toBe(0);
  });
});

describe("in the shared store", () => {
  test("an answer serves other isolates for its hour", async () => {
    const store = memoryStore();
    const one = bench(store);
    await one.classifier.classify(pod("a"), one.now() + LATER);
    await one.settle();
    const [key, entry] = [...store.entries][0]!;
    expect(key).toMatch(/^classification:[0-9a-f]{64}:gpt-4o:1$/);
    expect(entry.expiresAt - entry.classification.createdAt).toBeGreaterThanOrEqual(60 * MINUTE);

    const other = bench(store);
    const found = await other.classifier.classify(pod("b"), other.now() + LATER);
    expect(found.call).toMatchObject({ outcome: "cached", cache: "l2" });
    expect((await other.classifier.classify(pod("b"), other.now() + LATER)).call.cache).toBe("l1");
    expect(llm.requests).toHaveLength(1);

    const late = bench(store);
    late.pass(61 * MINUTE);
    expect((await late.classifier.classify(pod("a"), late.now() + LATER)).call.outcome).toBe("answered");
  });

  test("a failure serves other isolates for five minutes", async () => {
    llm.mode("wrong_enum");
    const store = memoryStore();
    const one = bench(store);
    await one.classifier.classify(pod("a"), one.now() + LATER);
    await one.settle();
    const other = bench(store);
    const found = await other.classifier.classify(pod("a"), other.now() + LATER);
    expect(found.call).toMatchObject({ outcome: "fallback", reason: "recent_failure", cache: "l2" });
    const late = bench(store);
    late.pass(6 * MINUTE);
    expect((await late.classifier.classify(pod("a"), late.now() + LATER)).call.attempts).toBe(1);
  });

  test.each([
    ["another model", { model: () => openaiConfig(llm.url, { model: "small" }) }],
    ["another prompt", { promptVersion: "2" }],
  ])("%s does not take it", async (_what, parts) => {
    const store = memoryStore();
    const one = bench(store);
    await one.classifier.classify(pod("a"), one.now() + LATER);
    await one.settle();
    const config = "model" in parts ? { model: parts.model() } : { promptVersion: parts.promptVersion };
    const other = bench(store, config);
    expect((await other.classifier.classify(pod("a"), other.now() + LATER)).call.outcome).toBe("answered");
  });

  test.each([
    ["fails", () => Promise.reject(new Error("D1 is overloaded"))],
    ["hangs", () => new Promise<never>(() => {})],
  ])("a store that %s costs no alert its answer", async (_how, stuck) => {
    const { classifier, now } = bench({ get: stuck, put: stuck, usage: stuck });
    const { call } = await classifier.classify(pod("a"), now() + LATER);
    expect(call.outcome).toBe("answered");
  });

  test("what other isolates spent counts against the budget", async () => {
    const budget = { perDay: 10, perNamePerHour: null, severityFloor: null, concurrency: 6, leaseMs: 10_000 };
    const usage = async () => ({ dayCalls: 9, hourCalls: [] });
    const { classifier, now } = bench({ ...memoryStore(), usage }, { budget });
    const reasons = [];
    for (let i = 0; i < 2; i += 1) reasons.push((await classifier.classify(alertWith(), now() + LATER)).call.reason);
    expect(reasons).toEqual([null, "day_budget"]);
  });
});

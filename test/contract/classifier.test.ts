import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { classifyByRules } from "../../src/core/classify/rules.ts";
import { alertWith } from "../support/classifiable.ts";
import { API_KEY, benchWith, openaiConfig } from "../support/classifier.ts";
import { GOOD_ANSWER, type Llm, type LlmMode, startLlm } from "../support/llm.ts";

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

describe("a model that answers", () => {
  test("is believed, and the call is recorded", async () => {
    const { classifier, now } = bench();
    const alert = alertWith({ labels: { alertname: "QueueFull" } });
    const { classification, call } = await classifier.classify(alert, now() + LATER);
    expect(classification).toMatchObject({
      severity: "critical",
      category: "capacity",
      confidence: 0.95,
      reasoning: "CPU is saturated and users wait.",
      recommendations: ["Scale out"],
      source: "llm",
      model: "gpt-4o",
      promptVersion: "1",
      cached: false,
      metadata: { tags: ["cpu"] },
    });
    expect(call).toMatchObject({
      provider: "openai",
      model: "gpt-4o",
      promptVersion: "1",
      outcome: "answered",
      reason: null,
      cache: null,
      attempts: 1,
      statusCode: 200,
      promptTokens: 321,
      completionTokens: 45,
      answer: JSON.stringify(GOOD_ANSWER),
      error: null,
    });
    expect(call.signature).toMatch(/^[0-9a-f]{64}$/);
    expect(llm.requests).toHaveLength(1);
  });

  test.each([
    ["Authorization", "authorization", `Bearer ${API_KEY}`],
    ["x-litellm-api-key", "x-litellm-api-key", API_KEY],
  ])("gets its key in %s", async (authHeader, header, value) => {
    const { classifier, now } = bench({ model: openaiConfig(llm.url, { authHeader }) });
    await classifier.classify(alertWith(), now() + LATER);
    expect(llm.requests[0]!.headers[header]).toBe(value);
  });

  test.each(["", "/", "/v1", "/v1/"])("is found with a base URL ending in %j", async (end) => {
    const { classifier, now } = bench({ model: openaiConfig(`${llm.url}${end}`) });
    await classifier.classify(alertWith(), now() + LATER);
    expect(llm.requests.map(({ path }) => path)).toEqual(["/v1/chat/completions"]);
  });

  test("may speak the simple wire", async () => {
    llm.answer = { severity: 3, category: "network", confidence: 92, reasoning: "slow", action_items: ["ping"] };
    const { classifier, now } = bench({ model: openaiConfig(llm.url, { wire: "simple" }) });
    const { classification } = await classifier.classify(
      alertWith({ labels: { alertname: "LinkSlow" } }),
      now() + LATER,
    );
    expect(classification).toMatchObject({ severity: "warning", category: "network", confidence: 0.92, source: "llm" });
    expect(llm.requests[0]!.path).toBe("/classify");
    expect(JSON.parse(llm.requests[0]!.body)).toMatchObject({ alert_name: "LinkSlow", model: "gpt-4o" });
  });

  test("is told the history of the alert where it is known", async () => {
    const { classifier, now } = bench();
    const history = { same_name_24h: 7, transitions_24h: 4 };
    await classifier.classify(alertWith(), now() + LATER, { history: async () => history });
    const away = async () => Promise.reject(new Error("the database is away"));
    await classifier.classify(alertWith(), now() + LATER, { history: away });
    const told = llm.requests.map(({ body }) => JSON.parse(JSON.parse(body).messages[1].content).history);
    expect(told).toEqual([history, undefined]);
  });
});

describe("a model that does not", () => {
  const rows: readonly [LlmMode, string, number, number | null][] = [
    ["hang", "timeout", 1, null],
    ["hang_in_body", "timeout", 1, null],
    ["slow", "timeout", 1, null],
    ["rate_limited", "rate_limited", 2, 429],
    ["server_error", "server_error", 2, 500],
    ["reset", "network", 2, null],
    ["unauthorized", "client_error", 1, 401],
    ["bad_request", "client_error", 1, 400],
    ["redirect", "client_error", 1, 307],
    ["prose", "not_json", 1, 200],
    ["quoted_json", "not_json", 1, 200],
    ["wrong_enum", "invalid_answer", 1, 200],
    ["malformed", "not_json", 1, 200],
    ["empty", "invalid_answer", 1, 200],
    ["huge", "too_large", 1, 200],
  ];
  test.each(rows)(
    "%s: the rules answer within the budget because of %s",
    async (mode, reason, attempts, statusCode) => {
      llm.mode(mode);
      llm.slowMs = LATER;
      // Where the time is to be over, long enough for the question to arrive.
      const { classifier, now } = bench({ timeoutMs: reason === "timeout" ? 2000 : LATER / 2, maxAttempts: 2 });
      const alert = alertWith({ labels: { alertname: "HighCPU", severity: "page" } });
      const { classification, call } = await classifier.classify(alert, now() + LATER);
      const { createdAt, processingMs, ...rules } = classifyByRules(alert, 0);
      expect(classification).toMatchObject(rules);
      expect(call).toMatchObject({ provider: "openai", outcome: "fallback", reason, attempts, statusCode });
      expect(llm.requests).toHaveLength(attempts);
      expect(JSON.stringify({ classification, call })).not.toContain(API_KEY);
    },
  );

  test("nobody listening: the rules answer", async () => {
    const { classifier, now } = bench({ model: openaiConfig("http://127.0.0.1:1"), timeoutMs: LATER / 2 });
    const { classification, call } = await classifier.classify(alertWith(), now() + LATER);
    expect(classification.source).toBe("fallback");
    expect(call).toMatchObject({ outcome: "fallback", reason: "network", statusCode: null });
  });

  test("no model at all: the rules answer", async () => {
    const { classifier, now } = bench({ model: null });
    const { classification, call } = await classifier.classify(alertWith(), now() + LATER);
    expect(classification).toMatchObject({ source: "fallback", model: "rules" });
    expect(call).toMatchObject({ provider: "rules", outcome: "fallback", reason: "no_model", attempts: 0 });
  });

  test("the caller's deadline ends the decision before the timeout does", async () => {
    llm.mode("hang");
    const { classifier, now } = bench({ timeoutMs: LATER });
    const started = now();
    const { call } = await classifier.classify(alertWith(), started + 250);
    expect(call.reason).toBe("timeout");
    expect(now() - started).toBeLessThan(LATER);
  });

  test("a deadline already over asks nobody", async () => {
    const { classifier, now } = bench();
    const { classification, call } = await classifier.classify(alertWith(), now() - 1);
    expect(classification.source).toBe("fallback");
    expect(call).toMatchObject({ reason: "busy", attempts: 0 });
    expect(llm.requests).toHaveLength(0);
  });
});

import { describe, expect, test } from "vitest";
import type { AiBinding } from "../../src/worker/classifier-workers-ai.ts";
import { alertWith } from "../support/classifiable.ts";
import { benchWith } from "../support/classifier.ts";
import { GOOD_ANSWER } from "../support/llm.ts";

/** The binding has no local runtime: ten lines stand in for it. Each run takes the next answer, the last one stays. */
function bindingWith(...answers: (() => Promise<unknown>)[]) {
  const runs: { model: string; input: Record<string, unknown> }[] = [];
  const ai: AiBinding = {
    run: (model, input) => {
      runs.push({ model, input });
      return (answers[Math.min(runs.length, answers.length) - 1] ?? (() => Promise.resolve(null)))();
    },
  };
  return { ai, runs };
}
const says = (value: unknown) => () => Promise.resolve(value);
const throws = (message: string) => () => Promise.reject(new Error(message));
const MODEL = "@cf/meta/llama-3.1-8b-instruct-fp8-fast";
const classify = (ai: AiBinding, parts: Parameters<typeof benchWith>[0] = {}) => {
  const { classifier, now } = benchWith({
    model: { provider: "workers_ai", model: MODEL, ai },
    timeoutMs: 30_000,
    ...parts,
  });
  return classifier.classify(alertWith(), now() + 60_000);
};

describe("an answer", () => {
  test.each([
    ["parsed", { response: GOOD_ANSWER, usage: { prompt_tokens: 5, completion_tokens: 6 } }],
    ["as text", { response: JSON.stringify(GOOD_ANSWER), usage: { prompt_tokens: 5, completion_tokens: 6 } }],
  ])("%s is believed", async (_how, value) => {
    const { ai, runs } = bindingWith(says(value));
    const { classification, call } = await classify(ai);
    expect(classification).toMatchObject({ severity: "critical", source: "llm", model: MODEL });
    expect(call).toMatchObject({ provider: "workers_ai", outcome: "answered", promptTokens: 5, completionTokens: 6 });
    expect(runs).toHaveLength(1);
    expect(runs[0]).toMatchObject({ model: MODEL, input: { response_format: { type: "json_schema" } } });
  });
});

describe("without one the rules answer", () => {
  test.each([
    ["nothing", says(undefined), "not_json", 1],
    ["prose", says({ response: "It is critical." }), "not_json", 1],
    ["10 MB", says({ response: "A".repeat(10_000_000) }), "too_large", 1],
    ["an answer that never comes", () => new Promise(() => {}), "timeout", 1],
    ["no capacity", throws("3040: Capacity temporarily exceeded, please try again."), "rate_limited", 2],
    ["an allocation used up", throws("3036: you have used up your daily free allocation"), "rate_limited", 1],
    ["an unknown model", throws("5007: No such model"), "client_error", 1],
    ["too long a request", throws("AiError: 3006: Request is too large"), "client_error", 1],
    ["no JSON found", throws("JSON Mode couldn't be met"), "not_json", 2],
    ["anything else", throws("Internal server error"), "server_error", 2],
  ] as const)("%s", async (_what, answer, reason, attempts) => {
    const { ai, runs } = bindingWith(answer);
    const inTime = reason === "timeout" ? { timeoutMs: 500 } : {};
    const { classification, call } = await classify(ai, { maxAttempts: 2, ...inTime });
    expect(classification.source).toBe("fallback");
    expect(call).toMatchObject({ provider: "workers_ai", reason, attempts });
    expect(runs).toHaveLength(attempts);
  });

  test("a repeat helps where JSON was missed by chance", async () => {
    const { ai } = bindingWith(throws("JSON Mode couldn't be met"), says({ response: GOOD_ANSWER }));
    expect((await classify(ai)).call).toMatchObject({ outcome: "answered", attempts: 2 });
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SEVERITIES } from "../../../src/core/alert/severity.ts";
import { CATEGORIES } from "../../../src/core/classify/classification.ts";
import { WIRES } from "../../../src/core/classify/prompt.ts";
import { MAX_ANSWER_BYTES, readAnswer } from "../../../src/core/classify/read.ts";
import { PLANTED_SECRETS } from "../../support/secrets.ts";

const ANSWER = {
  severity: "critical",
  category: "capacity",
  confidence: 0.95,
  reasoning: "CPU is saturated.",
  recommendations: ["Scale out", "Look at the release"],
  tags: ["cpu"],
};
const tool = (answer: unknown) =>
  JSON.stringify({
    choices: [
      { message: { content: null, tool_calls: [{ function: { name: "classify_alert", arguments: answer } }] } },
    ],
    usage: { prompt_tokens: 12, completion_tokens: 3 },
  });
const content = (words: unknown) => JSON.stringify({ choices: [{ message: { content: words } }] });
const say = (parts: Record<string, unknown>) =>
  readAnswer("openai", tool(JSON.stringify({ ...ANSWER, ...parts }))).answer;
const simply = (body: unknown) => readAnswer("simple", JSON.stringify(body)).answer;

describe("where the answer is found", () => {
  const rows: readonly [string, "openai" | "simple" | "workers_ai", string][] = [
    ["in the arguments of the tool call", "openai", tool(JSON.stringify(ANSWER))],
    ["in arguments that are an object already", "openai", tool(ANSWER)],
    ["in the content", "openai", content(JSON.stringify(ANSWER))],
    ["in content of parts", "openai", content([{ type: "text", text: JSON.stringify(ANSWER) }])],
    ["in one fenced block", "openai", content(`\`\`\`json\n${JSON.stringify(ANSWER, null, 2)}\n\`\`\``)],
    ["in Workers AI's response, parsed", "workers_ai", JSON.stringify({ response: ANSWER })],
    ["in Workers AI's response, as text", "workers_ai", JSON.stringify({ response: JSON.stringify(ANSWER) })],
    [
      "in Workers AI's tool call",
      "workers_ai",
      JSON.stringify({ tool_calls: [{ name: "classify_alert", arguments: ANSWER }] }),
    ],
    ["in Workers AI's answer of OpenAI's shape", "workers_ai", content(JSON.stringify(ANSWER))],
    ["in the simple wire's body", "simple", JSON.stringify(ANSWER)],
    ["in the simple wire's classification", "simple", JSON.stringify({ classification: ANSWER })],
  ];
  test.each(rows)("%s", (_where, wire, body) => {
    expect(readAnswer(wire, body).answer).toEqual({ ok: true, value: ANSWER });
  });

  test("tokens and words are recorded", () => {
    const read = readAnswer("openai", tool(JSON.stringify(ANSWER)));
    expect(read).toMatchObject({ promptTokens: 12, completionTokens: 3, words: JSON.stringify(ANSWER) });
  });
});

describe("what is no answer", () => {
  const rows: readonly [string, "openai" | "simple" | "workers_ai", string, string][] = [
    ["an empty body", "openai", "", "not_json"],
    ["half a body", "openai", '{"choices":[{"message"', "not_json"],
    ["prose", "openai", content("It is critical."), "not_json"],
    ["JSON quoted in prose", "openai", content(`The alert says ${JSON.stringify(ANSWER)} so there.`), "not_json"],
    ["two fenced blocks", "openai", content("```json\n{}\n```\n```json\n{}\n```"), "not_json"],
    ["no choices", "openai", "{}", "invalid_answer"],
    ["choices of the wrong kind", "openai", '{"choices":"none"}', "invalid_answer"],
    [
      "another tool",
      "openai",
      JSON.stringify({
        choices: [
          { message: { tool_calls: [{ function: { name: "send_mail", arguments: JSON.stringify(ANSWER) } }] } },
        ],
      }),
      "invalid_answer",
    ],
    ["a list", "openai", content("[1]"), "invalid_answer"],
    ["null", "simple", "null", "invalid_answer"],
    ["a number for a severity on the OpenAI wire", "openai", tool({ ...ANSWER, severity: 4 }), "invalid_answer"],
    ["more than 64 KiB", "openai", " ".repeat(MAX_ANSWER_BYTES + 1), "too_large"],
    ["a Workers AI answer without a response", "workers_ai", "{}", "invalid_answer"],
    ["very deep JSON", "simple", "[".repeat(60_000), "not_json"],
  ];
  test.each(rows)("%s", (_what, wire, body, reason) => {
    expect(readAnswer(wire, body).answer).toEqual({ ok: false, error: { reason } });
  });

  test.each(["catastrophic", "", "P1", "page", null, 0, true, ["critical"], { is: "critical" }, undefined])(
    "severity %j",
    (severity) => {
      expect(say({ severity })).toEqual({ ok: false, error: { reason: "invalid_answer" } });
    },
  );
});

describe("fields", () => {
  test.each([
    [" Critical ", "critical"],
    ["NOISE", "noise"],
  ])("severity %j is %s", (severity, expected) => {
    expect(say({ severity })).toMatchObject({ value: { severity: expected } });
  });

  test.each([
    ["Database", "database"],
    ["storage", "other"],
    [undefined, "other"],
    [7, "other"],
  ])("category %j is %s", (category, expected) => {
    expect(say({ category })).toMatchObject({ value: { category: expected } });
  });

  test.each([
    [undefined, 0.5],
    ["high", 0.5],
    [null, 0.5],
    [0, 0],
    [1, 1],
    [87, 0.87],
    [100, 1],
    [101, 1],
    [-3, 0],
    [1e308, 1],
  ])("confidence %j is %d", (confidence, expected) => {
    expect(say({ confidence })).toMatchObject({ value: { confidence: expected } });
  });

  test.each([
    [1, "noise"],
    [2, "info"],
    [3, "warning"],
    [4, "critical"],
    ["Warning", "warning"],
  ])("the simple wire's severity %j is %s", (severity, expected) => {
    expect(simply({ ...ANSWER, severity })).toMatchObject({ value: { severity: expected } });
  });
  test.each([0, 5, 2.5, "4"])("the simple wire's severity %j is none", (severity) => {
    expect(simply({ ...ANSWER, severity }).ok).toBe(false);
  });

  test.each(["action_items", "suggestions"])("the simple wire's recommendations may be called %s", (name) => {
    const { recommendations, ...rest } = ANSWER;
    expect(simply({ ...rest, [name]: recommendations })).toMatchObject({ value: { recommendations } });
  });

  test("texts are limited in number and length", () => {
    const read = say({
      reasoning: "r ".repeat(3000),
      recommendations: [...Array.from({ length: 30 }, () => "s ".repeat(600)), 7, null],
      tags: Array.from({ length: 30 }, () => "t".repeat(100)),
    });
    if (!read.ok) throw new Error("expected an answer");
    expect(read.value.reasoning.length).toBeLessThanOrEqual(2000);
    expect(read.value.recommendations).toHaveLength(10);
    for (const text of read.value.recommendations) expect(text.length).toBeLessThanOrEqual(500);
    expect(read.value.tags).toHaveLength(10);
    for (const tag of read.value.tags) expect(tag.length).toBeLessThanOrEqual(50);
  });

  test("texts of a wrong kind are left out", () => {
    expect(say({ reasoning: { a: 1 }, recommendations: "run", tags: [1, "a", null] })).toMatchObject({
      value: { reasoning: "", recommendations: [], tags: ["a"] },
    });
  });

  test("fields nobody asked for are not there", () => {
    const read = say({ url: "https://evil.example", targets: ["x"], mayHide: true, source: "operator" });
    expect(read).toEqual({ ok: true, value: ANSWER });
  });
});

describe("texts come out harmless", () => {
  test.each([
    ["see https://evil.example/x?y now", "see [link removed] now"],
    ["see ![logo](https://evil.example/a.png) now", "see logo now"],
    ["see [](https://evil.example) now", "see [link removed] now"],
    ["<https://evil.example|click> here", "[link removed] here"],
    ["run javascript:alert(1) here", "run [link removed] here"],
    ["at www.evil.example now", "at [link removed] now"],
    ['<a href="//evil.example/x">go', '<a href="[link removed]'],
    ["ftp://u:p@evil ssh://x", "[link removed] [link removed]"],
    ["h\u200bttps://evil.example", "[link removed]"],
    [`${"a".repeat(200)}https://evil.example/x`, `${"a".repeat(200 - 59)}[link removed]`],
    ["line\r\none\u0000\u001b[31m\u202eevil", "line one[31mevil"],
    ["data: the disk is full", "data: the disk is full"],
    ["check host db-1.example.com:5432", "check host db-1.example.com:5432"],
  ])("%j", (reasoning, expected) => {
    expect(say({ reasoning })).toMatchObject({ value: { reasoning: expected } });
  });

  test.each(PLANTED_SECRETS)("$what an endpoint made up or kept is masked", ({ text, secret }) => {
    expect(JSON.stringify(say({ reasoning: text, recommendations: [text], tags: [text] }))).not.toContain(secret);
  });

  test("the key the endpoint was called with never comes out, not even cut by a limit", () => {
    const key = "our plain key";
    for (const padding of [0, 1990, 1995, 3990, 3995]) {
      const reasoning = `${"w ".repeat(padding / 2)}${key}`;
      const read = readAnswer("openai", tool(JSON.stringify({ ...ANSWER, reasoning })), [key]);
      expect(JSON.stringify(read)).not.toContain("our plain");
    }
  });
});

test("for any body: an answer within the enums and limits, or a reason", () => {
  const anyJson = fc.jsonValue({ maxDepth: 4 });
  const anyAnswer = fc.record(
    {
      severity: fc.oneof(fc.constantFrom(...SEVERITIES), fc.string(), anyJson),
      category: fc.oneof(fc.constantFrom(...CATEGORIES), anyJson),
      confidence: fc.oneof(fc.double(), anyJson),
      reasoning: fc.oneof(fc.string({ maxLength: 5000 }), anyJson),
      recommendations: fc.oneof(fc.array(fc.string()), anyJson),
      tags: anyJson,
    },
    { requiredKeys: [] },
  );
  const anyBody = fc.oneof(
    fc.string(),
    anyJson.map((value) => JSON.stringify(value)),
    anyAnswer.map((answer) => tool(JSON.stringify(answer))),
    anyAnswer.map((answer) => JSON.stringify(answer)),
    anyAnswer.map((answer) => JSON.stringify({ response: answer })),
  );
  let answers = 0;
  fc.assert(
    fc.property(fc.constantFrom(...WIRES), anyBody, (wire, body) => {
      const { answer } = readAnswer(wire, body);
      if (!answer.ok) {
        expect(["not_json", "invalid_answer", "too_large"]).toContain(answer.error.reason);
        return;
      }
      answers += 1;
      expect(SEVERITIES).toContain(answer.value.severity);
      expect(CATEGORIES).toContain(answer.value.category);
      expect(answer.value.confidence).toBeGreaterThanOrEqual(0);
      expect(answer.value.confidence).toBeLessThanOrEqual(1);
      expect(answer.value.reasoning.length).toBeLessThanOrEqual(2000);
      expect(Object.keys(answer.value).sort()).toEqual(Object.keys(ANSWER).sort());
    }),
    { numRuns: 2000 },
  );
  expect(answers).toBeGreaterThan(50);
});

/** The worst case in whole: hostile alert texts, and a model that obeys them and tells all it knows. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SEVERITIES } from "../../src/core/alert/severity.ts";
import { CATEGORIES, type Classification } from "../../src/core/classify/classification.ts";
import { applyClassification } from "../../src/core/classify/policy.ts";
import { SYSTEM_PROMPT } from "../../src/core/classify/prompt.ts";
import { readAnswer } from "../../src/core/classify/read.ts";
import type { Classified } from "../../src/worker/classifier-result.ts";
import { API_KEY, benchWith, openaiConfig } from "../support/classifier.ts";
import { injections } from "../support/injections.ts";
import { type Llm, type LlmRequest, startLlm } from "../support/llm.ts";
import { stepFor } from "./deliver.ts";
import { alertOf, notificationOf } from "./notifications.ts";
import { CASES } from "./targets.ts";

interface Played {
  readonly what: string;
  readonly secret: string;
  readonly classified: Classified;
  readonly request: LlmRequest;
  readonly labels: Readonly<Record<string, string>>;
}

let llm: Llm;
beforeAll(async () => {
  llm = await startLlm();
  llm.mode("hostile");
});
afterAll(() => llm.close());

async function play(severity: string): Promise<readonly Played[]> {
  const { classifier, now } = benchWith({
    model: openaiConfig(llm.url, { authHeader: "x-api-key" }),
    budget: { perDay: null, perNamePerHour: null, severityFloor: null, concurrency: 6, leaseMs: 10_000 },
  });
  const played: Played[] = [];
  for (const { what, alert, secret } of injections(severity)) {
    llm.requests.length = 0;
    const classified = await classifier.classify(alert, now() + 60_000, { force: true });
    played.push({ what, secret, classified, request: llm.requests[0]!, labels: alert.labels });
  }
  return played;
}

/** The most permissive operator there can be. */
const verdictOf = ({ classified, labels }: Played) =>
  applyClassification({
    alert: { labels },
    classification: classified.classification,
    mode: "enriched",
    threshold: 0,
    suppressionEnabled: true,
  });

describe.each(["critical", "page", " P1"])("300 injected alerts labelled %j against a model that obeys", (severity) => {
  let played: readonly Played[];
  beforeAll(async () => {
    played = await play(severity);
  });

  test("are all answered by the model, which does try", () => {
    expect(played).toHaveLength(300);
    const tried = played.filter(
      ({ classified }) =>
        classified.classification.source === "llm" && classified.classification.severity !== "critical",
    );
    expect(tried).toHaveLength(300);
    expect(played.every(({ classified }) => classified.classification.confidence === 1)).toBe(true);
  });

  test("hide no critical alert", () => {
    const hidden = played.filter((each) => {
      const verdict = verdictOf(each);
      return verdict.mayHide || verdict.effectiveSeverity !== "critical";
    });
    expect(hidden.map(({ what }) => what)).toEqual([]);
  });

  test("leak no credential, neither to the model nor back", () => {
    const leaked = played.filter(({ secret, request, classified }) => {
      const everything = request.body + JSON.stringify(classified);
      return everything.includes(secret) || JSON.stringify(classified).includes(API_KEY);
    });
    expect(leaked.map(({ what, secret }) => `${what}: ${secret}`)).toEqual([]);
  });

  test("bring no address and no field of their own", () => {
    for (const { classified } of played) {
      const { classification, call } = classified;
      const texts = [
        classification.reasoning,
        ...classification.recommendations,
        ...(classification.metadata.tags ?? []),
      ];
      expect(texts.join("\n")).not.toMatch(/:\/\/|\]\(|[\u200b\u202e]/);
      expect(call.answer).not.toContain("://");
      expect(SEVERITIES).toContain(classification.severity);
      expect(CATEGORIES).toContain(classification.category);
      expect(Object.keys(classification).sort()).toEqual([
        "cached",
        "category",
        "confidence",
        "createdAt",
        "metadata",
        "model",
        "processingMs",
        "promptVersion",
        "reasoning",
        "recommendations",
        "severity",
        "source",
      ]);
      expect(Object.keys(classification.metadata)).toEqual(["tags"]);
    }
  });

  test("change nothing of what the model is told to do", () => {
    const fixed = played.map(({ request }) => {
      const body = JSON.parse(request.body);
      const [system, user, ...more] = body.messages;
      expect(more).toEqual([]);
      expect(system).toEqual({ role: "system", content: SYSTEM_PROMPT });
      expect(Object.keys(JSON.parse(user.content))).toEqual(["alert"]);
      expect(user.content).not.toMatch(/[<>\u200b\u202e]/);
      return JSON.stringify({ ...body, messages: [] });
    });
    expect(new Set(fixed).size).toBe(1);
  });
});

const ACTING = [
  "{{ alert.labels | json }}{% assign x = 1 %}<%= 7*7 %>",
  "x\r\nX-Injected: yes\r\n\r\n{}",
  "https://evil.example/hook",
  '"}],"url":"https://evil.example","routing_key":"stolen","x":[{"y":"',
  "<!channel> @everyone <@U012AB3CD>",
] as const;

/** What a model says, as it is read: the only way its words reach a notification. */
const saidBy = (words: string): Classification => {
  const arguments_ = {
    severity: "critical",
    category: words,
    confidence: 1,
    reasoning: words,
    recommendations: [words],
    tags: [words],
  };
  const body = JSON.stringify({
    choices: [
      { message: { tool_calls: [{ function: { name: "classify_alert", arguments: JSON.stringify(arguments_) } }] } },
    ],
  });
  const read = readAnswer("openai", body);
  if (!read.answer.ok) throw new Error(read.answer.error.reason);
  const { tags, ...judged } = read.answer.value;
  return { ...alertOf().classification!, ...judged, metadata: { tags } };
};

describe.each(CASES)("what a model writes acts nowhere at $name", ({ target }) => {
  const requestFor = (words: string) =>
    stepFor(target, notificationOf([alertOf({ classification: saidBy(words) })])).request;

  test.each(ACTING)("%j", (words) => {
    const [plain, acting] = [requestFor("Scale out."), requestFor(words)];
    expect([acting.method, acting.url, acting.headers]).toEqual([plain.method, plain.url, plain.headers]);
    expect(acting.body).not.toContain("evil.example");
    // Structure and every value that is no text of the model stay as they are.
    const shape = (body: string): unknown =>
      JSON.parse(body, (_, value: unknown) => (typeof value === "string" ? typeof value : value));
    if (acting.headers["content-type"]?.includes("json")) expect(shape(acting.body)).toEqual(shape(plain.body));
  });
});

test("an obedient model hides lesser alerts only where the operator let it", async () => {
  const played = await play("warning");
  for (const each of played) {
    const careful = applyClassification({
      alert: { labels: each.labels },
      classification: each.classified.classification,
      mode: "enriched",
      threshold: 0.8,
      suppressionEnabled: false,
    });
    expect(careful).toEqual({ effectiveSeverity: "warning", mayHide: false, guardReason: "suppression_off" });
  }
  expect(played.filter((each) => verdictOf(each).mayHide)).toHaveLength(300);
});

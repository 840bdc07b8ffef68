import { env } from "cloudflare:workers";
import { HttpResponse } from "msw";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { fingerprint } from "../../src/core/alert/fingerprint.ts";
import { CLOSED_BREAKER } from "../../src/core/classify/breaker.ts";
import type { AlertEvent } from "../../src/core/history/event.ts";
import { classifierMemory } from "../../src/worker/classification.ts";
import { consumeAlerts } from "../../src/worker/consumers/alerts.ts";
import type { Bindings } from "../../src/worker/env.ts";
import { eventually, post } from "../support/api.ts";
import { receiver, watchOutside } from "../support/outside.ts";

watchOutside();
const sink = receiver("sink.example.com");
const model = receiver("llm.example.com");

/** The Worker's bindings as they are, with a model configured; in this time even a busy machine gets a quick answer. */
const bindings = {
  ...(env as unknown as Bindings),
  LLM_PROXY_URL: "https://llm.example.com",
  LLM_API_KEY: "key-of-the-tests",
  LLM_TIMEOUT: "4",
  CLASSIFICATION_SUPPRESSION: "true",
} as Bindings;

beforeAll(async () => {
  await post("/api/v1/targets", { name: "sink", type: "webhook", url: "https://sink.example.com/hook" });
});
/** A breaker opened by one case would keep the model from being asked in the next. */
beforeEach(() => {
  classifierMemory().breaker = CLOSED_BREAKER;
});

const completion = (words: string) =>
  HttpResponse.json({
    choices: [{ message: { tool_calls: [{ function: { name: "classify_alert", arguments: words } }] } }],
  });
const answer = (over: object = {}) =>
  JSON.stringify({
    severity: "info",
    category: "other",
    confidence: 0.95,
    reasoning: "r",
    recommendations: [],
    ...over,
  });

const firing = (labels: Record<string, string>): AlertEvent => ({
  fingerprint: fingerprint(labels),
  seq: 1,
  kind: "new",
  status: "firing",
  previousStatus: null,
  labels,
  annotations: {},
  startsAt: Date.now(),
  endsAt: null,
  generatorURL: "",
  receivedAt: Date.now(),
  expired: false,
  episodeSeq: 1,
  receiptId: null,
  source: null,
  format: "generic",
  upstream: null,
  sourceFingerprint: null,
});

/** Consumes events as the queue brings them; `late` is what goes on after the batch was acknowledged. */
const consume = (...events: readonly AlertEvent[]) => bring(events, false);
const bring = async (events: readonly AlertEvent[], redelivered: boolean) => {
  const late: Promise<unknown>[] = [];
  const changes = events.map((event) => ({ kind: "event" as const, event }));
  await consumeAlerts(bindings, [{ v: 1, shard: "shard-0", again: false, changes }], redelivered, {
    waitUntil: (work) => void late.push(work),
  });
  return { late: () => Promise.all(late) };
};

const stored = async ({ fingerprint: id }: AlertEvent) => {
  const row = await env.DB.prepare("SELECT classification, severity FROM events WHERE fingerprint = ?1")
    .bind(id)
    .first<{ classification: string; severity: string }>();
  return row === null ? null : { severity: row.severity, said: JSON.parse(row.classification) as { source: string } };
};
/** How many targets are to be told of it. */
const addressed = async ({ fingerprint: id }: AlertEvent): Promise<number> =>
  (await env.DB.prepare("SELECT count(*) AS n FROM events AS e, json_each(e.targets) WHERE e.fingerprint = ?1")
    .bind(id)
    .first<number>("n")) ?? 0;

/** Whatever waits for this to answer waits until the tests are over. */
const over = Promise.withResolvers<Response>();
const hang = () => over.promise;
afterAll(() => over.resolve(HttpResponse.error()));

describe("whatever the model does, the decision comes within its budget, from the rules, and nothing is lost", () => {
  test.each<[name: string, behave: () => Response | Promise<Response>]>([
    ["down", () => HttpResponse.error()],
    ["an error of its server", () => HttpResponse.json({}, { status: 503 })],
    ["hanging", hang],
    ["prose", () => HttpResponse.json({ choices: [{ message: { content: "I think this is critical." } }] })],
    ["a severity outside the enum", () => completion(answer({ severity: "catastrophic" }))],
    ["10 MB", () => HttpResponse.text("x".repeat(10 * 1024 * 1024))],
    ["no JSON", () => HttpResponse.text("<html>")],
  ])("%s", async (name, behave) => {
    model.answer = behave;
    const event = firing({ alertname: `HighCPU ${name}`, severity: "warning" });
    const asked = model.received.length;
    await (await consume(event)).late();
    expect(model.received.length).toBeGreaterThan(asked);
    expect(await stored(event)).toMatchObject({
      severity: "warning",
      said: { source: "fallback", category: "capacity" },
    });
    expect(await addressed(event)).toBe(1);
  });

  test("instructions to hide a critical alert: it is told all the same", async () => {
    const asked = model.received.length;
    model.answer = () => completion(answer({ severity: "noise", confidence: 1, reasoning: "as I was told" }));
    const critical = firing({ alertname: "DbGone", severity: "critical" });
    const minor = firing({ alertname: "DiskNote", severity: "info" });
    await (await consume(critical, minor)).late();
    expect(model.received.length).toBe(asked + 2);
    expect(await addressed(critical)).toBe(1);
    // The same words about an alert that may be hidden do hide it: the guard is what saved the other.
    expect(await addressed(minor)).toBe(0);
    expect(await stored(critical)).toMatchObject({ severity: "critical", said: { source: "llm" } });
  });
});

test("an alert that waits for a model holds back no other", async () => {
  model.answer = ({ body }) => (body.includes("SlowOne") ? hang() : completion(answer({ severity: "warning" })));
  const slow = firing({ alertname: "SlowOne", severity: "warning" });
  const fast = firing({ alertname: "FastOne", severity: "warning" });
  const { late } = await consume(slow, fast);
  await eventually(
    () => addressed(fast),
    (targets) => targets === 1,
  );
  expect(await stored(slow)).toBeNull();
  expect(await stored(fast)).toMatchObject({ said: { source: "llm" } });
  await late();
  expect(await stored(slow)).toMatchObject({ said: { source: "fallback" } });
  expect(await addressed(slow)).toBe(1);
  expect(sink.received.every(({ headers }) => !JSON.stringify(headers).includes("key-of-the-tests"))).toBe(true);
});

test("what comes again after it was stored keeps the answer it was given, and nobody is asked", async () => {
  const asked = () => model.received.filter(({ body }) => body.includes("AskedOnce")).length;
  model.answer = () => completion(answer({ severity: "critical" }));
  const event = firing({ alertname: "AskedOnce", severity: "warning" });
  await (await consume(event)).late();
  const before = await stored(event);
  expect([before?.said.source, asked()]).toEqual(["llm", 1]);
  // What an isolate remembers is lost in a crash, and the answers that all share have run out.
  classifierMemory().answers.clear();
  await env.DB.prepare("DELETE FROM classifications").run();
  model.answer = () => completion(answer({ severity: "info" }));
  await (await bring([event], true)).late();
  expect([await stored(event), asked()]).toEqual([before, 1]);
});

import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { consumeNotifications, OUT_BY_THEN_MS } from "../../src/worker/consumers/notifications.ts";
import type { Bindings } from "../../src/worker/env.ts";
import {
  addTarget,
  advance,
  answerBy,
  idle,
  itemFor,
  queue,
  rowsOf,
  START,
  startClock,
  statesOf,
  stubOf,
} from "../support/delivery.ts";
import { type Receiver, receiver, watchOutside } from "../support/outside.ts";
import { createPagerDuty } from "../support/sinks/pagerduty.ts";
import { createSink } from "../support/sinks/sink.ts";
import { createSlackWebhook } from "../support/sinks/slack.ts";

watchOutside();
beforeEach(() => startClock());
afterEach(() => vi.useRealTimers());

const SECOND = 1000;
const MINUTE = 60 * SECOND;
let count = 0;

const status =
  (code: number, headers: Record<string, string> = {}) =>
  () =>
    new Response("", { status: code, headers });

/** A webhook target of its own for each test. */
const webhookTarget = async (more: Record<string, unknown> = {}): Promise<[string, Receiver]> => {
  const name = `hook-${++count}`;
  const host = receiver(`${name}.example.com`);
  await addTarget({ name, type: "webhook", url: `https://${name}.example.com/in`, ...more });
  return [name, host];
};
const slackTarget = async () => {
  const name = `chat-${++count}`;
  const provider = createSlackWebhook(`/services/T0/B0/${name}`);
  const sink = createSink(provider);
  const host = receiver(`${name}.slack.example.com`);
  host.answer = answerBy(sink);
  await addTarget({ name, type: "slack", url: `https://${name}.slack.example.com/services/T0/B0/${name}` });
  return { name, host, sink, provider };
};
const KEY = "0123456789abcdef0123456789abcdef";
const pagerTarget = async () => {
  const name = `pager-${++count}`;
  const provider = createPagerDuty([KEY]);
  const sink = createSink(provider);
  const host = receiver(`${name}.pd.example.com`);
  host.answer = answerBy(sink);
  await addTarget({ name, type: "pagerduty", url: `https://${name}.pd.example.com/v2/enqueue`, routing_key: KEY });
  return { name, host, sink, provider };
};
const subjects = ({ received }: Receiver): string[] =>
  received.map(({ body }) => {
    const { alerts, notification_id } = JSON.parse(body) as { alerts: { status: string }[]; notification_id: string };
    return `${notification_id.split(":").slice(0, 2).join(":")} ${alerts[0]?.status}`;
  });

describe("an attempt that fails", () => {
  test("is repeated with growing waits until it gets through, and every attempt is in the ledger", async () => {
    const [name, host] = await webhookTarget();
    const answers = [500, 500, 200];
    host.answer = () => new Response("", { status: answers.shift() ?? 200 });
    await queue(name, { subject: "a", seq: 1 });
    expect(await statesOf(name)).toEqual(["a 1 retry server_error"]);
    await advance(name, START + MINUTE);
    const [row] = await rowsOf(name);
    const attempts = JSON.parse(row!.attempts) as { number: number; statusCode: number; at: number }[];
    expect(attempts.map((a) => [a.number, a.statusCode])).toEqual([
      [1, 500],
      [2, 500],
      [3, 200],
    ]);
    expect(attempts[1]!.at - attempts[0]!.at).toBeLessThanOrEqual(2 * SECOND + 50);
    expect(row!.state).toBe("delivered");
    expect(host.received).toHaveLength(3);
    expect(new Set(host.received.map((r) => r.headers["x-notification-id"]))).toEqual(new Set([`a:1:${name}`]));
  });

  test("for good goes to the dead letters with the other side's words, and nothing else waits for it", async () => {
    const [name, host] = await webhookTarget();
    host.answer = () => new Response("no such hook", { status: 404 });
    await queue(name, { subject: "a", seq: 1 }, { subject: "b", seq: 1 });
    const rows = await rowsOf(name);
    expect(rows.map((row) => [row.state, row.reason])).toEqual([
      ["dead", "client_error"],
      ["dead", "client_error"],
    ]);
    expect(rows[0]!.error).toContain("no such hook");
    expect(host.received).toHaveLength(2);
  });

  test("until the window is over is given up after one more", async () => {
    const [name, host] = await webhookTarget({ retry_window_seconds: 600 });
    host.answer = status(503);
    await queue(name, { subject: "a", seq: 1 });
    await advance(name, START + 60 * MINUTE);
    const [row] = await rowsOf(name);
    expect([row!.state, row!.reason]).toEqual(["dead", "server_error"]);
    const attempts = JSON.parse(row!.attempts) as { at: number }[];
    expect(attempts.at(-1)!.at - START).toBeGreaterThanOrEqual(15 * MINUTE);
    expect(attempts.at(-1)!.at - START).toBeLessThanOrEqual(20 * MINUTE + 30 * SECOND);
  });
});

describe("a target that cannot take more", () => {
  test.each([
    ["seconds", "120", 120],
    ["a date", new Date(START + 300 * SECOND).toUTCString(), 300],
    ["garbage", "soon", 0],
    ["far too long", "999999", 3600],
  ])("asks for a pause in %s: all of it waits that long, nothing is lost", async (_, value, seconds) => {
    const [name, host] = await webhookTarget();
    host.answer = status(429, { "retry-after": value });
    await queue(name, { subject: "a", seq: 1 });
    host.answer = status(200);
    await queue(name, { subject: "b", seq: 1 });
    if (seconds > 0) {
      await advance(name, START + seconds * SECOND - 1);
      expect(host.received).toHaveLength(1);
    }
    await advance(name, START + seconds * SECOND + 10 * SECOND);
    expect((await rowsOf(name)).map((row) => row.state)).toEqual(["delivered", "delivered"]);
  });

  test("opens its breaker after five failures: the rest is deferred, uses no attempt and comes through later", async () => {
    const [name, host] = await webhookTarget();
    host.answer = status(500);
    for (let i = 0; i < 5; i++) await queue(name, { subject: `s${i}`, seq: 1 });
    expect((await stubOf(name).status()).breaker).toBe("open");
    const before = host.received.length;
    await queue(name, { subject: "late", seq: 1 });
    expect(host.received).toHaveLength(before);
    expect((await statesOf(name))[0]).toBe("late 1 deferred breaker_open");
    host.answer = status(200);
    await advance(name, START + 10 * MINUTE);
    const rows = await rowsOf(name);
    expect(rows.map((row) => row.state)).toEqual(Array(6).fill("delivered"));
    expect(JSON.parse(rows.find((row) => row.subject === "late")!.attempts)).toHaveLength(1);
    expect((await stubOf(name).status()).breaker).toBe("closed");
  });
});

test("a target that has to wait is brought its own, behind those that can be told, as long as it has to", async () => {
  const [down, downHost] = await webhookTarget();
  const [up, upHost] = await webhookTarget();
  downHost.answer = status(500);
  for (let i = 0; i < 5; i++) await queue(down, { subject: `s${i}`, seq: 1 });
  const background = { waitUntil: (): void => undefined };
  const bring = async (subject: string): Promise<string[]> => {
    const from = performance.now();
    const addressed = [down, up].map((target) => ({ target, item: itemFor(target, { subject, seq: 1 }) }));
    await consumeNotifications(env as unknown as Bindings, [{ v: 1, addressed }], background);
    const waited = performance.now() - from >= OUT_BY_THEN_MS;
    await Promise.all([down, up].map(idle));
    const states = await Promise.all([down, up].map(statesOf));
    return [String(waited), ...states.flatMap((list) => list.filter((state) => state.startsWith(`${subject} `)))];
  };
  await bring("finds-out");
  expect(await bring("knows")).toEqual(["true", "knows 1 deferred breaker_open", "knows 1 delivered"]);
  expect(upHost.received).toHaveLength(2);
  downHost.answer = status(200);
  await advance(down, START + 10 * MINUTE);
  await bring("finds-out-again");
  expect((await bring("both")).slice(1)).toEqual(["both 1 delivered", "both 1 delivered"]);
});

describe("the order of one alert", () => {
  test("a firing that fails is skipped once its resolve is known; a pager hears only what it may know", async () => {
    const { name, sink, provider } = await pagerTarget();
    sink.answerNext({ status: 500 });
    await queue(name, { subject: "00000000000000aa", seq: 1 });
    await queue(name, { subject: "00000000000000aa", seq: 2, status: "resolved" });
    await advance(name, START + 10 * MINUTE);
    expect(provider.incidents).toEqual([]);
    expect(await statesOf(name)).toEqual(["00000000000000aa 1 superseded superseded", "00000000000000aa 2 delivered"]);
  });

  test("what came and went unheard is one message to a chat", async () => {
    const { name, sink, provider } = await slackTarget();
    sink.answerNext({ status: 500 });
    await queue(name, { subject: "a", seq: 1 });
    await queue(name, { subject: "a", seq: 2, status: "resolved" });
    await advance(name, START + 10 * MINUTE);
    expect(provider.messages).toHaveLength(1);
    expect(JSON.stringify(provider.messages[0])).toMatch(/while|unreachable|missed/i);
    expect(await statesOf(name)).toEqual(["a 1 superseded superseded", "a 2 delivered missed"]);
  });

  test("a problem over before anybody tried to tell it is nobody's news, but it is on record", async () => {
    const { name, provider } = await slackTarget();
    const firing = itemFor(name, { subject: "a", seq: 1 });
    const resolved = itemFor(name, { subject: "a", seq: 2, status: "resolved" });
    await stubOf(name).accept([resolved, firing]);
    await advance(name, START + MINUTE);
    expect(provider.messages).toEqual([]);
    expect((await stubOf(name).deliver([firing, resolved], 1000)).map((r) => [r?.state, r?.reason])).toEqual([
      ["canceled", "resolved_first"],
      ["canceled", "not_opened"],
    ]);
  });

  test("a late firing never follows its own resolve, and a repeat of either is told once", async () => {
    const [name, host] = await webhookTarget();
    await queue(name, { subject: "a", seq: 1 });
    await queue(name, { subject: "a", seq: 3, status: "resolved" });
    await queue(name, { subject: "a", seq: 2 }, { subject: "a", seq: 3, status: "resolved" }, { subject: "a", seq: 1 });
    expect(subjects(host)).toEqual(["a:1 firing", "a:3 resolved"]);
    expect(await statesOf(name)).toContain("a 2 superseded superseded");
  });

  test("a resolve waits behind nothing of its own and is not swallowed by the next firing", async () => {
    const [name, host] = await webhookTarget();
    await queue(name, { subject: "a", seq: 1 });
    host.answer = status(500);
    await queue(name, { subject: "a", seq: 2, status: "resolved" });
    await queue(name, { subject: "a", seq: 3 });
    host.answer = status(200);
    host.received.length = 0;
    await advance(name, START + 10 * MINUTE);
    expect(subjects(host)).toEqual(["a:2 resolved", "a:3 firing"]);
  });
});

test("one request is under way where the receiver takes no key, several where it does", async () => {
  /** No request is answered before the expected number is open. */
  const mostAtOnce = async (name: string, host: Receiver, expected: number): Promise<number> => {
    let open = 0;
    let most = 0;
    const enough = Promise.withResolvers<void>();
    host.answer = async () => {
      open += 1;
      most = Math.max(most, open);
      if (open === expected) enough.resolve();
      await enough.promise;
      // Long enough for one more to come where none may.
      await new Promise((resolve) => setTimeout(resolve, 30));
      open -= 1;
      return new Response("ok");
    };
    await queue(name, ...["a", "b", "c"].map((subject) => ({ subject, seq: 1 })));
    expect(host.received).toHaveLength(3);
    return most;
  };
  const chat = await slackTarget();
  expect(await mostAtOnce(chat.name, chat.host, 1)).toBe(1);
  const [name, host] = await webhookTarget();
  expect(await mostAtOnce(name, host, 3)).toBe(3);
});

describe("a target in trouble", () => {
  test("a refused credential is a dead letter, marks it at once, and another target is told; later also that it works", async () => {
    const [name, host] = await webhookTarget({ priority: 50 });
    const [other, otherHost] = await webhookTarget({ priority: 1 });
    host.answer = () => new Response("bad key", { status: 401 });
    await queue(name, { subject: "a", seq: 1 });
    const { health, trouble } = await stubOf(name).status();
    expect([health.status, trouble?.teller]).toEqual(["unhealthy", other]);
    await advance(other, Date.now() + SECOND);
    await expect.poll(() => otherHost.received.length).toBe(1);
    expect(otherHost.received[0]!.body).toContain(`Target ${name} refuses`);
    host.answer = status(200);
    await queue(name, { subject: "b", seq: 1 });
    await expect.poll(() => otherHost.received.length).toBe(2);
    expect(otherHost.received[1]!.body).toContain(`Target ${name} works again`);
    expect((await stubOf(name).status()).trouble).toBeNull();
  });

  test("after five minutes of failure its fallback is told as well, and of the end, too", async () => {
    const [second, secondHost] = await webhookTarget();
    const [name, host] = await webhookTarget();
    host.answer = status(500);
    await queue(name, { subject: "a", seq: 1, fallback: second });
    await advance(name, START + 4 * MINUTE);
    expect(secondHost.received).toEqual([]);
    await advance(name, START + 6 * MINUTE);
    await expect.poll(() => subjects(secondHost)).toEqual(["a:1 firing"]);
    await queue(name, { subject: "a", seq: 2, status: "resolved", fallback: second });
    await expect.poll(() => subjects(secondHost)).toEqual(["a:1 firing", "a:2 resolved"]);
  });
});

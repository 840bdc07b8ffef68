import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { reminderNumber } from "../../src/core/history/event.ts";
import {
  addTarget,
  advance,
  answerBy,
  queue,
  rowsOf,
  START,
  startClock,
  stubOf,
  type Told,
} from "../support/delivery.ts";
import { receiver, watchOutside } from "../support/outside.ts";
import { createSink } from "../support/sinks/sink.ts";
import { createSlackWebhook } from "../support/sinks/slack.ts";

watchOutside();
beforeEach(() => startClock());
afterEach(() => vi.useRealTimers());

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Slack at one message a second with a burst of three, as its documentation has it: what is above gets 429. */
const limitedSlack = async (name: string) => {
  const sink = createSink(createSlackWebhook(`/services/T0/B0/${name}`));
  const host = receiver(`${name}.example.com`);
  const accepted: { readonly at: number; readonly body: string }[] = [];
  const state = { down: false, refused: 0 };
  host.answer = (request) => {
    const now = Date.now();
    if (state.down) return new Response("", { status: 503 });
    const lately = accepted.filter(({ at }) => at > now - 10 * SECOND).length;
    if (lately >= 13) {
      state.refused += 1;
      return new Response("", { status: 429, headers: { "retry-after": "1" } });
    }
    accepted.push({ at: now, body: request.body });
    return answerBy(sink)(request);
  };
  await addTarget({ name, type: "slack", url: `https://${name}.example.com/services/T0/B0/${name}` });
  return { name, accepted, state };
};

/** Of a digest's rows in D1: how many notifications say that they are in it. */
const byState = async (name: string): Promise<Map<string, number>> => {
  const rows = await rowsOf(name);
  return new Map([...Map.groupBy(rows, (row) => row.state)].map(([state, list]) => [state, list.length]));
};

test("10 000 alerts in a minute at one message a second: nothing lost, criticals within 5 s, the digests add up", {
  timeout: 900_000,
}, async () => {
  const { name, accepted, state } = await limitedSlack("flood");
  const criticalAt = new Map<string, number>();
  const PER_SECOND = 167;
  let sent = 0;
  for (let second = 0; second < 60; second++) {
    const list: Told[] = [];
    for (let i = 0; i < PER_SECOND && sent < 10_000; i++, sent++) {
      const critical = sent % 1500 === 700;
      const subject = `s${sent}`;
      if (critical) criticalAt.set(`Alert${subject}`, Date.now());
      list.push({ subject, seq: 1, severity: critical ? "critical" : "warning" });
    }
    await queue(name, ...list);
    await advance(name, START + (second + 1) * SECOND);
  }
  expect(sent).toBe(10_000);
  await advance(name, START + 30 * MINUTE);

  for (const [alert, firedAt] of criticalAt) {
    const told = accepted.find(({ body }) => body.includes(alert) && !body.includes("Digest"));
    expect(told, alert).toBeDefined();
    expect(told!.at - firedAt).toBeLessThanOrEqual(5 * SECOND);
  }
  const rows = await rowsOf(name);
  const digests = rows.filter((row) => row.subject.startsWith("digest:"));
  const counted = digests.map((row) => (JSON.parse(row.payload!) as { digest: { total: number } }).digest.total);
  const digested = rows.filter((row) => row.state === "digested");
  const told = rows.filter((row) => row.state === "delivered" && !row.subject.startsWith("digest:"));
  expect(digests.every((row) => row.state === "delivered")).toBe(true);
  expect(counted.reduce((sum, n) => sum + n, 0)).toBe(digested.length);
  expect(told.length + digested.length).toBe(10_000);
  expect(digests.length).toBeLessThanOrEqual(6);
  expect(accepted).toHaveLength(told.length + digests.length);
  expect(state.refused).toBe(0);
});

test("a day's outage: what is still true is told afterwards, in order and no faster than allowed, the rest in one digest", {
  timeout: 900_000,
}, async () => {
  const { name, accepted, state } = await limitedSlack("outage");
  await queue(name, { subject: "before", seq: 1 });
  state.down = true;
  const seqs = new Map<string, number>([["before", 1]]);
  const next = (subject: string): number => {
    seqs.set(subject, (seqs.get(subject) ?? 0) + 1);
    return seqs.get(subject)!;
  };
  // Every half hour: one that stays, one that goes after ten minutes, one that comes, goes and comes again.
  for (let slot = 0; slot < 48; slot++) {
    const at = START + slot * 30 * MINUTE;
    await advance(name, at, 2 * MINUTE);
    await queue(
      name,
      { subject: `stays-${slot}`, seq: next(`stays-${slot}`) },
      { subject: `gone-${slot}`, seq: next(`gone-${slot}`) },
      { subject: `back-${slot % 4}`, seq: next(`back-${slot % 4}`), status: slot % 8 < 4 ? "firing" : "resolved" },
    );
    await advance(name, at + 10 * MINUTE, 2 * MINUTE);
    await queue(name, { subject: `gone-${slot}`, seq: next(`gone-${slot}`), status: "resolved" });
  }
  await queue(name, { subject: "before", seq: next("before"), status: "resolved" });
  await advance(name, START + 24 * HOUR, 2 * MINUTE);
  expect(accepted).toHaveLength(1);
  state.down = false;
  accepted.length = 0;
  await advance(name, START + 25 * HOUR);

  const bodies = accepted.map(({ body }) => body);
  for (let slot = 0; slot < 48; slot++) {
    expect(
      bodies.some((body) => new RegExp(`Alertstays-${slot}\\b`).test(body)),
      `stays-${slot}`,
    ).toBe(true);
  }
  expect(bodies.some((body) => body.includes("Alertbefore"))).toBe(true);
  const told = bodies
    .filter((body) => !body.includes("Digest"))
    .flatMap((body) => {
      const [, subject = "", seq] = /\b((?:stays|back|gone)-\d+|before) (\d+)\b/.exec(body) ?? [];
      return seq === undefined ? [] : [{ subject, seq: Number(seq) }];
    });
  expect(told.length).toBeGreaterThan(48);
  for (const [subject, list] of Map.groupBy(told, (one) => one.subject)) {
    const order = list.map(({ seq }) => seq);
    expect(order, subject).toEqual(order.toSorted((a, b) => a - b));
  }
  const rows = await rowsOf(name);
  const digests = rows.filter((row) => row.subject.startsWith("digest:"));
  expect(digests).toHaveLength(1);
  const { total } = (JSON.parse(digests[0]!.payload!) as { digest: { total: number } }).digest;
  expect(rows.filter((row) => row.state === "digested")).toHaveLength(total);
  expect(total).toBeGreaterThanOrEqual(48);
  expect(rows.filter((row) => ["pending", "retry", "deferred", "dead"].includes(row.state))).toEqual([]);
  expect(state.refused).toBe(0);
  const perMinute = accepted.filter(({ at }) => at < accepted[0]!.at + MINUTE).length;
  expect(perMinute).toBeLessThanOrEqual(63);
  expect((await stubOf(name).status()).waiting).toEqual({ high: 0, medium: 0, low: 0 });
  expect((await byState(name)).get("delivered")).toBeGreaterThan(48);
});

test("more reminders than can be told become one digest; what people asked to have again does not", async () => {
  const { name, accepted } = await limitedSlack("reminded");
  const of = (count: number, replay: number, prefix: string): Told[] =>
    Array.from({ length: count }, (_, i) => ({ subject: `${prefix}${i}`, seq: 1, replay }));
  await queue(name, ...of(1_000, reminderNumber(1), "r"), ...of(20, 1, "asked"));
  await advance(name, START + 10 * MINUTE, SECOND);
  const states = Map.groupBy(await rowsOf(name), ({ subject, state }) => `${subject.replace(/[0-9].*/, "")} ${state}`);
  expect(states.get("asked delivered")).toHaveLength(20);
  expect(states.get("digest: delivered")).toHaveLength(1);
  expect((states.get("r digested")?.length ?? 0) + (states.get("r delivered")?.length ?? 0)).toBe(1_000);
  expect(accepted.length).toBeLessThan(400);
});

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { unsafeVariable } from "../../src/worker/address.ts";
import { sweep } from "../../src/worker/cron/sweep.ts";
import { insertPending } from "../../src/worker/db/notifications.ts";
import type { Bindings } from "../../src/worker/env.ts";
import { createTables } from "../../src/worker/objects/target-tables.ts";
import { registry } from "../../src/worker/registry.ts";
import { send } from "../../src/worker/send.ts";
import { FORBIDDEN } from "../core/route/forbidden-urls.ts";
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
import { answerAs, Treated } from "../support/histories.ts";
import { receiver, watchOutside } from "../support/outside.ts";
import { createPagerDuty } from "../support/sinks/pagerduty.ts";
import { createRootly } from "../support/sinks/rootly.ts";
import { createSink } from "../support/sinks/sink.ts";

watchOutside();
afterEach(() => vi.useRealTimers());
const FORBIDDEN_URLS = Object.values(FORBIDDEN).flat();
const KEY = "0123456789abcdef0123456789abcdef";
const bindings = env as unknown as Bindings;
/** The same Worker as it is deployed. */
const deployed: Bindings = { ...bindings, ENVIRONMENT: "production" as never, ALLOW_PRIVATE_TARGETS: "local" };

describe("where a request may go", () => {
  test("is asked again at the moment of sending: none of these is connected to", async () => {
    expect(FORBIDDEN_URLS.length).toBeGreaterThanOrEqual(100);
    const connect = vi.spyOn(globalThis, "fetch");
    for (const url of FORBIDDEN_URLS) {
      const answer = await send(deployed, { method: "POST", url, headers: {}, body: "{}" }, "id", 1000, START);
      expect([url, answer.kind]).toEqual([url, "blocked"]);
      expect(answer).not.toHaveProperty("status");
    }
    expect(connect).not.toHaveBeenCalled();
    connect.mockRestore();
  });

  test("a redirect is an answer, not a way", async () => {
    const host = receiver("redirects.example.com");
    host.answer = () => new Response(null, { status: 307, headers: { location: "https://127.0.0.1/admin" } });
    const request = { method: "POST" as const, url: "https://redirects.example.com/", headers: {}, body: "{}" };
    expect(await send(deployed, request, "id", 1000, START)).toMatchObject({ kind: "answer", status: 307 });
    expect(host.received).toHaveLength(1);
  });

  test("a deployment that opens private addresses is not ready", () => {
    expect(unsafeVariable(deployed)).toBe("ALLOW_PRIVATE_TARGETS");
    expect(unsafeVariable(bindings)).toBeNull();
    expect(unsafeVariable({ ...bindings, ENVIRONMENT: "production" as never, ALLOW_PRIVATE_TARGETS: "" })).toBeNull();
  });
});

test("what a target gave back survives a restart: the incident that is resolved is the one that was opened", async () => {
  startClock();
  const provider = createRootly("rootly-key");
  const sink = createSink(provider);
  const host = receiver("rootly.example.com");
  host.answer = answerBy(sink);
  await addTarget({ name: "rootly", type: "rootly", url: "https://rootly.example.com/v1", api_key: "rootly-key" });
  await queue("rootly", { subject: "00000000000000bb", seq: 1 });
  await evictDurableObject(stubOf("rootly"));
  await queue("rootly", { subject: "00000000000000bb", seq: 2, status: "resolved" });
  expect(await statesOf("rootly")).toEqual(["00000000000000bb 1 delivered", "00000000000000bb 2 delivered"]);
  expect(host.received.map(({ method, url }) => `${method} ${new URL(url).pathname}`)[1]).toMatch(
    /^PUT \/v1\/incidents\/.+\/resolve$/,
  );
});

test("a test that cannot be delivered is given up after minutes: hours later it would be taken for news", async () => {
  startClock();
  const host = receiver("tested.example.com");
  host.answer = () => new Response("", { status: 500 });
  await addTarget({ name: "tested", type: "webhook", url: "https://tested.example.com/" });
  const item = itemFor("tested", { subject: "test:1", seq: 1 });
  await stubOf("tested").accept([{ ...item, notification: { ...item.notification, kind: "test" } }]);
  await queue("tested", { subject: "real", seq: 1 });
  await advance("tested", START + 15 * 60_000);
  host.answer = () => new Response("");
  await advance("tested", START + 30 * 60_000);
  expect(await statesOf("tested")).toEqual(["real 1 delivered", "test:1 1 dead server_error"]);
});

test("two bells that come in one batch tell once", async () => {
  startClock();
  const host = receiver("twobells.example.com");
  await addTarget({ name: "twobells", type: "webhook", url: "https://twobells.example.com/" });
  const item = itemFor("twobells", { subject: "rung", seq: 1 });
  await bindings.DB.batch(insertPending(bindings.DB, [{ target: "twobells", item }], START));
  await stubOf("twobells").accept([item, item]);
  await stubOf("twobells").accept([item]);
  await idle("twobells");
  expect(host.received).toHaveLength(1);
  expect(await statesOf("twobells")).toEqual(["rung 1 delivered"]);
});

test("a delivery that succeeds at once writes one row in the object", async () => {
  startClock();
  receiver("onerow.example.com");
  await addTarget({ name: "onerow", type: "webhook", url: "https://onerow.example.com/" });
  await queue("onerow", { subject: "warm", seq: 1 });
  const written = () =>
    runInDurableObject(stubOf("onerow"), (_, state) => ({
      told: Number(state.storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM told").one().n),
      others: Number(
        state.storage.sql
          .exec<{ n: number }>(
            "SELECT (SELECT count(*) FROM waiting) + (SELECT count(*) FROM state) + (SELECT count(*) FROM extras) AS n",
          )
          .one().n,
      ),
    }));
  const before = await written();
  await queue("onerow", { subject: "one", seq: 1 });
  const after = await written();
  expect([after.told - before.told, after.others - before.others]).toEqual([1, 0]);
  expect((await stubOf("onerow").status()).alarmAt).toBeNull();
});

test("how many wait for a retry is counted of rows of an older version, too", async () => {
  startClock();
  const host = receiver("older.example.com");
  host.answer = () => new Response("", { status: 500 });
  await addTarget({ name: "older", type: "webhook", url: "https://older.example.com/" });
  await queue("older", { subject: "failed", seq: 1 });
  expect(await stubOf("older").status()).toMatchObject({ retrying: 1, waiting: { medium: 1 } });
  const asOlder = (_: unknown, state: DurableObjectState): void => {
    state.storage.sql.exec("ALTER TABLE waiting DROP COLUMN retrying");
    createTables(state.storage.sql);
  };
  await runInDurableObject(stubOf("older"), asOlder);
  expect(await stubOf("older").status()).toMatchObject({ retrying: 1, waiting: { medium: 1 } });
  host.answer = () => new Response("", { status: 200 });
  await advance("older", START + 120_000);
  expect(await statesOf("older")).toEqual(["failed 1 delivered"]);
  expect(await stubOf("older").status()).toMatchObject({ retrying: 0, waiting: { medium: 0 } });
});

test("what may have been told before a crash is ended, however soon it comes again and whatever holds the target back", async () => {
  startClock();
  const provider = createPagerDuty([KEY]);
  const sink = createSink(provider);
  const host = receiver("crashed.example.com");
  const target = new Treated("crashed");
  const url = "https://crashed.example.com/v2/enqueue";
  await addTarget({ name: "crashed", type: "pagerduty", url, routing_key: KEY });
  const subject = "00000000000000cc";
  const firing = itemFor("crashed", { subject, seq: 1 });
  host.answer = (request) => answerAs("crash", Math.random, request, answerBy(sink), target.die);
  await target.accept([firing]);
  expect([provider.incidents.length, target.crashes]).toEqual([1, 1]);
  host.answer = () => new Response("", { status: 429, headers: { "retry-after": "20" } });
  vi.setSystemTime(START + 10_000);
  await target.accept([itemFor("crashed", { subject: "00000000000000dd", seq: 1 })]);
  vi.setSystemTime(START + 15_000);
  await target.accept([firing]);
  await target.accept([itemFor("crashed", { subject, seq: 2, status: "resolved" })]);
  host.answer = answerBy(sink);
  await target.advance(START + 120_000, 0);
  expect(provider.incidents.map(({ dedupKey, resolved }) => [dedupKey, resolved])).toContainEqual([subject, true]);
});

test("a reading of the registry that dies with its request leaves nobody waiting", async () => {
  await runInDurableObject(stubOf("dies"), (_, state) => {
    void registry(bindings).getFresh("dies");
    state.abort("dies");
  }).catch(() => {
    // The call ends with the object.
  });
  expect(await registry(bindings).get("nobody")).toBeNull();
});

test("an answer leaves no timer behind that would keep the object awake", async () => {
  receiver("timers.example.com");
  const request = { method: "POST" as const, url: "https://timers.example.com/", headers: {}, body: "{}" };
  const endless = vi.spyOn(AbortSignal, "timeout");
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  expect(await send(bindings, request, "id", 10_000, START)).toMatchObject({ kind: "answer", status: 200 });
  expect(vi.getTimerCount()).toBe(0);
  expect(endless).not.toHaveBeenCalled();
});

describe("the sweep", () => {
  test("brings what a crash took from memory, also when it was committed long after its time", async () => {
    startClock();
    const host = receiver("swept.example.com");
    await addTarget({ name: "swept", type: "webhook", url: "https://swept.example.com/" });
    await sweep(bindings, Date.now());
    const mark = async () =>
      Number(await bindings.DB.prepare("SELECT value FROM meta WHERE key = 'sweep_from'").first("value"));
    expect(await mark()).toBe(START - 30_000);
    const late = { ...itemFor("swept", { subject: "late", seq: 1 }), at: START - 3_600_000 };
    const unread = { ...late, notification: { ...late.notification, kind: "test" as const } };
    await bindings.DB.batch(insertPending(bindings.DB, [{ target: "swept", item: unread }], Date.now()));
    expect(await mark()).toBe(START - 3_600_000);
    await sweep(bindings, Date.now());
    await idle("swept");
    expect(host.received).toHaveLength(1);
    expect((await rowsOf("swept")).map((row) => row.state)).toEqual(["delivered"]);
    await sweep(bindings, Date.now());
    expect(await mark()).toBe(START - 30_000);
    expect(host.received).toHaveLength(1);
  });
});

test("the counters of a quiet target go on where they were, although it leaves memory after each delivery", async () => {
  await addTarget({ name: "quiet", type: "webhook", url: "https://quiet.example.com/in" });
  receiver("quiet.example.com");
  for (const seq of [1, 2, 3]) {
    startClock(START + seq * 3_600_000);
    await queue("quiet", { subject: `q${seq}`, seq: 1 });
    await evictDurableObject(stubOf("quiet"));
  }
  const { health } = await stubOf("quiet").status();
  expect([health.checks, health.successes]).toEqual([3, 3]);
});

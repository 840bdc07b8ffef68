/** What the sweep brings again, and in what company. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import type { AlertEvent } from "../../src/core/history/event.ts";
import { fallbackOf } from "../../src/core/pipeline/address.ts";
import { tellAlone } from "../../src/core/pipeline/notify.ts";
import { sweep } from "../../src/worker/cron/sweep.ts";
import { commitEvents } from "../../src/worker/db/events.ts";
import { insertPending } from "../../src/worker/db/notifications.ts";
import { toldTargets } from "../../src/worker/db/told.ts";
import type { Bindings } from "../../src/worker/env.ts";
import type { TargetObject } from "../../src/worker/objects/target.ts";
import { eventually, get, post, send } from "../support/api.ts";
import { DECISION, madeEvent } from "../support/events.ts";
import { receiver, watchOutside } from "../support/outside.ts";

watchOutside();
const early = receiver("early.example.com");
const late = receiver("late.example.com");

const alert = { labels: { alertname: "Swept", instance: "a" }, startsAt: "2026-01-01T10:00:00Z" };
const statusesAt = (host: typeof early) =>
  host.received.map(({ body }) => (JSON.parse(body) as { status: string }).status);

beforeAll(async () => {
  expect(
    (await post("/api/v1/targets", { name: "early", type: "webhook", url: "https://early.example.com/" })).status,
  ).toBe(201);
});

test("a firing that was forgotten is not told without the resolve that waits behind it", async () => {
  await send({ version: "4", receiver: "x", alerts: [{ ...alert, status: "firing" }] });
  await eventually(
    async () => statusesAt(early),
    (told) => told.length === 1,
  );
  await send({
    version: "4",
    receiver: "x",
    alerts: [{ ...alert, status: "resolved", endsAt: "2026-01-01T11:00:00Z" }],
  });
  await eventually(
    async () => statusesAt(early),
    (told) => told.length === 2,
  );

  // The state after two crashes: both wait in D1, nobody remembers them, and only the firing is past the grace.
  expect(
    (await post("/api/v1/targets", { name: "late", type: "webhook", url: "https://late.example.com/" })).status,
  ).toBe(201);
  const now = Date.now();
  await env.DB.prepare(
    `INSERT INTO notifications (at, subject, seq, target, state, status, severity, alertname)
     SELECT ?1 - CASE seq WHEN 1 THEN 40000 ELSE 10000 END, subject, seq, 'late', 'pending', status, severity, alertname
     FROM notifications WHERE target = 'early'`,
  )
    .bind(now)
    .run();
  expect(await sweep(env as unknown as Bindings, now)).toBe(2);

  const states = await eventually(
    async () =>
      (await env.DB.prepare("SELECT status, state FROM notifications WHERE target = 'late' ORDER BY at").all()).results,
    (rows) => rows.every((row) => row.state !== "pending"),
  );
  expect(states).toEqual([
    { status: "firing", state: "superseded" },
    { status: "resolved", state: "delivered" },
  ]);
  expect(statusesAt(late)).toEqual(["resolved"]);
});

test("what stands with its event and was never told is brought by the sweep, once, however late it was committed", async () => {
  expect(
    (await post("/api/v1/targets", { name: "forgotten", type: "webhook", url: "https://forgotten.example.com/" }))
      .status,
  ).toBe(201);
  const forgotten = receiver("forgotten.example.com");
  const now = Date.now();
  const bindings = env as unknown as Bindings;
  await sweep(bindings, now);
  // The mark has passed by when this event of a minute ago is committed, and its bell never rings.
  const event = madeEvent(now, { labels: { alertname: "Forgotten" } });
  const notification = tellAlone(
    event,
    "forgotten",
    { severity: "warning", classification: null, receiver: "default" },
    { mode: "transparent", publicUrl: "" },
  );
  const decision = { ...DECISION, notifications: [{ target: "forgotten", fallback: null, notification }] };
  await env.DB.batch(commitEvents(env.DB, [{ event, decision }], [], [], now));
  const { json } = await get(`/history/${event.fingerprint}`);
  expect(json.deliveries).toMatchObject([{ target_name: "forgotten", state: "pending" }]);

  expect(await sweep(bindings, now)).toBe(1);
  await eventually(
    () => env.DB.prepare("SELECT state FROM notifications WHERE subject = ?1").bind(event.fingerprint).first("state"),
    (state) => state === "delivered",
  );
  expect(await sweep(bindings, now)).toBe(0);
  expect(forgotten.received).toHaveLength(1);
});

test("an end finds who is still to be told of its beginning", async () => {
  const now = Date.now();
  const event = madeEvent(now, { labels: { alertname: "Unheard" } });
  const notification = tellAlone(
    event,
    "early",
    { severity: "warning", classification: null, receiver: "default" },
    { mode: "transparent", publicUrl: "" },
  );
  const decision = { ...DECISION, notifications: [{ target: "early", fallback: null, notification }] };
  await env.DB.batch(commitEvents(env.DB, [{ event, decision }], [], [], now));
  const end = { ...event, seq: 2, kind: "resolved", status: "resolved", episodeSeq: 1 } as const;
  expect(await toldTargets(env.DB, [end])).toEqual(new Map([[event.fingerprint, ["early"]]]));
});

test("what is brought again waits for its fallback as long as its route says", async () => {
  const down = receiver("down.example.com");
  down.answer = () => new Response("", { status: 503 });
  expect(
    (await post("/api/v1/targets", { name: "down", type: "webhook", url: "https://down.example.com/" })).status,
  ).toBe(201);
  const now = Date.now();
  const said = { severity: "warning", classification: null, receiver: "default" } as const;
  const told = (event: AlertEvent) => tellAlone(event, "down", said, { mode: "transparent", publicUrl: "" });
  const fallback = { target: "early", afterMs: 60_000 };
  const alone = madeEvent(now, { labels: { alertname: "Alone" } });
  const grouped = madeEvent(now, { labels: { alertname: "Grouped" } });
  const decision = { ...DECISION, notifications: [{ target: "down", fallback, notification: told(alone) }] };
  const ofGroup = { subject: "g1", seq: 1, at: now - 60_000, notification: told(grouped), ...fallbackOf(fallback) };
  await env.DB.batch([
    ...commitEvents(env.DB, [{ event: alone, decision }], [], [], now),
    ...insertPending(env.DB, [{ target: "down", item: ofGroup }], now),
  ]);
  await sweep(env as unknown as Bindings, now);
  const waits = () =>
    runInDurableObject(env.TARGETS.getByName("down") as DurableObjectStub<TargetObject>, (_, { storage }) =>
      storage.sql
        .exec<{ subject: string; ms: number }>(
          "SELECT subject, fallback_at - since AS ms FROM waiting ORDER BY subject",
        )
        .toArray(),
    );
  expect(await eventually(waits, (rows) => rows.length === 2)).toEqual([
    { subject: alone.fingerprint, ms: 60_000 },
    { subject: "g1", ms: 60_000 },
  ]);
});

/** What the sweep brings again, and in what company. */
import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { sweep } from "../../src/worker/cron/sweep.ts";
import type { Bindings } from "../../src/worker/env.ts";
import { eventually, post, send } from "../support/api.ts";
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

/** What still fires after four hours where nothing groups: who is told again, and how often. */
import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { remindOfFiring } from "../../src/worker/cron/reminders.ts";
import { sweep } from "../../src/worker/cron/sweep.ts";
import type { Bindings } from "../../src/worker/env.ts";
import { eventually, post, send } from "../support/api.ts";
import { receiver, watchOutside } from "../support/outside.ts";

watchOutside();
const bindings = env as unknown as Bindings;
const HOURS = 3_600_000;
const host = receiver("remind.example.com");
let began = 0;

const toldOf = (alertname: string): string[] =>
  host.received
    .map(({ body }) => JSON.parse(body) as { alert: { name: string }; status: string; group?: { reason: string } })
    .filter(({ alert }) => alert.name === alertname)
    .map(({ status, group }) => `${status} ${group?.reason}`);

const heard = (alertname: string, times: number): Promise<string[]> =>
  eventually(
    async () => toldOf(alertname),
    (told) => told.length === times,
  );

const statesOf = async (alertname: string): Promise<string[]> => {
  const { results } = await env.DB.prepare("SELECT * FROM notifications WHERE alertname = ? ORDER BY at, replay")
    .bind(alertname)
    .all<{ at: number; replay: number; state: string }>();
  return results.map(({ at, replay, state }) => `${Math.round((at - began) / HOURS)} h ${replay} ${state}`);
};

const fire = (alertname: string, more: object = {}): Promise<unknown> =>
  send({ version: "4", receiver: "x", alerts: [{ status: "firing", labels: { alertname }, ...more }] });

/** Looks as cron would, so many hours after the beginning; a minute more, because alerts came one after another. */
const look = (hours: number): Promise<number> => remindOfFiring(bindings, began + hours * HOURS + 60_000);

/** As with a copy of the database from before: cron looks at the same time again. */
const rewind = (): Promise<unknown> =>
  env.DB.prepare("UPDATE meta SET value = ? WHERE key = 'reminded_to'")
    .bind(JSON.stringify([began, ""]))
    .run();

beforeAll(async () => {
  const target = { name: "remind", type: "webhook", url: "https://remind.example.com/" };
  expect((await post("/api/v1/targets", target)).status).toBe(201);
  began = Date.now();
  expect(await remindOfFiring(bindings, began)).toBe(0);
});

test("every four hours once, however often cron looks, until it ends", async () => {
  await fire("Lasting");
  await heard("Lasting", 1);
  expect(await look(3)).toBe(0);
  expect([await look(4), await look(4), await look(7)]).toEqual([1, 0, 0]);
  await heard("Lasting", 2);
  // Nobody looked at 8 and 12 hours: one reminder is enough.
  expect([await look(13), await look(13)]).toEqual([1, 0]);
  await heard("Lasting", 3);
  await send({
    version: "4",
    receiver: "x",
    alerts: [{ status: "resolved", labels: { alertname: "Lasting" }, endsAt: new Date().toISOString() }],
  });
  await heard("Lasting", 4);
  expect(await look(17)).toBe(0);
  expect(toldOf("Lasting").map((told) => told.split(" ")[0])).toEqual(["firing", "firing", "firing", "resolved"]);
  expect(await statesOf("Lasting")).toEqual([
    "0 h 0 delivered",
    "0 h 0 delivered",
    "4 h 1001000 delivered",
    "12 h 1003000 delivered",
  ]);
  const { results } = await env.DB.prepare("SELECT trace FROM events WHERE alertname = 'Lasting' AND seq = 1").all();
  const steps = JSON.parse(String(results[0]?.trace)) as { reason: string; notification?: string }[];
  expect(steps.filter(({ reason }) => reason === "repeatIntervalElapsed")).toEqual([
    expect.objectContaining({ notification: expect.stringMatching(/:r1001000$/) }),
    expect.objectContaining({ notification: expect.stringMatching(/:r1003000$/) }),
  ]);
});

test("a crash behind the commit tells once: the sweep brings what no bell brought", async () => {
  await rewind();
  await fire("Crashed");
  await heard("Crashed", 1);
  const silent = { ...bindings, NOTIFICATIONS: { sendBatch: () => Promise.reject(new Error("no bell")) } };
  expect(await remindOfFiring(silent as unknown as Bindings, began + 4 * HOURS + 60_000)).toBe(1);
  expect(await statesOf("Crashed")).toEqual(["0 h 0 delivered", "4 h 1001000 pending"]);
  expect(await sweep(bindings, began + 4 * HOURS + 120_000)).toBe(1);
  await heard("Crashed", 2);
  await rewind();
  expect(await look(4)).toBe(1);
  await eventually(
    () => bindings.TARGETS.getByName("remind").status(),
    ({ inFlight, ready, owes }) => inFlight + ready === 0 && !owes,
  );
  expect(toldOf("Crashed")).toHaveLength(2);
  expect(await statesOf("Crashed")).toEqual(["0 h 0 delivered", "4 h 1001000 delivered"]);
});

test("whoever is kept from it is not reminded: silenced, switched off, or still waiting for the beginning", async () => {
  await env.DB.prepare("DELETE FROM alerts").run();
  await fire("Silenced");
  await heard("Silenced", 1);
  const silence = await post("/api/v2/silences", {
    matchers: [{ name: "alertname", value: "Silenced", isRegex: false, isEqual: true }],
    startsAt: new Date(began).toISOString(),
    endsAt: new Date(began + 6 * HOURS).toISOString(),
    createdBy: "me",
    comment: "known",
  });
  expect(silence.status).toBe(200);
  expect(await look(20)).toBe(1);
  await heard("Silenced", 2);
  await rewind();
  expect(await look(4)).toBe(0);

  host.answer = () => new Response("", { status: 500 });
  await fire("Unheard");
  await eventually(
    () => statesOf("Unheard"),
    ([state]) => state === "0 h 0 retry",
  );
  expect(await look(4)).toBe(0);
});

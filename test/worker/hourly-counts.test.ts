/** Every committed event is counted once, whoever counts while others commit, and committing pays for none of it. */
import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import type { AlertEvent } from "../../src/core/history/event.ts";
import { hourOf } from "../../src/core/history/rollup.ts";
import { countEventsByHour } from "../../src/worker/db/rollups.ts";
import { madeEvent, storeEvents } from "../support/events.ts";

const NOW = Date.now();

const started = async (): Promise<number> =>
  (await env.DB.prepare("SELECT coalesce(sum(counts->>'started'), 0) AS n FROM rollups").first<number>("n")) ?? -1;
const markAt = (at: number) =>
  env.DB.prepare("UPDATE meta SET value = ?1 WHERE key = 'rollup_from'").bind(String(at)).run();
const at = (receivedAt: number): AlertEvent => madeEvent(NOW, { receivedAt });

beforeEach(async () => {
  await env.DB.batch(["DELETE FROM events", "DELETE FROM rollups"].map((sql) => env.DB.prepare(sql)));
});

test("committing an event writes its row, its alert's and one index each", async () => {
  await markAt(NOW - 120_000);
  expect(await storeEvents(NOW, at(NOW - 60_000))).toBe(4);
});

test("an event is counted once however often counting is asked for", async () => {
  await markAt(NOW - 120_000);
  await storeEvents(NOW, at(NOW - 60_000), at(NOW - 60_000), at(NOW - 30_000));
  for (let i = 0; i < 3; i++) await countEventsByHour(env.DB, NOW);
  expect(await started()).toBe(3);
});

test("what is committed behind the mark is counted as well", async () => {
  await markAt(NOW);
  await storeEvents(NOW, at(NOW - 7_200_000), at(NOW - 60_000));
  await countEventsByHour(env.DB, NOW);
  await countEventsByHour(env.DB, NOW);
  expect(await started()).toBe(2);
  const { results } = await env.DB.prepare("SELECT hour FROM rollups ORDER BY hour").all<{ hour: number }>();
  expect(results.map(({ hour }) => hour)).toEqual([hourOf(NOW - 7_200_000), hourOf(NOW - 60_000)]);
  expect(await env.DB.prepare("SELECT count(*) AS n FROM events WHERE late = 1").first("n")).toBe(0);
});

test("nobody's event is lost or counted twice while many commit and many count", async () => {
  await markAt(NOW - 1_000);
  const commits = Array.from({ length: 60 }, async (_, i) => {
    // A third of them come in behind whatever mark there is by then.
    await storeEvents(NOW, at(NOW - (i % 3 === 0 ? 90_000 : 500) + i), at(NOW - 400 + i));
    if (i % 4 === 0) await countEventsByHour(env.DB, NOW - 450 + i);
  });
  await Promise.all([...commits, ...Array.from({ length: 10 }, () => countEventsByHour(env.DB, NOW - 420))]);
  await countEventsByHour(env.DB, NOW);
  expect(await started()).toBe(120);
});

test("a millisecond with more events than one round takes is counted whole, and so is what follows it", async () => {
  await markAt(NOW - 10_000);
  const crowd = Array.from({ length: 2_300 }, () => at(NOW - 5_000));
  await storeEvents(NOW, at(NOW - 6_000), ...crowd, at(NOW - 4_000));
  await countEventsByHour(env.DB, NOW);
  expect(await started()).toBe(2_302);
});

test("an idle service writes nothing, and a busy one a row per hour and the mark", async () => {
  await markAt(NOW - 10_000);
  const mark = () => env.DB.prepare("SELECT value FROM meta WHERE key = 'rollup_from'").first("value");
  const before = await mark();
  await countEventsByHour(env.DB, NOW);
  expect(await mark()).toBe(before);
  await storeEvents(NOW, ...Array.from({ length: 50 }, () => at(NOW - 100)));
  await countEventsByHour(env.DB, NOW);
  expect(await env.DB.prepare("SELECT count(*) AS n FROM rollups").first("n")).toBe(1);
  expect(await mark()).not.toBe(before);
});

/** What becomes of what waits when its target, or the store, changes under it: on real objects. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { sweep } from "../../src/worker/cron/sweep.ts";
import type { Bindings } from "../../src/worker/env.ts";
import { remove } from "../support/api.ts";
import { addTarget, advance, hand, idle, queue, START, startClock, statesOf, stubOf } from "../support/delivery.ts";
import { Treated } from "../support/histories.ts";
import { receiver, watchOutside } from "../support/outside.ts";

watchOutside();
afterEach(() => vi.useRealTimers());
const bindings = env as unknown as Bindings;
const SECOND = 1000;

let count = 0;
const failing = async () => {
  const name = `changes-${++count}`;
  const host = receiver(`${name}.example.com`);
  host.answer = () => new Response("", { status: 503 });
  await addTarget({ name, type: "webhook", url: `https://${name}.example.com/` });
  return { name, host };
};

test("what waits for a target that is removed is canceled, and says why; the next one of its name begins anew", async () => {
  startClock();
  const { name, host } = await failing();
  await queue(name, { subject: "a", seq: 1 });
  expect(await statesOf(name)).toEqual(["a 1 retry server_error"]);
  expect((await remove(`/api/v1/targets/${name}`)).status).toBe(204);
  host.received.length = 0;
  await advance(name, START + 60 * SECOND);
  expect(await statesOf(name)).toEqual(["a 1 canceled target_gone"]);
  expect((await stubOf(name).status()).alarmAt).toBeNull();
  host.answer = () => new Response("");
  await addTarget({ name, type: "webhook", url: `https://${name}.example.com/` });
  await queue(name, { subject: "b", seq: 1 });
  expect(await statesOf(name)).toEqual(["a 1 canceled target_gone", "b 1 delivered"]);
  expect(host.received).toHaveLength(1);
});

test("what waits goes where the target is by then", async () => {
  startClock();
  const { name } = await failing();
  await queue(name, { subject: "a", seq: 1 });
  const moved = receiver(`${name}-moved.example.com`);
  await addTarget({ name, type: "webhook", url: `https://${name}-moved.example.com/` });
  await advance(name, START + 60 * SECOND);
  expect(moved.received).toHaveLength(1);
  expect(await statesOf(name)).toEqual(["a 1 delivered"]);
});

test("what is under way when its target is removed is recorded as it ends", async () => {
  startClock();
  const { name, host } = await failing();
  let isHeld = true;
  host.answer = async () => {
    while (isHeld) await new Promise((resolve) => setTimeout(resolve, 5));
    return new Response("");
  };
  const queued = queue(name, { subject: "a", seq: 1 });
  await expect.poll(() => host.received.length).toBe(1);
  await remove(`/api/v1/targets/${name}`);
  isHeld = false;
  await queued;
  expect(await statesOf(name)).toEqual(["a 1 delivered"]);
});

test("a result that D1 does not take is not lost with the object, and nobody is told again", async () => {
  startClock();
  const { name, host } = await failing();
  host.answer = () => new Response("");
  await queue(name, { subject: "warm", seq: 1 });
  host.received.length = 0;
  const target = new Treated(name);
  host.answer = async () => {
    await env.DB.prepare("ALTER TABLE notifications RENAME TO notifications_kept").run();
    return new Response("");
  };
  await hand(name, { subject: "a", seq: 1 });
  await expect.poll(async () => (await stubOf(name).status()).owes).toBe(true);
  await target.kill();
  await env.DB.prepare("ALTER TABLE notifications_kept RENAME TO notifications").run();
  expect(await statesOf(name)).toEqual(["a 1 pending", "warm 1 delivered"]);
  vi.setSystemTime(START + 60 * SECOND);
  await sweep(bindings, Date.now());
  await idle(name);
  expect(await statesOf(name)).toEqual(["a 1 delivered", "warm 1 delivered"]);
  expect(host.received).toHaveLength(1);
});

test("what was kept just before the object died goes on, though no alarm was set for it", async () => {
  startClock();
  const { name, host } = await failing();
  await queue(name, { subject: "a", seq: 1 });
  await runInDurableObject(stubOf(name), (_, state) => state.storage.deleteAlarm());
  await evictDurableObject(stubOf(name));
  // Cron asks each target how it does, and that wakes it.
  expect((await stubOf(name).status()).alarmAt).not.toBeNull();
  host.answer = () => new Response("");
  await advance(name, START + 60 * SECOND);
  expect(await statesOf(name)).toEqual(["a 1 delivered"]);
});

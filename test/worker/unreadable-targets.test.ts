/** A definition that no key opens, or that our rules forbid by now: nothing it is to be told is lost, and somebody hears of it. */
import { createExecutionContext, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { app } from "../../src/worker/app.ts";
import type { Bindings } from "../../src/worker/env.ts";
import { registry } from "../../src/worker/registry.ts";
import { addTarget, advance, queue, START, startClock, statesOf, stubOf } from "../support/delivery.ts";
import { receiver, watchOutside } from "../support/outside.ts";

watchOutside();
const bindings = env as unknown as Bindings;
const lost: Bindings = { ...bindings, ENCRYPTION_KEYS: `k9:${btoa("x".repeat(32))}` };

let versions = 0;
/** Another version of the list, so that whoever asks next opens all of it with his own keys. */
const reread = async (as: Bindings) => {
  versions += 1;
  await addTarget({ name: "bystander", type: "webhook", url: `https://bystander.example.com/${versions}` });
  return registry(as).list();
};
const ask = async (path: string, as: Bindings): Promise<{ status: number; json: Record<string, unknown> }> => {
  const headers = { authorization: "Bearer test-admin" };
  const answer = await app.request(path, { headers }, as, createExecutionContext());
  return { status: answer.status, json: await answer.json() };
};
const workAs = (target: string, as: Bindings) =>
  runInDurableObject(stubOf(target), (instance) => {
    (instance as unknown as { env: Bindings }).env = as;
  });

beforeEach(() => startClock());
afterEach(async () => {
  await reread(bindings);
  vi.useRealTimers();
});

describe("while no key opens a target", () => {
  const pager = { name: "sealed", type: "slack", url: "https://sealed.example.com/services/c4n4ry", priority: 3 };
  const filter_config = { severity: ["critical"], namespaces: ["тест"] };

  test("what it is to be told waits, and is told once one does", async () => {
    const host = receiver("sealed.example.com");
    host.answer = () => new Response("ok");
    await addTarget(pager);
    await reread(lost);
    await workAs("sealed", lost);
    await queue("sealed", { subject: "first", seq: 1, severity: "critical" });
    await advance("sealed", START + 86_400_000 * 2, 3_600_000);
    expect(await statesOf("sealed")).toEqual(["first 1 deferred unreadable"]);
    expect(host.received).toHaveLength(0);
    await reread(bindings);
    await workAs("sealed", bindings);
    await advance("sealed", Date.now() + 120_000);
    expect(await statesOf("sealed")).toEqual(["first 1 delivered"]);
    expect(host.received).toHaveLength(1);
  });

  test("its fallback hears of it as if it were failing", async () => {
    receiver("sealed.example.com").answer = () => new Response("ok");
    const spare = receiver("spare.example.com");
    await addTarget(pager);
    await addTarget({ name: "spare", type: "webhook", url: "https://spare.example.com/" });
    await reread(lost);
    await workAs("sealed", lost);
    await queue("sealed", { subject: "handed", seq: 1, fallback: "spare" });
    await advance("sealed", Date.now() + 400_000);
    expect(await statesOf("sealed")).toContain("handed 1 deferred unreadable");
    // All targets of this process are read by one: the fallback waited as well until here.
    await reread(bindings);
    await expect
      .poll(async () => {
        await advance("spare", Date.now() + 60_000);
        return spare.received.length;
      })
      .toBe(1);
    await workAs("sealed", bindings);
  });

  test("alerts are decided for it as it was defined, it is shown, and the Worker says that something is wrong", async () => {
    await addTarget({ ...pager, per: "alert", send_resolved: false, filter_config });
    const target = (await reread(lost)).find((entry) => entry.target.name === "sealed");
    expect(target).toMatchObject({
      isWhole: false,
      defect: "unknown_key",
      target: {
        ...{ type: "slack", format: "slack", url: "", priority: 3, per: "alert", sendResolved: false, enabled: true },
        filter: { severity: ["critical"], namespaces: ["тест"], excludeNoise: false },
      },
    });
    const shown = await ask("/publishing/targets/sealed", lost);
    expect(shown.json.target).toMatchObject({
      ...{ url: "***", defect: "unknown_key", health_status: "unhealthy" },
      warnings: [expect.stringContaining("unknown_key")],
    });
    expect((await ask("/publishing/targets/health/sealed", lost)).json).toMatchObject({
      status: "unhealthy",
      error_message: expect.stringContaining("unknown_key"),
    });
    expect((await ask("/publishing/targets/status", lost)).json).toMatchObject({
      status: "failed",
      config_errors: expect.arrayContaining([expect.stringContaining("target sealed cannot be read")]),
    });
    const ready = await ask("/readyz", lost);
    expect([ready.status, ready.json.detail]).toEqual([200, expect.stringContaining("targets cannot be read")]);
  });
});

test("a target whose address our rules forbid by now is shown so, and what it is to be told is a dead letter", async () => {
  const host = receiver("127.0.0.1:9");
  await addTarget({ name: "strict", type: "webhook", url: "https://127.0.0.1:9/c4n4ry" });
  const deployed: Bindings = { ...bindings, ALLOW_PRIVATE_TARGETS: "" };
  await reread(deployed);
  await workAs("strict", deployed);
  await queue("strict", { subject: "told", seq: 1 });
  expect(await statesOf("strict")).toEqual(["told 1 dead blocked_host"]);
  expect(host.received).toHaveLength(0);
  const shown = await ask("/publishing/targets/strict", deployed);
  expect(shown.json.target).toMatchObject({
    ...{ defect: "blocked_host", health_status: "unhealthy" },
    warnings: [expect.stringContaining("blocked_host")],
  });
  expect((await ask("/publishing/targets/status", deployed)).json).toMatchObject({
    config_errors: [expect.stringContaining("strict is not allowed as it is stored: blocked_host")],
  });
  await workAs("strict", bindings);
});

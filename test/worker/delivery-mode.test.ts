/** Publishing that stops for want of targets or because somebody wants it, and starts again. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { groupSubject } from "../../src/core/group/key.ts";
import type { AlertEvent } from "../../src/core/history/event.ts";
import { process } from "../../src/core/pipeline/process.ts";
import { loadContext } from "../../src/worker/context.ts";
import { followMode, loadMode } from "../../src/worker/cron/publishing-mode.ts";
import type { Bindings } from "../../src/worker/env.ts";
import { eventually, get, send as ingest, post, remove } from "../support/api.ts";
import { putDocument } from "../support/config.ts";
import { addTarget, advance, idle, queue, START, startClock, statesOf, stubOf } from "../support/delivery.ts";
import { receiver, watchOutside } from "../support/outside.ts";

watchOutside();
afterEach(() => vi.useRealTimers());
const bindings = env as unknown as Bindings;

const eventNamed = (alertname: string): AlertEvent => ({
  fingerprint: "00000000000000ee",
  seq: 1,
  kind: "new",
  status: "firing",
  previousStatus: null,
  labels: { alertname, severity: "critical" },
  annotations: {},
  startsAt: START,
  endsAt: null,
  generatorURL: "",
  receivedAt: START,
  expired: false,
  episodeSeq: 1,
  receiptId: null,
  source: null,
  format: "prometheus",
  upstream: null,
  sourceFingerprint: null,
});

test("metrics_only comes with the last target and goes with the first: what still fires is told then", async () => {
  const { targets } = (await get("/api/v1/targets")).json as unknown as { targets: { name: string }[] };
  for (const { name } of targets) await remove(`/api/v1/targets/${name}`);
  await followMode(bindings, Date.now());
  expect((await get("/publishing/mode")).json).toMatchObject({ mode: "metrics_only", metrics_only_active: true });
  const alert = { alertname: "NobodyHears", instance: crypto.randomUUID() };
  const [{ fingerprint }] = (await ingest(alert)).json.alerts as unknown as [{ fingerprint: string }];
  const traced = await eventually(
    () => get(`/history/${fingerprint}`),
    ({ status }) => status === 200,
  );
  expect(traced.text).toContain('"metrics_only"');
  const submitted = await post("/publishing/submit", { alert: { labels: alert } });
  expect([submitted.status, submitted.json.success]).toEqual([200, false]);

  const host = receiver("back.example.com");
  await addTarget({ name: "back", type: "webhook", url: "https://back.example.com/" });
  await followMode(bindings, Date.now());
  await eventually(
    async () => host.received.length,
    (n) => n > 0,
  );
  expect(host.received[0]!.body).toContain("NobodyHears");
  expect((await get("/publishing/mode")).json).toMatchObject({
    mode: "intelligent",
    last_transition_reason: "targets_available",
  });
  await followMode(bindings, Date.now() + 60_000);
  await idle("back");
  expect(host.received).toHaveLength(1);
});

test("that targets were switched off stays the reason, however often it is looked at", async () => {
  const { targets } = (await get("/api/v1/targets")).json as unknown as { targets: { name: string }[] };
  for (const { name } of targets) await remove(`/api/v1/targets/${name}`);
  const url = "https://switched.example.com/";
  await addTarget({ name: "switched", type: "webhook", url });
  await followMode(bindings, Date.now());
  await addTarget({ name: "switched", type: "webhook", url, enabled: false });
  for (let look = 0; look < 3; look++) {
    await followMode(bindings, Date.now() + look * 60_000);
    expect(await loadMode(bindings.DB)).toMatchObject({ mode: "metrics_only", reason: "targets_disabled" });
  }
  await addTarget({ name: "switched", type: "webhook", url });
  await followMode(bindings, Date.now());
  await remove("/api/v1/targets/switched");
});

test("what fires between two looks at the mode, while there is no target, is told when there is one", async () => {
  const { targets } = (await get("/api/v1/targets")).json as unknown as { targets: { name: string }[] };
  const host = receiver("between.example.com");
  const define = () => addTarget({ name: "between", type: "webhook", url: "https://between.example.com/" });
  await define();
  for (const { name } of targets) await remove(`/api/v1/targets/${name}`);
  await followMode(bindings, Date.now());
  const before = await loadMode(bindings.DB);
  expect(before).toMatchObject({ mode: "intelligent" });

  await remove("/api/v1/targets/between");
  await ingest({ alertname: "FiresBetween" });
  await eventually(
    () => env.DB.prepare("SELECT trace FROM events WHERE alertname = 'FiresBetween'").first<string>("trace"),
    (trace) => trace?.includes('"metrics_only"') === true,
  );
  await define();
  await followMode(bindings, Date.now());
  await eventually(
    async () => host.received.length,
    (n) => n > 0,
  );
  expect(host.received[0]!.body).toContain("FiresBetween");
  expect(await loadMode(bindings.DB)).toMatchObject({
    mode: "intelligent",
    transitions: (before?.transitions ?? 0) + 2,
  });
  await remove("/api/v1/targets/between");
});

test("metrics_only can be forced: traces say so, what is under way waits, and goes on when it is over", async () => {
  startClock();
  const forced: Bindings = { ...bindings, METRICS_ONLY_MODE: "true" };
  const host = receiver("forced.example.com");
  await addTarget({ name: "forced", type: "webhook", url: "https://forced.example.com/" });
  await followMode(forced, Date.now());
  expect(await loadMode(bindings.DB)).toMatchObject({ mode: "metrics_only", reason: "forced" });

  const event = eventNamed("Forced");
  const decided = process(event, null, await loadContext(forced, Date.now(), [event]));
  expect(decided.notifications).toEqual([]);
  expect(decided.trace).toContainEqual(expect.objectContaining({ stage: "notify", reason: "metrics_only" }));
  const free = process(event, null, await loadContext(bindings, Date.now(), [event]));
  expect(free.notifications.map(({ target }) => target)).toContain("forced");

  const setForced = (value: string) =>
    runInDurableObject(stubOf("forced"), (instance) => {
      Object.assign((instance as unknown as { env: object }).env, { METRICS_ONLY_MODE: value });
    });
  await setForced("true");
  await queue("forced", { subject: "f1", seq: 1 });
  expect(await statesOf("forced")).toEqual(["f1 1 deferred metrics_only"]);
  expect(host.received).toEqual([]);
  await setForced("");
  await advance("forced", START + 120_000);
  expect(await statesOf("forced")).toEqual(["f1 1 delivered"]);
  expect(host.received).toHaveLength(1);
  await followMode(bindings, Date.now());
});

test("what still fires joins its group when targets are back, also when that fails at first", async () => {
  const { targets } = (await get("/api/v1/targets")).json as unknown as { targets: { name: string }[] };
  for (const { name } of targets) await remove(`/api/v1/targets/${name}`);
  await putDocument({
    route: { receiver: "team", group_by: ["alertname"], group_wait: "1h" },
    receivers: [{ name: "team", targets: ["grouped"] }],
  });
  await followMode(bindings, Date.now());
  await ingest({ alertname: "WaitsForTargets" });
  await eventually(
    () => env.DB.prepare("SELECT trace FROM events WHERE alertname = 'WaitsForTargets'").first<string>("trace"),
    (trace) => trace?.includes('"metrics_only"') === true,
  );
  receiver("grouped.example.com");
  const groups = vi.spyOn(env.GROUPS, "getByName").mockImplementation(() => {
    throw new Error("no group can be reached");
  });
  await addTarget({ name: "grouped", type: "webhook", url: "https://grouped.example.com/" });
  await expect(followMode(bindings, Date.now())).rejects.toThrow("no group can be reached");
  groups.mockRestore();
  await followMode(bindings, Date.now());
  const group = bindings.GROUPS.getByName(groupSubject('team {}:{alertname="WaitsForTargets"}'));
  expect(await group.status()).toMatchObject({ members: 1 });
});

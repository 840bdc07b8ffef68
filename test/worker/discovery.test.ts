/** Discovery over HTTP: refresh, status, drift, targets and their health, and that no secret is in any of it. */
import { createExecutionContext as context, listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { HttpResponse } from "msw";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { app } from "../../src/worker/app.ts";
import { runCron } from "../../src/worker/cron/index.ts";
import type { Bindings } from "../../src/worker/env.ts";
import { eventually, get, post, send } from "../support/api.ts";
import { queue } from "../support/delivery.ts";
import { entry, exporter, HOOK } from "../support/exporter.ts";
import { receiver, watchOutside } from "../support/outside.ts";

watchOutside();
const alpha = exporter("alpha");
const beta = exporter("beta");
const hook = receiver(HOOK);
const bindings = env as unknown as Bindings;

let now = Date.UTC(2036, 0, 1);
const later = (ms: number): void => {
  now += ms;
  vi.setSystemTime(now);
};
const call = async (path: string, init: RequestInit = {}, token = "test-admin") => {
  const headers = { authorization: `Bearer ${token}` };
  const response = await exports.default.fetch(new Request(`https://alerts.test${path}`, { headers, ...init }));
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: text === "" ? null : JSON.parse(text) };
};
const refresh = (token?: string) => call("/publishing/targets/refresh", { method: "POST" }, token);
const settle = async (): Promise<void> => {
  later(61_000);
  expect((await refresh()).status).toBe(202);
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now });
  later(3_600_000);
  hook.answer = () => HttpResponse.json({});
  alpha.serve([
    entry("a", { priority: 5 }),
    entry("b", { headers: { "X-Key": "hush" }, url: "https://127.0.0.1:1/s3cret" }),
  ]);
  beta.serve([entry("c", { enabled: false, type: "slack", url: "https://hooks.slack.com/services/T/B/s3cret" })]);
});
afterEach(() => vi.useRealTimers());

describe("refresh", () => {
  test("reads the clusters, once a minute, and says what it found", async () => {
    const first = await refresh();
    expect(first.status).toBe(202);
    expect(first.json).toMatchObject({ success: true, targets_discovered: 3, message: "the clusters were read" });
    const second = await refresh();
    expect([second.status, second.headers.get("retry-after")]).toEqual([429, "60"]);
    later(59_500);
    expect((await refresh()).headers.get("retry-after")).toBe("1");
    later(501);
    expect((await call("/proxy/targets/refresh", { method: "POST" })).status).toBe(202);
  });

  test("names the cluster that cannot be read", async () => {
    alpha.answer = () => new Response("", { status: 500 });
    expect((await refresh()).json).toMatchObject({ success: false, message: "could not be read: alpha" });
  });

  test("takes no body, and an administrator or an exporter", async () => {
    expect((await post("/publishing/targets/refresh", "{}")).status).toBe(400);
    expect((await refresh("test-ingest")).status).toBe(403);
    expect((await refresh("nobody")).status).toBe(401);
  });

  test("by an exporter's own token reads its cluster alone, and waits for no minute", async () => {
    await refresh();
    const [before, others] = [alpha.received.length, beta.received.length];
    alpha.serve([entry("a"), entry("b"), entry("new")]);
    expect((await refresh("alpha-token")).status).toBe(202);
    expect([alpha.received.length, beta.received.length]).toEqual([before + 1, others]);
    expect((await call("/publishing/targets/new")).status).toBe(200);
    expect((await refresh("alpha-token")).status).toBe(429);
    expect((await call("/publishing/targets", {}, "alpha-token")).status).toBe(401);
  });

  test("by a token that two exporters share reads both: either may have changed", async () => {
    await refresh();
    later(2000);
    const [a, b] = [alpha.received.length, beta.received.length];
    const shared = { ...bindings, CLUSTERS: (bindings.CLUSTERS ?? "").replaceAll(/"(alpha|beta)-token"/g, '"shared"') };
    const headers = { authorization: "Bearer shared" };
    const answer = await app.request("/publishing/targets/refresh", { method: "POST", headers }, shared, context());
    expect(answer.status).toBe(202);
    expect([alpha.received.length, beta.received.length]).toEqual([a + 1, b + 1]);
  });

  test("while one is under way is refused", async () => {
    let isReleased = false;
    const asked = alpha.received.length;
    alpha.answer = async () => {
      while (!isReleased) await new Promise((resolve) => setTimeout(resolve, 10));
      return new Response("", { status: 500 });
    };
    const first = refresh();
    await eventually(
      async () => alpha.received.length,
      (count) => count > asked,
    );
    const second = await refresh();
    isReleased = true;
    expect([second.status, second.headers.get("retry-after"), (await first).status]).toEqual([503, "5", 202]);
  });
});

describe("what is shown", () => {
  test("targets with their origin, filtered, sorted and paged, fixed routes first", async () => {
    await settle();
    const all = await call("/publishing/targets");
    expect(all.headers.get("x-total-count")).toBe("3");
    expect(all.json.map(({ name }: { name: string }) => name)).toEqual(["a", "b", "c"]);
    expect(all.json[1]).toMatchObject({
      name: "b",
      url: "https://127.0.0.1:1/***",
      headers: ["X-Key"],
      cluster: "alpha",
      namespace: "alerts",
      secret: "b",
      frozen: false,
      stale: false,
    });
    const names = async (query: string) =>
      (await call(`/publishing/targets?${query}`)).json.map(({ name }: { name: string }) => name);
    expect(await names("cluster=beta")).toEqual(["c"]);
    expect(await names("type=webhook&sort_by=name&sort_order=desc")).toEqual(["b", "a"]);
    expect(await names("enabled=false")).toEqual(["c"]);
    expect(await names("limit=1&offset=1&sort_by=name")).toEqual(["b"]);
    expect((await call("/publishing/targets?limit=0")).status).toBe(400);
    expect((await call("/publishing/targets/b")).json).toMatchObject({ target: { name: "b" }, statistics: {} });
    expect((await call("/publishing/targets/none")).status).toBe(404);
    expect((await call("/proxy/targets")).json[0]).toEqual({
      name: "a",
      type: "webhook",
      url: "https://127.0.0.1:1/***",
      format: "webhook",
      enabled: true,
      health_status: expect.any(String),
      success_rate: null,
      last_success_time: null,
      circuit_breaker_state: "closed",
    });
  });

  test("status and drift, with what is wrong", async () => {
    await settle();
    alpha.serve([entry("a")], {
      invalid: [{ namespace: "alerts", secret: "b", reason: "missing_url", detail: "url is missing" }],
    });
    beta.answer = () => new Response("", { status: 503 });
    await settle();
    const status = (await call("/publishing/targets/status")).json;
    expect(status).toMatchObject({
      status: "failed",
      error: "beta: not_ready",
      targets_discovered: 3,
      targets_valid: 2,
      targets_invalid: 1,
      clusters: [
        { name: "alpha", status: "ok", stale: 1, frozen: false },
        { name: "beta", status: "frozen", frozen: true, error: "not_ready", consecutive_failures: 1 },
      ],
      invalid: [{ cluster: "alpha", secret: "b", reason: "missing_url" }],
    });
    expect((await call("/publishing/targets/b")).json.target).toMatchObject({ stale: true });
    expect((await call("/publishing/targets/c")).json.target).toMatchObject({
      frozen: true,
      frozen_reason: "not_ready",
    });
    const kinds = (page: { changes: { kind: string }[] }) => page.changes.map(({ kind }) => kind);
    expect(kinds((await call("/publishing/targets/drift?limit=3")).json).toSorted()).toEqual([
      "changed",
      "frozen",
      "invalid",
    ]);
    const first = (await call("/publishing/targets/drift?limit=1")).json;
    const rest = (await call(`/publishing/targets/drift?limit=1&cursor=${first.cursor}`)).json;
    expect(first.has_next).toBe(true);
    expect(rest.changes).not.toEqual(first.changes);
    expect((await call("/publishing/targets/drift?cursor=x")).status).toBe(400);
  });

  test("a target that goes while alerts it heard of are firing is flagged", async () => {
    alpha.serve([entry("a"), entry("b"), entry("leaver"), entry("other")]);
    await settle();
    later(2000);
    const { json } = await send({ alertname: "Lasting", severity: "critical" });
    await eventually(
      () => get(`/api/v1/receipts/${json.receipt_id}`),
      (answer) =>
        ((answer.json.events ?? []) as { deliveries_summary: { sent: number } }[])[0]?.deliveries_summary.sent === 4,
    );
    // A group it was told of counts as well.
    await queue("leaver", { subject: "g00000000000000ab", seq: 1 });
    alpha.serve([entry("a"), entry("b"), entry("other")]);
    await settle();
    const { changes } = (await call("/publishing/targets/drift?target=leaver&kind=removed")).json;
    expect(changes).toMatchObject([{ kind: "removed", target: "leaver", open_alerts: 2 }]);
  });
});

describe("health", () => {
  const health = async (name: string) => (await call(`/publishing/targets/health/${name}`)).json;

  test("a quiet target is probed at its host's root, every two minutes, with nothing of it", async () => {
    await settle();
    hook.received.length = 0;
    await runCron(bindings, now);
    const asked = hook.received.map(({ method, url }) => `${method} ${url}`);
    expect(new Set(asked)).toEqual(new Set(["HEAD https://127.0.0.1:1/"]));
    expect(JSON.stringify(hook.received)).not.toMatch(/hush|s3cret/);
    expect(await health("b")).toMatchObject({ status: "healthy", evidence: "probe" });
    const count = hook.received.length;
    later(60_000);
    await runCron(bindings, now);
    expect(hook.received).toHaveLength(count);
    later(60_000);
    await runCron(bindings, now);
    expect(hook.received.length).toBeGreaterThan(count);
  });

  test("three failures make it unhealthy, one success heals, and checks by hand say the same", async () => {
    await settle();
    hook.answer = () => new Response("", { status: 502 });
    const check = () => call("/publishing/targets/health/a/check", { method: "POST" });
    const statuses = [await check(), await check(), await check()].map(({ status }) => status);
    expect(statuses.at(-1)).toBe(503);
    expect(await health("a")).toMatchObject({
      status: "unhealthy",
      consecutive_failures: 3,
      error_type: "http_error",
      error_message: "answered 502",
    });
    expect((await call("/publishing/targets?health_status=unhealthy")).json).toHaveLength(1);
    // What only a probe knows counts everywhere.
    expect((await call("/publishing/health")).json.targets).toMatchObject({ unhealthy: 1 });
    expect((await call("/publishing/stats")).json).toMatchObject({ unhealthy_targets: 1 });
    const sent = await post("/publishing/parallel/healthy", { alert: { labels: { alertname: "Probed" } } });
    expect(sent.json.results).toContainEqual(
      expect.objectContaining({ target_name: "a", skipped: true, skip_reason: "unhealthy" }),
    );
    hook.answer = () => HttpResponse.error();
    expect((await check()).json).toMatchObject({ error_type: "refused", status_code: null });
    hook.answer = () => new Response("", { status: 405 });
    expect((await check()).json).toMatchObject({ status: "healthy", status_code: 405, check_type: "manual" });
    const stats = (await call("/publishing/targets/health/stats")).json;
    expect(stats.total_targets).toBe(
      stats.healthy_count + stats.unknown_count + stats.degraded_count + stats.unhealthy_count,
    );
    expect((await call("/publishing/targets/health/none")).status).toBe(404);
    expect((await call("/publishing/targets/health/none/check", { method: "POST" })).status).toBe(404);
  });
});

test("fifty canary secrets: in no log, no answer, no table and no object", async () => {
  const canary = (i: number): string => `c4n4ry${String(i).padStart(2, "0")}${"x".repeat(24)}`;
  const forms: ((i: number) => Record<string, unknown>)[] = [
    (i) => ({ url: `https://127.0.0.1:1/${canary(i)}` }),
    (i) => ({ headers: { Authorization: `Bearer ${canary(i)}` } }),
    (i) => ({ type: "pagerduty", routing_key: canary(i), url: "https://127.0.0.1:1/v2/enqueue" }),
    (i) => ({ type: "slack", url: `https://127.0.0.1:1/services/${canary(i)}` }),
    (i) => ({ signing_secret: `whsec_${canary(i)}${"A".repeat(12)}` }),
    (i) => ({ type: "telegram", bot_token: `1:${canary(i)}`, channel: "1", url: "https://127.0.0.1:1" }),
    (i) => ({ type: "rootly", api_key: canary(i), url: "https://127.0.0.1:1/v1" }),
    (i) => ({ username: "u", password: canary(i) }),
    // Refused ones: what is wrong with them must not be quoted.
    (i) => ({ url: `ftp://127.0.0.1:1/${canary(i)}` }),
    (i) => ({ headers: { "X-Bad": `${canary(i)}\n` }, timeout_seconds: canary(i), name: `BAD ${canary(i)}` }),
  ];
  const logs: unknown[] = [];
  for (const level of ["log", "info", "warn", "error", "debug"] as const) {
    vi.spyOn(console, level).mockImplementation((...args: unknown[]) => void logs.push(...args));
  }
  const secrets = Array.from({ length: 50 }, (_, i) => entry(`k-${i}`, forms[i % forms.length]!(i)));
  alpha.serve(secrets);
  await settle();
  await settle();
  later(2000);
  expect((await call("/publishing/targets?limit=1000")).json.length).toBeGreaterThan(30);

  // Every way a target can fail, with deliveries, probes and readings under way.
  const failures = [
    () => HttpResponse.error(),
    () => new Response("", { status: 401 }),
    () => new Response("", { status: 500 }),
  ];
  for (const [i, failure] of [...failures, () => HttpResponse.json({})].entries()) {
    hook.answer = failure;
    await send({ alertname: `Canary${i}`, severity: "critical" });
    later(130_000);
    await runCron(bindings, now);
    await call("/publishing/targets/health/k-0/check", { method: "POST" });
  }
  alpha.answer = () => new Response(`{"targets":["${canary(1)}"`);
  await settle();
  alpha.serve(secrets.slice(0, 20));
  await settle();
  await settle();

  // They are real: the targets were sent them.
  await eventually(
    async () => JSON.stringify(hook.received),
    (received) => received.includes("c4n4ry"),
  );
  const found: string[] = [];
  const look = (where: string, content: unknown): void => {
    if (JSON.stringify(content).includes("c4n4ry")) found.push(where);
  };
  const gets = app.openAPIRegistry.definitions.flatMap((definition) =>
    definition.type === "route" && definition.route.method === "get" ? [definition.route.path] : [],
  );
  expect(gets.length).toBeGreaterThan(15);
  for (const path of [
    ...gets,
    "/metrics",
    "/publishing/stats",
    "/publishing/dlq",
    "/publishing/mode",
    "/publishing/queue/jobs",
  ]) {
    for (const name of ["k-0", "k-8"]) look(path, (await get(path.replace(/\{[^}]+\}/g, name))).text);
  }
  for (const name of ["k-0", "k-1", "k-2"])
    look("post", (await post("/api/v1/targets", { ...forms[8]!(1), name })).text);
  const { results: tables } = await env.DB.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all<{
    name: string;
  }>();
  for (const { name } of tables.filter((table) => !table.name.startsWith("_cf"))) {
    look(`D1 ${name}`, (await env.DB.prepare(`SELECT * FROM "${name}"`).all()).results);
  }
  let objects = 0;
  for (const namespace of [env.SHARDS, env.TARGETS, env.REGISTRY] as DurableObjectNamespace[]) {
    for (const id of await listDurableObjectIds(namespace)) {
      objects += 1;
      const dump = await runInDurableObject(namespace.get(id), async (_, state) => [
        [...(await state.storage.list())],
        state.storage.sql
          .exec<{ name: string }>(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
          )
          .toArray()
          .map(({ name }) => state.storage.sql.exec(`SELECT * FROM "${name}"`).toArray()),
      ]);
      look(`object ${id.name ?? id}`, dump);
    }
  }
  expect(objects).toBeGreaterThan(30);
  look("logs", logs.map(String));
  expect(logs.length).toBeGreaterThan(10);
  vi.restoreAllMocks();
  expect(found).toEqual([]);
  expect(logs.map(String).filter((line) => line.includes("c4n4ry"))).toEqual([]);
});

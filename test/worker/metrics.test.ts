import { createExecutionContext, evictDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { app } from "../../src/worker/app.ts";
import { countingDatabase, databaseUse } from "../../src/worker/db/counted.ts";
import type { Bindings } from "../../src/worker/env.ts";
import type { HandedOver } from "../../src/worker/metrics/count.ts";
import type { MetricsHub } from "../../src/worker/objects/metrics-hub.ts";
import { post, send } from "../support/api.ts";

const counted = (counts: Record<string, number>): HandedOver => ({
  counts,
  levels: {},
  presence: { isolate: "test", openHistoryRequests: 0 },
  live: null,
});

/** Labels there may be: each has values from a closed set, from the configuration, or is capped. */
const LABELS = [
  ...["action", "alertname", "branch", "cache_type", "cluster", "endpoint", "error_type", "filter_type", "from_mode"],
  ...["le", "limit_type", "method", "mode", "model", "operation", "outcome", "part", "priority", "queue", "reason"],
  ...["replayed", "revision", "rule", "severity", "status", "status_code", "target", "target_name", "to_mode", "type"],
  ...["version"],
];

const hub = (name: string) => env.METRICS.getByName(name) as DurableObjectStub<MetricsHub>;

const scrape = async (token = "test-admin"): Promise<Response> =>
  exports.default.fetch(new Request("https://alerts.test/metrics", { headers: { authorization: `Bearer ${token}` } }));

test("a scrape is Prometheus' text and needs the scope read", async () => {
  expect((await scrape("nobody")).status).toBe(401);
  expect((await scrape("test-ingest")).status).toBe(403);
  const response = await scrape();
  expect(response.headers.get("content-type")).toMatch("text/plain; version=0.0.4");
  const text = await response.text();
  expect(text).toContain('alertmanager_build_info{branch="main"');
  expect(text).toMatch(/^alert_history_outbox_rows 0$/m);
  expect(text).toMatch(/^alert_history_database_size_bytes [1-9]\d+$/m);
});

test("what was scraped is on disk: an object that left memory tells the same", async () => {
  // One to which nothing else hands over.
  const stub = hub("kept");
  await stub.add(counted({ alert_history_alerts_stored_total: 7 }));
  const told = await stub.collect("1", counted({ webhook_auth_failures_total: 2 }));
  expect(told.counts.alert_history_alerts_stored_total).toBeGreaterThanOrEqual(7);
  await evictDurableObject(stub);
  const again = await hub("kept").collect("1", counted({}));
  expect(again.counts).toEqual(told.counts);
  expect(again.startedAt).toBe(told.startedAt);
});

test("500 alertnames have series of their own, the rest share one", async () => {
  const stub = hub("names");
  for (let i = 0; i < 600; i++) await stub.add(counted({ [`e_total{alertname="n${i}",status="firing"}`]: 1 }));
  const { counts } = await stub.collect("1", counted({}));
  const series = Object.keys(counts).filter((key) => key.startsWith("e_total"));
  expect(series).toHaveLength(501);
  expect(counts['e_total{alertname="other",status="firing"}']).toBe(100);
});

test("requests, reports and refusals are counted by closed sets", async () => {
  await send({ alerts: [{ labels: { alertname: "Counted" }, status: "firing" }] });
  await post("/webhook", { nothing: true });
  const text = await (await scrape()).text();
  expect(text).toMatch(/^alert_history_dedup_total\{outcome="new"\} [1-9]/m);
  expect(text).toMatch(/^alert_history_webhook_events_total\{alertname="Counted",status="firing"\} 1$/m);
  expect(text).toMatch(/^webhook_errors_total\{reason="[a-z-]+",type="[a-z_]+"\} \d+$/m);
  expect(text).not.toContain("alerts.test");
});

test("a scrape reads at most 200 rows of D1, however many dead letters and events there are", async () => {
  const bindings = env as unknown as Bindings;
  await bindings.DB.prepare(
    `INSERT INTO notifications (at, subject, seq, target, state, reason, severity, alertname, status, completed_at)
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
     SELECT i, 'f' || i, 1, 't' || (i % 7), 'dead', 'auth', 'warning', 'Dead', 'firing', i FROM n`,
  ).run();
  const counting = countingDatabase(bindings);
  const request = new Request("https://alerts.test/metrics", { headers: { authorization: "Bearer test-admin" } });
  const response = await app.fetch(request, counting, createExecutionContext() as ExecutionContext);
  const text = await response.text();
  expect(text).toMatch(/^alert_history_publishing_dlq_size 100$/m);
  expect(text).toMatch(
    /^alert_history_publishing_dlq_entries\{error_type="auth",replayed="false",target="t\d"\} \d+$/m,
  );
  const { rowsRead, calls } = databaseUse(counting);
  expect(calls).toBeGreaterThan(0);
  expect(rowsRead).toBeGreaterThan(0);
  expect(rowsRead).toBeLessThanOrEqual(200);
});

test("no label bears an address, a secret, a fingerprint or the id of a request", async () => {
  const { json } = await send({ labels: { alertname: "Labelled", url: "https://inside.example.com/secret" } });
  const told = json.alerts as unknown as { fingerprint: string }[];
  const text = await (await scrape()).text();
  expect(text).toContain('alertname="Labelled"');
  for (const word of [told[0]?.fingerprint ?? "", String(json.request_id), "inside.example.com", "test-admin"]) {
    expect(text).not.toContain(word);
  }
  const labels = new Set([...text.matchAll(/[{,]([a-z_]+)="/g)].map(([, name = ""]) => name));
  expect([...labels].filter((name) => !LABELS.includes(name))).toEqual([]);
});

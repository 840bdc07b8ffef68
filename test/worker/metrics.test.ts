import { evictDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { HandedOver } from "../../src/worker/metrics/count.ts";
import type { MetricsHub } from "../../src/worker/objects/metrics-hub.ts";
import { post, send } from "../support/api.ts";

const counted = (counts: Record<string, number>): HandedOver => ({
  counts,
  levels: {},
  presence: { isolate: "test", openHistoryRequests: 0 },
});

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
  const stub = hub("main");
  await stub.add(counted({ alert_history_alerts_stored_total: 7 }));
  const told = await stub.collect("1", counted({ webhook_auth_failures_total: 2 }));
  expect(told.counts.alert_history_alerts_stored_total).toBeGreaterThanOrEqual(7);
  await evictDurableObject(stub);
  const again = await hub("main").collect("1", counted({}));
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

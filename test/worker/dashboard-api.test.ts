import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { countDeliveries } from "../../src/worker/db/delivery-times.ts";
import { eventually, get, post, put, send } from "../support/api.ts";

const HOUR = 3_600_000;

test("the overview, charts and lists tell of what came in", async () => {
  const start = (await get("/api/dashboard/overview")).json;
  expect(start).toMatchObject({ total_alerts: 0, system_healthy: true, publishing_mode: "metrics_only" });
  await send([
    { labels: { alertname: "Dash", severity: "critical", namespace: "d" }, annotations: { summary: "look" } },
    { labels: { alertname: "Dash2", namespace: "d" } },
  ]);
  await eventually(
    () => get("/api/dashboard/overview"),
    ({ json }) => (json.alerts_last_24h as unknown) === 2,
  );
  await post("/api/v2/silences", {
    matchers: [{ name: "alertname", value: "Dash2", isRegex: false }],
    startsAt: new Date().toISOString(),
    endsAt: new Date(Date.now() + HOUR).toISOString(),
    createdBy: "me",
    comment: "c",
  });
  expect((await get("/api/dashboard/overview")).json).toMatchObject({
    active_alerts: 2,
    active_by_severity: { critical: 1, warning: 1 },
    silenced_alerts: 1,
    dlq_size: 0,
  });
  const charts = (await get("/api/dashboard/charts?hours=3")).json;
  expect((charts.alert_timeline as unknown as unknown[]).length).toBe(3);
  expect(charts).toMatchObject({
    severity_distribution: { critical: 1, warning: 1 },
    namespace_distribution: { d: 2 },
    status_distribution: { firing: 2, resolved: 0 },
  });
  expect((charts.top_alerts_by_severity as unknown as { alert_name: string }[])[0]).toMatchObject({
    alert_name: "Dash",
    count: 1,
  });
  const recent = (await get("/api/dashboard/alerts/recent?severity=critical")).json;
  expect(recent).toMatchObject({ count: 1, filters_applied: { severity: "critical" }, alerts: [{ summary: "look" }] });
  expect((await get("/api/dashboard/recommendations")).status).toBe(200);
  const health = (await get("/api/dashboard/health")).json as unknown as { component: string; status: string }[];
  expect(health.map((part) => part.component)).toEqual(["database", "redis", "classification", "publishing"]);
});

test("times to deliver are counted by hour, once", async () => {
  const now = Date.now();
  const hour = Math.floor((now - 600_000) / HOUR) * HOUR - HOUR;
  const insert = (at: number, state: string, took: number, seq: number) =>
    env.DB.prepare(
      "INSERT INTO notifications (at, subject, seq, target, state, status, severity, alertname, completed_at) VALUES (?, 'x', ?, 't', ?, 'firing', 'warning', 'A', ?)",
    )
      .bind(at, seq, state, at + took)
      .run();
  for (let i = 0; i < 10; i++) await insert(hour + i, i === 9 ? "dead" : "delivered", i < 5 ? 50 : 900, i);
  await insert(Math.floor(now / HOUR) * HOUR, "delivered", 50, 100);
  const read = async () => (await get("/api/v1/delivery-times?hours=6")).json;
  expect(await countDeliveries(env.DB, now)).toBe(true);
  const once = await read();
  // The hours before, in which cron did not run, are counted one after another.
  await insert(hour - 2 * HOUR + 5, "delivered", 50, 200);
  let runs = 1;
  while (await countDeliveries(env.DB, now)) runs++;
  expect(runs).toBe(48);
  expect((once.targets as unknown as { delivered: number }[])[0]?.delivered).toBe(10);
  const json = await read();
  expect(json.targets).toEqual([
    {
      target: "t",
      delivered: 11,
      failed: 1,
      p50_ms: expect.any(Number),
      p95_ms: expect.any(Number),
      p99_ms: expect.any(Number),
    },
  ]);
  const { p50_ms, p95_ms } = (json.targets as unknown as { p50_ms: number; p95_ms: number }[])[0]!;
  expect([p50_ms <= 100, p95_ms > 500 && p95_ms <= 1000]).toEqual([true, true]);
});

test("an Alertmanager's document is shown to its clients without what is ours", async () => {
  const document = "route:\n  receiver: team\nreceivers:\n- name: team\n  targets: [nowhere]\n";
  const answer = await put("/api/v1/config", document);
  expect([200, 201]).toContain(answer.status);
  const { json } = await get("/api/v2/status");
  const { original } = (json as unknown as { config: { original: string } }).config;
  expect(original).toContain("receiver: team");
  expect(original).not.toContain("targets");
});

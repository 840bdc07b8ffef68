import { HttpResponse } from "msw";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, get, post, remove, send } from "../support/api.ts";
import { receiver, watchOutside } from "../support/outside.ts";

watchOutside();
const good = receiver("good.example.com");
const bad = receiver("bad.example.com");
bad.answer = () => new HttpResponse(null, { status: 500 });

beforeAll(async () => {
  await post("/api/v1/targets", { name: "good", type: "webhook", url: "https://good.example.com/hook" });
});

const proxy = (body: object, query = "") => send(body, `/webhook/proxy${query}`);

describe("POST /webhook/proxy", () => {
  test("answers what was decided and what the target said", async () => {
    const { status, json, headers } = await proxy({ alertname: "HighCPUUsage", severity: "warning" }, "?wait=10");
    expect([status, json]).toMatchObject([
      200,
      {
        status: "success",
        published_alerts: 1,
        filtered_alerts: 0,
        metrics_only_mode: false,
        alerts_summary: { total_received: 1, total_processed: 1, total_classified: 1, total_published: 1 },
        alert_results: [
          {
            alert_name: "HighCPUUsage",
            status: "success",
            filter_action: "allow",
            classification: { severity: "warning", category: "capacity", source: "fallback" },
            publishing_results: [{ target_name: "good", target_type: "webhook", success: true, retry_count: 0 }],
          },
        ],
        publishing_summary: { total_targets: 1, successful_targets: 1, failed_targets: 0 },
      },
    ]);
    expect(headers.get("x-enrichment-mode")).toBe("enriched");
    expect(good.received).toHaveLength(1);
  });

  test("without waiting says what is scheduled", async () => {
    const { status, json } = await proxy({ alertname: "Scheduled" });
    const [result] = json.alert_results as unknown as [{ publishing_results: object[] }];
    expect([status, result.publishing_results]).toMatchObject([200, [{ target_name: "good" }]]);
  });

  test("a repeat is decided already", async () => {
    await proxy({ alertname: "ProxyRepeat" }, "?wait=10");
    const { json } = await proxy({ alertname: "ProxyRepeat" }, "?wait=10");
    expect(json.alert_results).toMatchObject([
      { status: "success", filter_reason: "duplicate", publishing_results: [] },
    ]);
  });

  test("what a filter stops is shown with the rule", async () => {
    await post("/proxy/filters/rules", { name: "no_lab", action: "deny", conditions: { alert_name: "LabAlert" } });
    const { json } = await proxy({ alertname: "LabAlert" }, "?wait=5");
    expect(json).toMatchObject({
      filtered_alerts: 1,
      alert_results: [{ status: "filtered", filter_action: "deny", filter_reason: "no_lab" }],
    });
    const stats = (await get("/proxy/stats")).json;
    expect(stats.filters).toMatchObject({ total_denied: 1 });
    expect((stats.filters as unknown as { rules: object[] }).rules).toContainEqual(
      expect.objectContaining({ name: "no_lab", hits: 1 }),
    );
  });

  test("what is delayed or silenced is accepted: it goes on by itself", async () => {
    await post("/proxy/filters/rules", {
      name: "later",
      action: "delay",
      conditions: { alert_name: "DelayedByProxy" },
    });
    await post("/api/v2/silences", {
      matchers: [{ name: "alertname", value: "SilencedByProxy", isRegex: false }],
      startsAt: new Date().toISOString(),
      endsAt: new Date(Date.now() + 3_600_000).toISOString(),
      createdBy: "ann",
      comment: "maintenance",
    });
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    const { json } = await proxy([{ alertname: "DelayedByProxy" }, { alertname: "SilencedByProxy" }], "?wait=1");
    expect(json.alert_results).toMatchObject([
      { status: "accepted", filter_action: "delay", filter_reason: "later", publishing_results: [] },
      { status: "accepted", filter_action: "suppressed", publishing_results: [] },
    ]);
    expect(json).toMatchObject({ published_alerts: 0, filtered_alerts: 0 });
  });

  test("one target that fails makes it 207, and never a 5xx: the alert is safe", async () => {
    await post("/api/v1/targets", { name: "bad", type: "webhook", url: "https://bad.example.com/hook" });
    const { status, json } = await proxy({ alertname: "HalfDelivered" }, "?wait=10");
    expect([status, json]).toMatchObject([
      207,
      { status: "partial_success", publishing_summary: { failed_targets: 1 } },
    ]);
    const [{ status: shown, publishing_results }] = json.alert_results as unknown as [
      { status: string; publishing_results: { target_name: string }[] },
    ];
    expect(shown).toBe("partial");
    expect(publishing_results.find(({ target_name }) => target_name === "bad")).toMatchObject({
      success: false,
      state: "retrying",
      status_code: 500,
    });
    await remove("/api/v1/targets/bad");
  });

  test("Slack takes it, PagerDuty fails, Rootly takes it: 207, and the statistics agree", async () => {
    const answers: [type: string, host: string, answer: () => Response, more: object][] = [
      ["slack", "hooks.slack.example.com", () => HttpResponse.text("ok"), {}],
      ["pagerduty", "pd.example.com", () => new HttpResponse(null, { status: 500 }), { routing_key: "R".repeat(32) }],
      [
        "rootly",
        "rootly.example.com",
        () => HttpResponse.json({ data: { id: "1", attributes: {} } }, { status: 201 }),
        { api_key: "rootly-key" },
      ],
    ];
    const hosts = answers.map(([type, host, answer]) => {
      const outside = receiver(host);
      outside.answer = answer;
      return { type, outside };
    });
    for (const [type, host, , more] of answers) {
      const path = { slack: "services/T0/B0/x", pagerduty: "v2/enqueue", rootly: "v1" }[type];
      const target = { name: `three-${type}`, type, url: `https://${host}/${path}`, ...more };
      expect((await post("/api/v1/targets", target)).status).toBe(201);
    }
    const { status, json } = await proxy({ labels: { alertname: "ThreeTargets", severity: "critical" } }, "?wait=10");
    const [{ status: shown, publishing_results }] = json.alert_results as unknown as [
      { status: string; publishing_results: { target_name: string; state: string; status_code: number }[] },
    ];
    expect([status, shown]).toEqual([207, "partial"]);
    expect(publishing_results.map((one) => [one.target_name, one.state, one.status_code]).toSorted()).toEqual([
      ["good", "delivered", 200],
      ["three-pagerduty", "retrying", 500],
      ["three-rootly", "delivered", 201],
      ["three-slack", "delivered", 200],
    ]);
    expect(json.publishing_summary).toMatchObject({ total_targets: 4, successful_targets: 3, failed_targets: 1 });
    for (const { type, outside } of hosts) expect([type, outside.received.length > 0]).toEqual([type, true]);
    const listed = (await get("/proxy/targets")).json as unknown as { name: string; success_rate: number | null }[];
    expect(listed.map(({ name }) => name)).toEqual(
      expect.arrayContaining(publishing_results.map((r) => r.target_name)),
    );
    for (const [type] of answers) await remove(`/api/v1/targets/three-${type}`);
  });

  test("a body that is none is refused as everywhere", async () => {
    expect((await proxy([{ labels: {} }])).status).toBe(400);
  });

  test("its health and latencies are told", async () => {
    const health = await get("/proxy/health");
    expect([health.status, health.json.status]).toEqual([200, "healthy"]);
    const { json } = await get("/proxy/stats");
    const stages = json.latency_ms as unknown as Record<string, { samples: number; p95: number }>;
    expect(Object.keys(stages)).toEqual(["queue", "classify", "model", "deliver", "attempt"]);
    for (const stage of ["queue", "classify", "deliver", "attempt"]) {
      expect(stages[stage]?.samples).toBeGreaterThan(0);
      expect(stages[stage]?.p95).toBeGreaterThanOrEqual(0);
    }
  });
});

describe("classification on request", () => {
  afterAll(() => remove("/enrichment/mode"));

  test("tells what is configured: no model, so the rules answer", async () => {
    expect((await get("/classification/models")).json).toMatchObject({
      count: 1,
      models: [{ name: "rules", active: true }],
    });
    expect((await get("/classification/health")).json).toMatchObject({
      status: "healthy",
      components: { llm_client: { status: "not_configured" } },
    });
    expect((await get("/classification/stats")).json).toMatchObject({ llm_requests: 0, cache_hits: 0 });
  });

  test("of an alert that is only shown", async () => {
    const { json } = await post("/classification/classify", { alert: { labels: { alertname: "PostgresDown" } } });
    expect(json).toMatchObject({ cached: false, result: { severity: "critical", category: "database" } });
    expect((await post("/classification/classify", { alert: { labels: {} } })).status).toBe(422);
  });

  test("of alerts that are known", async () => {
    const { json } = await send({ alertname: "BackupFailedTonight" });
    const [{ fingerprint }] = json.alerts as unknown as [{ fingerprint: string }];
    const known = await eventually(
      () => get(`/classification/${fingerprint}`),
      ({ status }) => status === 200,
    );
    expect(known.json).toMatchObject({ fingerprint, rule: "backup" });
    expect((await post(`/classification/refresh/${fingerprint}`, {})).json).toMatchObject({
      fingerprint,
      cached: false,
    });
    const unknown = "0123456789abcdef";
    expect((await post("/classification/bulk", { fingerprints: [fingerprint, unknown] })).json).toMatchObject({
      total_processed: 1,
      errors: [{ fingerprint: unknown, error: "no such alert" }],
    });
    expect((await get(`/classification/${unknown}`)).status).toBe(404);
    expect((await get("/classification/nonsense")).status).toBe(400);
  });
});

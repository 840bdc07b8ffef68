import { beforeAll, describe, expect, test } from "vitest";
import type { AlertEvent } from "../../src/core/history/event.ts";
import { get, post } from "../support/api.ts";
import { madeEvent, newFingerprint, storeEvents } from "../support/events.ts";

const NOW = Date.now();
const HOUR = Math.floor(NOW / 3_600_000) * 3_600_000;

const event = (over: Partial<AlertEvent>): AlertEvent => madeEvent(NOW, over);
const store = (...events: AlertEvent[]) => storeEvents(NOW, ...events);
/** Fires and resolves `times` times, one minute each, ending half a minute ago. */
const flap = (labels: Record<string, string>, times: number): AlertEvent[] => {
  const fingerprint = newFingerprint();
  return Array.from({ length: 2 * times }, (_, i) => {
    const at = NOW - 30_000 - (2 * times - i) * 60_000;
    const resolved = i % 2 === 1;
    return event({
      fingerprint,
      seq: i + 1,
      labels,
      kind: resolved ? "resolved" : i === 0 ? "new" : "reopened",
      status: resolved ? "resolved" : "firing",
      previousStatus: i === 0 ? null : resolved ? "firing" : "resolved",
      startsAt: resolved ? at - 60_000 : at,
      endsAt: resolved ? at : null,
      receivedAt: at,
    });
  });
};
const names = (json: { alerts: unknown }): string[] =>
  (json.alerts as { alertname: string; seq: number }[]).map((row) => `${row.alertname}/${row.seq}`);

describe("counts by hour", () => {
  test("the same events committed twice, and by two batches at once, count once", async () => {
    const events = [
      event({ labels: { alertname: "Counted", namespace: "count" } }),
      event({ labels: { alertname: "Counted", namespace: "count" } }),
    ];
    await Promise.all([store(...events), store(...events)]);
    await store(...events, event({ labels: { alertname: "Counted", namespace: "count" } }));
    const { json } = await get("/history/stats?namespace=count");
    expect(json).toMatchObject({ total_alerts: 3, resolved_alerts: 0 });
    const top = await get("/history/top?namespace=count");
    expect(top.json.count).toBe(3);
  });

  test("top, flapping, statistics and noise tell of episodes and transitions (contracts 12.3)", async () => {
    const labels = { alertname: "FrequentAlert", namespace: "ranked", severity: "critical" };
    await store(
      ...flap(labels, 3),
      event({ labels: { alertname: "Once", namespace: "ranked" } }),
      event({ labels: { alertname: "OnceToo", namespace: "ranked" } }),
    );
    const top = (await get("/history/top?namespace=ranked")).json.alerts as unknown as Record<string, unknown>[];
    expect(top.map((row) => [row["alert_name"], row["fire_count"]]).toSorted()).toEqual([
      ["FrequentAlert", 3],
      ["Once", 1],
      ["OnceToo", 1],
    ]);
    expect(top[0]).toMatchObject({ avg_duration: 60, receive_count: 6, severity: "critical", labels });
    const flapping = (await get("/history/flapping?namespace=ranked")).json;
    expect(flapping).toMatchObject({
      count: 1,
      threshold: 3,
      alerts: [{ transition_count: 5, flapping_score: 0.21, labels }],
    });
    const stats = (await get("/history/stats?namespace=ranked")).json;
    expect(stats).toMatchObject({ total_alerts: 5, resolved_alerts: 3, firing_alerts: 2, avg_resolution_time: 60 });
    const trends = stats.trends as unknown as { firing: number }[];
    expect([24, 25]).toContain(trends.length);
    expect(trends.reduce((sum, hour) => sum + hour.firing, 0)).toBe(5);
    const noise = (await get("/history/noise?namespace=ranked")).json.rules as unknown as Record<string, unknown>[];
    expect(noise[0]).toMatchObject({
      alert_name: "FrequentAlert",
      reopened: 2,
      short_lived: 3,
      mttr_seconds: 60,
      noise_score: 0.87,
    });
  });

  test("different alerts are counted once however often they fire", async () => {
    const before = (await get("/history/stats")).json.unique_fingerprints as unknown as number;
    await store(...flap({ alertname: "Distinct" }, 4));
    expect((await get("/history/stats")).json.unique_fingerprints).toBe(before + 1);
  });

  test("a report has every part", async () => {
    const { status, json } = await get("/report?days=1&group_by=severity&include_recent=true&namespace=ranked");
    expect(status).toBe(200);
    expect(json).toMatchObject({
      period_days: 1,
      group_by: "severity",
      total_alerts: 5,
      metadata: { partial_failure: false },
    });
    expect((json.recent_alerts as unknown as unknown[]).length).toBeGreaterThanOrEqual(18);
    expect((await get("/report?days=91")).status).toBe(400);
    const all = await get("/report?group_by=namespace");
    expect(all.json.data).toMatchObject({ ranked: { count: 5, firing: 5, resolved: 3 } });
  });
});

describe("filters", () => {
  const ns = "filtered";
  beforeAll(async () => {
    await store(
      event({
        labels: { alertname: "Disk", namespace: ns, severity: "critical", pod: "a-1" },
        annotations: { summary: "Диск Полон" },
        receivedAt: NOW - 5000,
        receiptId: "receipt-1",
        source: "prod",
      }),
      event({
        labels: { alertname: "CPU", namespace: ns, pod: "b-2" },
        annotations: { description: "too hot" },
        receivedAt: NOW - 4000,
      }),
      event({ labels: { alertname: "DiskSlow", namespace: ns, 'odd.label"': "x" }, receivedAt: NOW - 3000 }),
      ...flap({ alertname: "Flapper", namespace: ns }, 2),
    );
  });
  const rows: [sentence: string, query: string, found: string[]][] = [
    ["a severity", "severity=critical", ["Disk/1"]],
    ["several values of a list", "alertname=Disk,CPU", ["CPU/1", "Disk/1"]],
    ["values by repetition", "alertname=Disk&alert_name=CPU", ["CPU/1", "Disk/1"]],
    ["a label", "labels[pod]=a-1", ["Disk/1"]],
    [
      "a label that must differ, missing ones included",
      "labels_ne[pod]=a-1&kind=new",
      ["DiskSlow/1", "CPU/1", "Flapper/1"],
    ],
    ["a label by pattern", "labels_regex[pod]=[ab]-.", ["CPU/1", "Disk/1"]],
    ["patterns are anchored", "labels_regex[pod]=a", []],
    ["a label that must not match", "labels_not_regex[pod]=.%2B-.&kind=new", ["DiskSlow/1", "Flapper/1"]],
    ["a label that must exist", "labels_exists=pod", ["CPU/1", "Disk/1"]],
    ["a label with a quote in its name", `labels[${encodeURIComponent('odd.label"')}]=x`, ["DiskSlow/1"]],
    [
      "matchers as Alertmanager writes them",
      `matchers=${encodeURIComponent('{pod=~"a-.*",severity!="info"}')}`,
      ["Disk/1"],
    ],
    ["a name by wildcard", "alert_name_pattern=Disk*", ["DiskSlow/1", "Disk/1"]],
    ["a name by regular expression", "alert_name_regex=Disk(Slow)%3F", ["DiskSlow/1", "Disk/1"]],
    ["free text without case, in any script", `search=${encodeURIComponent("ДИСК")}`, ["Disk/1"]],
    ["free text in the description", "search=HOT", ["CPU/1"]],
    ["a receipt", "receipt_id=receipt-1", ["Disk/1"]],
    ["a source", "source=prod", ["Disk/1"]],
    ["a kind", "kind=reopened", ["Flapper/3"]],
    ["resolved ones by duration", "duration_min=30&duration_max=2m", ["Flapper/4", "Flapper/2"]],
    ["resolved ones", "is_resolved=true", ["Flapper/4", "Flapper/2"]],
    ["flapping ones", "is_flapping=true", ["Flapper/4", "Flapper/3", "Flapper/2", "Flapper/1"]],
    ["the newest event of each alert", "view=alerts", ["DiskSlow/1", "CPU/1", "Disk/1", "Flapper/4"]],
    ["oldest first", "sort_order=asc&kind=new", ["Flapper/1", "Disk/1", "CPU/1", "DiskSlow/1"]],
    ["by another field", "sort_field=status&sort_order=desc&alertname=Flapper&limit=2", ["Flapper/4", "Flapper/2"]],
  ];
  test.each(rows)("%s", async (_, query, found) => {
    const { status, json } = await get(`/history?namespace=${ns}&${query}`);
    expect([status, names(json as never)]).toEqual([200, found]);
  });

  test("the body of a search means the same", async () => {
    const { json } = await post("/history/search", {
      query: "hot",
      filters: { namespace: [ns], labels: { pod: "b-2" } },
      pagination: { page: 1, per_page: 5 },
      sorting: { field: "created_at", order: "asc" },
    });
    expect(names(json as never)).toEqual(["CPU/1"]);
    expect(json).toMatchObject({ total: 1, page: 1, per_page: 5, total_pages: 1, has_next: false, has_prev: false });
  });

  const refused: [query: string, path: string][] = [
    ["status=maybe", "query.status"],
    ["fingerprint=xyz", "query.fingerprint"],
    ["labels_regex[pod]=(", "query.labels_regex[pod]"],
    ["from=yesterday", "query.from"],
    ["from=2020-01-01T00:00:00Z", "query.from"],
    ["limit=1001", "query.limit"],
    ["limit=10&page=2", "query.page"],
    ["page=1001&per_page=100", "query.page"],
    ["cursor=%21", "query.cursor"],
    ["is_resolved=maybe", "query.is_resolved"],
    ["view=all", "query.view"],
  ];
  test.each(refused)("%s is refused by name", async (query, path) => {
    const { status, json } = await get(`/history?${query}`);
    expect([status, (json.errors as unknown as { path: string }[])[0]?.path]).toEqual([400, path]);
  });
});

describe("export", () => {
  test("NDJSON and CSV hold every event of the filter once", async () => {
    await store(
      ...Array.from({ length: 1203 }, (_, i) =>
        event({ labels: { alertname: "=Exported", namespace: "export", n: String(i) }, receivedAt: HOUR - i }),
      ),
    );
    const ndjson = await get("/history/export?namespace=export");
    const lines = ndjson.text
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { labels: { n: string } }).labels.n);
    expect(new Set(lines).size).toBe(1203);
    expect(lines).toHaveLength(1203);
    const csv = await get("/history/export?namespace=export&format=csv");
    expect(csv.headers.get("content-type")).toContain("text/csv");
    const rows = csv.text.trimEnd().split("\r\n");
    expect(rows).toHaveLength(1204);
    // A spreadsheet must not take a label for a formula.
    expect(rows[1]).toContain(",'=Exported,");
  });
});

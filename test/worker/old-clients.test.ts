import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import type { Bindings } from "../../src/worker/env.ts";
import { shardName } from "../../src/worker/shards.ts";
import { eventually, get, post, send } from "../support/api.ts";

// The scenarios of contracts 16.1 and 16.2 that clients of the service before this one rely on, in their order.
afterEach(() => vi.useRealTimers());

interface Row {
  readonly fingerprint: string;
  readonly alert_name: string;
  readonly status: string;
  readonly severity: string;
  readonly expired: boolean;
}
const rows = async (query: string): Promise<Row[]> =>
  ((await get(`/history?${query}`)).json as unknown as { alerts: Row[] }).alerts;
const settled = (query: string, count: number): Promise<Row[]> =>
  eventually(
    () => rows(query),
    (found) => found.length >= count,
  );
const outcomes = (json: object) =>
  (json as { alerts: { fingerprint: string; outcome: string }[] }).alerts.map(({ outcome }) => outcome);

const HIGH = { alertname: "HighCPU", severity: "critical" };

test("1: one firing alert is one event with its name, severity, status and fingerprint", async () => {
  const sent = await send({ alerts: [{ labels: HIGH, status: "firing" }] });
  expect([sent.status, sent.json]).toMatchObject([200, { status: "success", alerts_processed: 1 }]);
  expect((sent.json.alerts as unknown as Row[])[0]?.fingerprint).toBe("bbf38a17b6294e0a");
  const found = await settled("alertname=HighCPU", 1);
  expect(found).toMatchObject([
    { alert_name: "HighCPU", severity: "critical", status: "firing", fingerprint: "bbf38a17b6294e0a" },
  ]);
});

test("2: the same body again is a duplicate, one event, received twice", async () => {
  const sent = await send({ alerts: [{ labels: HIGH, status: "firing" }] });
  expect(outcomes(sent.json)).toEqual(["duplicate"]);
  expect(await rows("alertname=HighCPU")).toHaveLength(1);
  expect((await get("/history/bbf38a17b6294e0a")).json).toMatchObject({
    alert_name: "HighCPU",
    current_status: "firing",
    receive_count: 2,
  });
});

test("3: three firing and one resolved in one body are four events", async () => {
  const alerts = ["a", "b", "c", "d"].map((i) => ({
    labels: { alertname: "Mixed", i },
    status: i === "d" ? "resolved" : "firing",
  }));
  const sent = await send({ alerts });
  expect([sent.status, sent.json.alerts_processed]).toEqual([200, 4]);
  const ids = (sent.json.alerts as unknown as Row[]).map(({ fingerprint }) => fingerprint);
  expect((await settled(`fingerprint=${ids.join(",")}`, 4)).map((row) => row.fingerprint).toSorted()).toEqual(
    ids.toSorted(),
  );
});

test("4: what is no JSON is invalid, and nothing is stored", async () => {
  const sent = await send('{"alerts": [{"invalid": }]}');
  expect([sent.status, sent.json]).toMatchObject([
    400,
    { type: "/problems/malformed-body", detail: expect.stringContaining("invalid") },
  ]);
});

test("5: an alert without labels is refused by itself, its neighbour is stored", async () => {
  const alone = await send({ alerts: [{ status: "firing" }] });
  expect([alone.status, alone.json]).toMatchObject([
    400,
    { type: "/problems/nothing-usable", errors: [expect.objectContaining({ path: expect.any(String) })] },
  ]);
  const both = await send({ alerts: [{ status: "firing" }, { labels: { alertname: "Neighbour" } }] });
  expect([both.status, both.json]).toMatchObject([
    207,
    { status: "partial_success", alerts_received: 2, alerts_processed: 1, alerts_failed: 1 },
  ]);
  expect(await settled("alertname=Neighbour", 1)).toHaveLength(1);
});

test("13: pages by limit and offset do not overlap and know their total", async () => {
  await send(Array.from({ length: 25 }, (_, i) => ({ labels: { alertname: "Paged", i: String(i) } })));
  await settled("alertname=Paged&limit=100", 25);
  const pages = await Promise.all(
    [0, 10, 20].map((offset) => get(`/history?alertname=Paged&limit=10&offset=${offset}`)),
  );
  const found = pages.map(({ json }) => json as unknown as { alerts: Row[]; total: number });
  expect(found.map(({ alerts, total }) => [alerts.length, total])).toEqual([
    [10, 25],
    [10, 25],
    [5, 25],
  ]);
  expect(new Set(found.flatMap(({ alerts }) => alerts.map((row) => row.fingerprint))).size).toBe(25);
  expect(pages[1]!.json).toMatchObject({
    count: 10,
    limit: 10,
    offset: 10,
    page: 2,
    per_page: 10,
    total_pages: 3,
    has_next: true,
    has_prev: true,
  });
});

test("14: filters by severity and namespace, and both", async () => {
  const alert = (i: string, severity: string, namespace: string) => ({
    labels: { alertname: "Filtered", i, severity, namespace },
  });
  await send([
    alert("1", "critical", "production"),
    alert("2", "critical", "staging"),
    alert("3", "warning", "production"),
  ]);
  await settled("alertname=Filtered", 3);
  const count = async (query: string) => (await rows(`alertname=Filtered&${query}`)).length;
  expect(await count("severity=critical")).toBe(2);
  expect(await count("namespace=production")).toBe(2);
  expect(await count("severity=critical&namespace=production")).toBe(1);
});

test("15: three episodes of one alert and one of two others are counted as such", async () => {
  const before = (await get("/history/stats")).json.total_alerts as unknown as number;
  for (let episode = 0; episode < 3; episode++) {
    for (const [i, status] of ["firing", "resolved"].entries()) {
      await send({ alerts: [{ labels: { alertname: "FrequentAlert" }, status }] });
      await settled("alertname=FrequentAlert", episode * 2 + i + 1);
    }
  }
  for (const alertname of ["RareOne", "RareTwo"]) await send({ alerts: [{ labels: { alertname } }] });
  await settled("alertname=RareOne,RareTwo", 2);
  const top = (await get("/history/top?limit=100")).json.alerts as unknown as {
    alert_name: string;
    fire_count: number;
  }[];
  const counts = Object.fromEntries(top.map(({ alert_name, fire_count }) => [alert_name, fire_count]));
  expect(counts).toMatchObject({ FrequentAlert: 3, RareOne: 1, RareTwo: 1 });
  expect(top[0]?.alert_name).toBe("FrequentAlert");
  expect(((await get("/history/stats")).json.total_alerts as unknown as number) - before).toBe(5);
});

test("22: what Prometheus resends each minute is one event; when it stops, the alert ends by itself", async () => {
  const begin = Date.now();
  const labels = { alertname: "Resent" };
  for (let minute = 0; minute < 10; minute++) {
    vi.useFakeTimers({ toFake: ["Date"], now: begin + minute * 60_000 });
    const endsAt = new Date(Date.now() + 240_000).toISOString();
    expect((await send([{ labels, startsAt: new Date(begin).toISOString(), endsAt }], "/api/v2/alerts")).status).toBe(
      200,
    );
  }
  const [event] = await settled("alertname=Resent", 1);
  expect((await get(`/history/${event?.fingerprint}`)).json).toMatchObject({
    receive_count: 10,
    events: [{ kind: "new" }],
  });
  vi.useFakeTimers({ toFake: ["Date"], now: begin + 14 * 60_000 });
  const bindings = env as unknown as Bindings;
  await runDurableObjectAlarm(bindings.SHARDS.getByName(shardName(bindings, labels)));
  const found = await settled("alertname=Resent", 2);
  expect(found[0]).toMatchObject({ status: "resolved", expired: true });
});

test("the report has the parts it always had, and groups as asked", async () => {
  const { json } = await get("/report?days=7&group_by=severity&top=5&include_recent=true");
  expect(json).toMatchObject({
    period_days: 7,
    group_by: "severity",
    total_alerts: expect.any(Number),
    metadata: { generated_at: expect.any(String), partial_failure: false, errors: [] },
    summary: { unique_fingerprints: expect.any(Number), trends: expect.any(Array) },
  });
  expect((json.data as unknown as Record<string, object>)["critical"]).toMatchObject({
    count: expect.any(Number),
    firing: expect.any(Number),
    resolved: expect.any(Number),
  });
  for (const part of ["top_alerts", "flapping_alerts", "recent_alerts"]) expect(json[part]).toBeInstanceOf(Array);
  expect(Object.keys((await get("/report")).json.data)).toEqual(["all"]);
  expect((await post("/history/search", { filters: { alertname: "Filtered" } })).json).toMatchObject({ total: 3 });
});

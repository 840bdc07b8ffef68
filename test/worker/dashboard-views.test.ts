import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { eventually, get, post, put, send } from "../support/api.ts";
import { receiver, watchOutside } from "../support/outside.ts";

watchOutside();

const HOUR = 3_600_000;
const iso = (ms: number): string => new Date(ms).toISOString();

interface Point {
  readonly timestamp: string;
  readonly critical: number;
  readonly warning: number;
  readonly resolved: number;
}
const volume = async (fromMs: number, toMs: number) => {
  const { json } = await get(`/api/v1/volume?from=${iso(fromMs)}&to=${iso(toMs)}`);
  return json as unknown as { step_seconds: number; points: Point[] };
};
const sumOf = (points: readonly Point[], key: "critical" | "warning" | "resolved"): number =>
  points.reduce((sum, point) => sum + point[key], 0);

test("volume is fine for hours, hourly for a week, and loses nothing on the way", async () => {
  await send([
    { labels: { alertname: "VolumeA", severity: "critical" } },
    { labels: { alertname: "VolumeB", severity: "warning" } },
  ]);
  await send({ labels: { alertname: "VolumeB", severity: "warning" }, status: "resolved" });
  const now = Date.now();
  await eventually(
    () => volume(now - HOUR, now + 60_000),
    ({ points }) => (["critical", "warning", "resolved"] as const).every((key) => sumOf(points, key) === 1),
  );
  for (const [from, step] of [
    [now - HOUR, 120],
    [now - 7 * 24 * HOUR, 3600],
    [now - 30 * 24 * HOUR, 6 * 3600],
  ] as const) {
    const { step_seconds, points } = await volume(from, now + 60_000);
    expect(step_seconds).toBe(step);
    expect([sumOf(points, "critical"), sumOf(points, "warning"), sumOf(points, "resolved")]).toEqual([1, 1, 1]);
    const times = points.map(({ timestamp }) => Date.parse(timestamp));
    expect(times.slice(1).every((at, i) => at - times[i]! === step * 1000)).toBe(true);
  }
  expect((await get(`/api/v1/volume?from=${iso(now)}&to=${iso(now - 1)}`)).status).toBe(400);
});

test("a heartbeat is alive while its alert is heard of, and waited for without one", async () => {
  const heartbeats = ["eu", "us"].map(
    (name) => `- name: ${name}\n  matchers: alertname="Watchdog",cluster="${name}"\n  within: 5m\n`,
  );
  const document = `route:\n  receiver: r\nreceivers:\n- name: r\nheartbeats:\n${heartbeats.join("")}`;
  expect((await put("/api/v1/config", document)).status).toBe(200);
  await send({ labels: { alertname: "Watchdog", cluster: "eu" } });
  const { json } = await eventually(
    () => get("/api/v1/senders"),
    (answer) => JSON.stringify(answer.json.heartbeats).includes("alive"),
  );
  expect(json.heartbeats).toMatchObject([
    { name: "eu", within_seconds: 300, state: "alive" },
    { name: "us", state: "waiting", last_seen_at: null },
  ]);
  expect(json.sources).toContainEqual(expect.objectContaining({ name: "generic" }));
  const longest = (await get("/api/v1/longest")).json.alerts as unknown as { starts_at: string; labels: object }[];
  expect(longest.map((alert) => alert.starts_at)).toEqual(longest.map((alert) => alert.starts_at).toSorted());
  expect(longest.map(({ labels }) => labels)).toContainEqual({ alertname: "Watchdog", cluster: "eu" });
});

test("the audit tells who switched the mode and why, page by page", async () => {
  for (const mode of ["shadow", "enriched"]) await post("/enrichment/mode", { mode, reason: `to ${mode}` });
  const { json } = await get("/api/v1/audit?action=enrichment&limit=1");
  expect(json.entries).toMatchObject([
    { actor: "admin", action: "enrichment.mode", detail: { reason: "to enriched" } },
  ]);
  const older = (await get(`/api/v1/audit?action=enrichment.mode&cursor=${String(json.cursor)}`)).json;
  expect(older.entries).toMatchObject([{ detail: { from: "enriched", to: "shadow", reason: "to shadow" } }]);
  expect(older.cursor).toBeNull();
  expect((await get("/api/v1/audit?action=enrich")).json.entries).toEqual([]);
});

test("the report of classification counts who answered, how sure, and where labels agree", async () => {
  await send([
    { labels: { alertname: "NodeDown", severity: "critical", instance: "n1" } },
    { labels: { alertname: "NobodyKnows", severity: "info" } },
  ]);
  const { json } = await eventually(
    () => get("/api/v1/classification-report"),
    (answer) => JSON.stringify(answer.json.agreement).includes('"label":"info"'),
  );
  const events = (json.agreement as unknown as { label: string | null; severity: string; events: number }[]).reduce(
    (sum, one) => sum + one.events,
    0,
  );
  expect(json.agreement).toContainEqual({ label: "critical", severity: "critical", events: expect.any(Number) });
  expect((json.confidence as unknown as number[]).reduce((sum, n) => sum + n, 0)).toBe(events);
  expect(json).toMatchObject({ calls: [], latency: { p50_ms: null, p95_ms: null } });
  const { fallback } = json.answered_by as unknown as Record<string, number>;
  expect(fallback).toBeGreaterThanOrEqual(2);
});

test("the list of what fires tells the severity that counts, to those who ask", async () => {
  await send({ labels: { alertname: "NodeDown", severity: "info", instance: "raised" } });
  const filter = 'filter=instance="raised"';
  const list = async (query: string) =>
    (await get(`/api/v2/alerts?${query}`)).json as unknown as readonly Record<string, unknown>[];
  const [alert] = await eventually(
    () => list(`${filter}&details=true`),
    (alerts) => alerts.length === 1,
  );
  expect(alert).toMatchObject({ labels: { severity: "info" }, severity: "critical" });
  expect((await list(filter))[0]).not.toHaveProperty("severity");
});

test("the calendar holds each window of a silence that comes again", async () => {
  // Next January, whenever this runs: winter in Berlin, where 02:00 is 01:00 in UTC.
  const from = Date.UTC(new Date().getUTCFullYear() + 1, 0, 4);
  await post("/api/v2/silences", {
    matchers: [{ name: "alertname", value: "Backup", isRegex: false }],
    startsAt: iso(Date.now()),
    endsAt: iso(from + 3 * 24 * HOUR),
    createdBy: "me",
    comment: "c",
    recurrence: { rule: "FREQ=DAILY;BYHOUR=2", time_zone: "Europe/Berlin", duration_seconds: 5400 },
  });
  const { json } = await get(`/api/v1/silences/calendar?from=${iso(from)}&to=${iso(from + 7 * 24 * HOUR)}`);
  const [silence] = json.silences as unknown as { recurring: boolean; windows: { from: string; to: string }[] }[];
  expect(silence).toMatchObject({ recurring: true });
  expect(silence?.windows).toEqual(
    [0, 1, 2].map((day) => ({ from: iso(from + (day * 24 + 1) * HOUR), to: iso(from + (day * 24 + 2.5) * HOUR) })),
  );
});

test("what is sent for a notification is shown without the target's secrets", async () => {
  const hooks = receiver("hooks.example.com");
  const url = "https://hooks.example.com/services/T0SECRETPATH/B0SECRET";
  await post("/api/v1/targets", {
    name: "hook",
    type: "webhook",
    url,
    headers: { Authorization: "Bearer topsecretvalue", "X-Team": "ops" },
  });
  await put(
    "/api/v1/config",
    "route:\n  receiver: r\n  group_by: ['...']\n  group_wait: 0s\nreceivers:\n- name: r\n  targets: [hook]\n",
  );
  await send({ labels: { alertname: "Shown", severity: "critical" }, annotations: { summary: "see T0SECRETPATH" } });
  const { json } = await eventually(
    () => get("/api/v1/notifications?target=hook"),
    (answer) => (answer.json.count as unknown) === 1,
  );
  const [{ id }] = json.notifications as unknown as [{ id: string }];
  const answer = await get(`/api/v1/notifications/${id}/request`);
  expect(answer.status).toBe(200);
  expect(answer.json.request).toMatchObject({ method: "POST", url: "https://hooks.example.com/***" });
  await eventually(
    async () => hooks.received,
    (received) => received.length === 1,
  );
  const sent = JSON.parse(hooks.received[0]!.body) as { alerts: unknown[] };
  const shown = JSON.parse((answer.json.request as unknown as { body: string }).body) as { alerts: unknown[] };
  expect(JSON.stringify(shown.alerts)).toBe(JSON.stringify(sent.alerts).replaceAll("T0SECRETPATH", "***"));
  expect(answer.text).not.toMatch(/SECRET|topsecret/);
  await env.DB.prepare("DELETE FROM events").run();
  expect((await get(`/api/v1/notifications/${id}/request`)).status).toBe(404);
});

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { app } from "../../src/worker/app.ts";
import type { Bindings } from "../../src/worker/env.ts";
import { fillHours } from "../support/many-events.ts";
import { fillAll } from "../support/many-rows.ts";
import { counting } from "../support/rows-read.ts";

const bindings = env as unknown as Bindings & { readonly TEST_MANY_EVENTS: string };
const FEW = 10_000;
/** The suite has no time for more; `MANY_EVENTS=1000000` tries what is promised. */
const MANY = Number(bindings.TEST_MANY_EVENTS);
/** Events inserted by one statement: each is a transaction of its own. */
const STEP = 90_000;
/** A list of configuration versions or the like may be looked up or remembered. */
const SLACK_ROWS = 10;
const START = Date.now();
const DAY = 86_400_000;

const FP = "0000000000000000";
/** Every GET route that lists, counts or charts what grows, in the forms it is asked in. */
const LISTS: readonly string[] = [
  "/history",
  "/history?limit=1000",
  "/history?sort_order=asc",
  "/history?offset=500&limit=100",
  "/history?page=3&per_page=50&sort_field=severity",
  "/history?severity=critical",
  "/history?namespace=nowhere",
  "/history?labels[pod]=pod-5",
  "/history?labels_regex[pod]=pod-.*7",
  "/history?search=event",
  "/history?view=alerts",
  "/history?is_flapping=true",
  "/history?outcome=dead",
  "/history?target=chat",
  "/history/recent",
  `/history/${FP}?limit=10`,
  "/history/top",
  "/history/flapping",
  "/history/stats",
  "/history/stats?namespace=ns1",
  "/history/noise",
  "/report",
  "/report?days=30&group_by=namespace&include_recent=true",
  "/api/dashboard/overview",
  "/api/dashboard/charts?hours=168",
  "/api/dashboard/health",
  "/api/dashboard/alerts/recent",
  "/api/dashboard/recommendations",
  "/api/v1/incidents",
  `/api/v1/incidents/inc-${MANY / 10 - 5}`,
  "/api/v1/delivery-times",
  "/api/v1/longest",
  "/api/v1/volume",
  "/api/v1/senders",
  "/api/v1/audit",
  `/api/v1/alerts/${FP}/trace`,
  "/api/v1/notifications",
  "/api/v1/notifications?target=chat",
  "/api/v1/dead-letters",
  "/api/v1/dead-letters/counts",
  "/publishing/dlq?include_stats=true",
  "/publishing/queue/jobs",
  "/publishing/stats",
  "/publishing/targets",
  "/publishing/targets/drift",
  "/publishing/targets/health",
  "/classification/stats",
  "/api/v1/classification-report",
  "/enrichment/stats",
  "/proxy/stats",
  "/proxy/targets",
  "/api/v2/alerts",
  "/api/v2/alerts/groups",
  "/api/v2/silences",
  "/api/v1/silences/calendar",
  "/metrics",
];

/** GET routes that read one thing, a list that people keep short, or nothing of D1. */
const OTHERS = new Set([
  ...["/healthz", "/readyz", "/api/v1/live", "/api/v1/session", "/api/v1/routes", "/api/v1/tokens", "/history/export"],
  ...["/api/v1/config", "/api/v1/config/versions", "/api/v1/config/versions/{version}", "/enrichment/mode"],
  ...["/api/v1/targets", "/api/v1/targets/{name}", "/publishing/targets/{name}", "/publishing/targets/status"],
  ...["/publishing/targets/health/{name}", "/publishing/targets/health/stats", "/publishing/secrets/template"],
  ...["/publishing/mode", "/publishing/health", "/publishing/queue/jobs/{id}", "/publishing/queue/status"],
  ...["/publishing/queue/stats", "/proxy/health", "/proxy/filters/rules", "/classification/health"],
  ...["/classification/models", "/classification/{fingerprint}", "/api/v2/status", "/api/v2/receivers"],
  ...["/api/v2/silence/{id}", "/api/v1/receipts/{id}", "/api/v1/notifications/{id}", "/api/v1/dead-letters/{id}"],
  ...["/api/v1/notifications/{id}/request", "/api/openapi.json"],
]);

const measure = async (now: number): Promise<Map<string, number>> => {
  // What is remembered for seconds is forgotten by then.
  vi.useFakeTimers({ toFake: ["Date"], now });
  const counts = new Map<string, number>();
  for (const path of LISTS) {
    const { db, read } = counting(env.DB);
    const context = createExecutionContext();
    const request = new Request(`https://alerts.test${path}`, { headers: { authorization: "Bearer test-admin" } });
    const response = await app.fetch(request, { ...bindings, DB: db }, context);
    expect([path, response.status]).toEqual([path, 200]);
    await response.text();
    await waitOnExecutionContext(context);
    counts.set(path, read());
  }
  vi.useRealTimers();
  return counts;
};

describe(`rows that every list and chart reads, at ${FEW} and at ${MANY} events`, () => {
  /** One installation at one rate, after some hours and after a month. */
  const perEvent = (30 * DAY) / 1_000_000;
  const fill = (newest: number, count: number, first: number) =>
    fillAll(env.DB, { count, fromMs: newest - count * perEvent, spanMs: count * perEvent - 1 }, first, MANY - 100);
  let few: Map<string, number>;
  let many: Map<string, number>;

  beforeAll(async () => {
    await env.DB.prepare("INSERT OR REPLACE INTO meta VALUES ('rollup_from', ?1)").bind(String(START)).run();
    await fillHours(env.DB, START - 30 * DAY, START);
    await fill(START, FEW, MANY - FEW);
    few = await measure(START);
    for (let first = MANY - FEW; first > 0; ) {
      const count = Math.min(STEP, first);
      const newest = START - (MANY - first) * perEvent;
      first -= count;
      await fill(newest, count, first);
    }
    many = await measure(START + 60_000);
  }, 900_000);
  afterAll(() => {
    // Shown where a test fails, and with MANY_EVENTS.
    console.table([...few].map(([path, n]) => ({ path, few: n, many: many.get(path) })));
  });

  test("no route is left out", () => {
    const asked = LISTS.map((path) => path.replace(/\?.*/, ""));
    const missing = app.openAPIRegistry.definitions.flatMap((definition) => {
      if (definition.type !== "route" || definition.route.method !== "get") return [];
      const pattern = new RegExp(`^${definition.route.path.replace(/\{[^}]+\}/g, "[^/]+")}$`);
      return OTHERS.has(definition.route.path) || asked.some((path) => pattern.test(path))
        ? []
        : [definition.route.path];
    });
    expect(missing).toEqual([]);
  });

  test.each(LISTS)("%s", (path) => {
    const [before, after] = [few.get(path) ?? Number.NaN, many.get(path) ?? Number.NaN];
    expect(Math.abs(after - before), `${before} and ${after}`).toBeLessThanOrEqual(Math.max(SLACK_ROWS, before * 0.1));
  });
});

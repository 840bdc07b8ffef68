/** Rankings and statistics of the history: `/history/top`, `/history/flapping`, `/history/stats`, `/history/noise`. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { MAX_RANGE_MS } from "../../core/history/query.ts";
import { noiseScore } from "../../core/history/rollup.ts";
import { actedOnRules } from "../db/acted-on.ts";
import { flappingAlerts, type Range, topAlerts, topRules } from "../db/rollup-reads.ts";
import { type AppEnv, routes, scoped } from "../http.ts";
import { refuse } from "../problem.ts";
import { readStatistics, showFlapping, showTop } from "../statistics.ts";
import { time } from "../views.ts";

const TimeRange = z.object({ from: z.string(), to: z.string() });
const instant = z.iso.datetime({ offset: true }).optional();
export const rangeQuery = z.object({
  from: instant,
  to: instant,
  start_time: instant,
  end_time: instant,
  namespace: z.string().max(1000).optional(),
  severity: z.enum(["critical", "warning", "info", "noise"]).optional(),
});
const count = (initial: number, max: number) => z.coerce.number().int().min(1).max(max).default(initial);

export const Top = z.object({
  fingerprint: z.string(),
  alert_name: z.string(),
  namespace: z.string().nullable(),
  severity: z.string(),
  fire_count: z.number(),
  receive_count: z.number(),
  last_fired_at: z.string(),
  avg_duration: z.number().nullable(),
  /** As they are now; empty of an alert that is not kept any more. */
  labels: z.record(z.string(), z.string()),
});
export const Flapping = z.object({
  fingerprint: z.string(),
  alert_name: z.string(),
  namespace: z.string().nullable(),
  transition_count: z.number(),
  flapping_score: z.number(),
  last_transition_at: z.string(),
  labels: z.record(z.string(), z.string()),
});
const Noise = z.object({
  alert_name: z.string(),
  namespace: z.string().nullable(),
  severity: z.string(),
  fire_count: z.number(),
  reopened: z.number(),
  short_lived: z.number(),
  acted_on: z.boolean(),
  mttr_seconds: z.number().nullable(),
  noise_score: z.number(),
  last_at: z.string(),
  fingerprint: z.string(),
});
const numbers = z.record(z.string(), z.number());
export const Stats = z
  .object({
    time_range: TimeRange,
    total_alerts: z.number(),
    firing_alerts: z.number(),
    resolved_alerts: z.number(),
    alerts_by_status: numbers,
    alerts_by_severity: numbers,
    alerts_by_namespace: numbers,
    alerts_by_category: numbers,
    unique_fingerprints: z.number(),
    total_received: z.number(),
    avg_resolution_time: z.number(),
    expired_alerts: z.number(),
    trends: z.array(z.object({ timestamp: z.string(), firing: z.number(), resolved: z.number() })),
  })
  .openapi("HistoryStats");

const DAY_MS = 86_400_000;

/** The range asked for, by default the last 24 h; null when it is empty or too long. */
export const rangeOf = (q: z.infer<typeof rangeQuery>, now: number, defaultMs = DAY_MS): Range | null => {
  const [to, from] = [q.to ?? q.end_time, q.from ?? q.start_time];
  const toMs = to === undefined ? now + 1 : Date.parse(to);
  const fromMs = from === undefined ? toMs - defaultMs : Date.parse(from);
  if (toMs <= fromMs || toMs - fromMs > MAX_RANGE_MS + 1) return null;
  return { fromMs, toMs, namespace: q.namespace ?? null, severity: q.severity ?? null };
};

export const badRange = (c: Context<AppEnv>): never =>
  refuse(c, "invalid-parameter", "to must be after from, and at most 90 days after it", {
    errors: [{ path: "query.from", message: "must be at most 90 days before to" }],
  });

const answer = <T extends z.ZodType>(description: string, schema: T) => ({
  200: { description, content: { "application/json": { schema } } },
  400: { description: "A parameter is wrong" },
});

export const analyticsRoutes = routes()
  .openapi(
    createRoute({
      method: "get",
      path: "/history/top",
      summary: "The alerts that began to fire most often",
      ...scoped("read"),
      request: { query: rangeQuery.extend({ limit: count(10, 100) }) },
      responses: answer("Alerts", z.object({ alerts: z.array(Top), count: z.number(), time_range: TimeRange })),
    }),
    async (c) => {
      const q = c.req.valid("query");
      const range = rangeOf(q, Date.now());
      if (range === null) return badRange(c);
      const alerts = (await topAlerts(c.env.DB, range, q.limit)).map(showTop);
      const time_range = { from: time(range.fromMs), to: time(range.toMs) };
      return c.json({ alerts, count: alerts.length, time_range }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/history/flapping",
      summary: "The alerts that changed their state most often",
      ...scoped("read"),
      request: { query: rangeQuery.extend({ threshold: count(3, 1000), limit: count(50, 100) }) },
      responses: answer(
        "Alerts",
        z.object({ alerts: z.array(Flapping), count: z.number(), threshold: z.number(), time_range: TimeRange }),
      ),
    }),
    async (c) => {
      const { threshold, limit, ...q } = c.req.valid("query");
      const range = rangeOf(q, Date.now());
      if (range === null) return badRange(c);
      const rows = await flappingAlerts(c.env.DB, range, threshold, limit);
      const alerts = rows.map((row) => showFlapping(row, range));
      const time_range = { from: time(range.fromMs), to: time(range.toMs) };
      return c.json({ alerts, count: alerts.length, threshold, time_range }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/history/stats",
      summary: "Counts of a range, hour by hour",
      ...scoped("read"),
      request: { query: rangeQuery },
      responses: answer("Statistics", Stats),
    }),
    async (c) => {
      const now = Date.now();
      const range = rangeOf(c.req.valid("query"), now);
      return range === null ? badRange(c) : c.json(await readStatistics(c.env.DB, range, now), 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/history/noise",
      summary: "Rules by how much of their talk is noise, with their mean time to resolve",
      ...scoped("read"),
      request: { query: rangeQuery.extend({ limit: count(20, 100) }) },
      responses: answer("Rules", z.object({ rules: z.array(Noise), count: z.number(), time_range: TimeRange })),
    }),
    async (c) => {
      const { limit, ...q } = c.req.valid("query");
      const range = rangeOf(q, Date.now(), 7 * DAY_MS);
      if (range === null) return badRange(c);
      const found = await topRules(c.env.DB, range, 100);
      const acted = await actedOnRules(c.env.DB, range, found);
      const rules = found
        .map((rule, i) => ({
          alert_name: rule.alertname,
          namespace: rule.namespace,
          severity: rule.severity,
          fire_count: rule.started,
          reopened: rule.reopened,
          short_lived: rule.short_lived,
          acted_on: acted[i] ?? false,
          mttr_seconds: rule.resolved === 0 ? null : Math.round(rule.duration_ms / rule.resolved / 1000),
          noise_score: noiseScore({
            started: rule.started,
            reopened: rule.reopened,
            shortLived: rule.short_lived,
            actedOn: acted[i] ?? false,
          }),
          last_at: time(rule.last_at),
          fingerprint: rule.fingerprint,
        }))
        .toSorted((a, b) => b.noise_score - a.noise_score || b.fire_count - a.fire_count)
        .slice(0, limit);
      const time_range = { from: time(range.fromMs), to: time(range.toMs) };
      return c.json({ rules, count: rules.length, time_range }, 200);
    },
  );

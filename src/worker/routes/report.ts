/** `/report`: one answer with counts, statistics, rankings and the newest events (contracts 12.4). */
import { createRoute, z } from "@hono/zod-openapi";
import { walkEvents } from "../db/history.ts";
import { flappingAlerts, type Range, readHours, topAlerts, topRules } from "../db/rollup-reads.ts";
import { showEvents } from "../history-list.ts";
import { routes, scoped } from "../http.ts";
import { logError } from "../log.ts";
import { EventSchema } from "../schemas.ts";
import { readStatistics, showFlapping, showTop, sumBy } from "../statistics.ts";
import { time } from "../views.ts";
import { badRange, Flapping, rangeOf, rangeQuery, Stats, Top } from "./history-analytics.ts";
import { EVERYTHING } from "./history-query.ts";

/** A part that takes longer is left out (contracts 12.4). */
const PART_MS = 10_000;
const RECENT = 20;
/** Groups listed; a range has seldom more names than this that matter. */
const MAX_GROUPS = 1000;
const DAY_MS = 86_400_000;

const Counts = z.object({ count: z.number(), firing: z.number(), resolved: z.number() });
const Report = z
  .object({
    period_days: z.number(),
    group_by: z.string().nullable(),
    data: z.record(z.string(), Counts),
    total_alerts: z.number(),
    metadata: z.object({
      generated_at: z.string(),
      request_id: z.string(),
      processing_time_ms: z.number(),
      cache_hit: z.boolean(),
      partial_failure: z.boolean(),
      errors: z.array(z.string()),
    }),
    summary: Stats.nullable(),
    top_alerts: z.array(Top),
    flapping_alerts: z.array(Flapping),
    recent_alerts: z.array(EventSchema),
  })
  .openapi("Report");

type Counted = z.infer<typeof Counts>;
const GROUPS = ["alertname", "status", "namespace", "severity"] as const;

const groupCounts = async (
  db: D1Database,
  range: Range,
  by: (typeof GROUPS)[number] | undefined,
): Promise<Record<string, Counted>> => {
  if (by === "alertname" || by === "namespace") {
    const groups = new Map<string, Counted>();
    for (const rule of await topRules(db, range, MAX_GROUPS)) {
      const key = by === "alertname" ? rule.alertname : (rule.namespace ?? "");
      const known = groups.get(key) ?? { count: 0, firing: 0, resolved: 0 };
      groups.set(key, {
        count: known.count + rule.started,
        firing: known.firing + rule.started,
        resolved: known.resolved + rule.resolved,
      });
    }
    return Object.fromEntries(groups);
  }
  const hours = await readHours(db, range);
  const total = (key: string): number => hours.reduce((sum, { counts }) => sum + (counts[key] ?? 0), 0);
  const [firing, resolved] = [total("started"), total("resolved")];
  if (by === "status") {
    return {
      firing: { count: firing, firing, resolved: 0 },
      resolved: { count: resolved, firing: 0, resolved },
    };
  }
  if (by === "severity") {
    const ended = new Map(sumBy(hours, "r:"));
    return Object.fromEntries(
      sumBy(hours, "s:").map(([key, n]) => [key, { count: n, firing: n, resolved: ended.get(key) ?? 0 }]),
    );
  }
  return { all: { count: firing, firing, resolved } };
};

const within = <T>(part: Promise<T>): Promise<T> =>
  Promise.race([
    part,
    new Promise<never>((_, reject) => setTimeout(() => reject(new Error("took longer than 10 s")), PART_MS)),
  ]);

const whole = (initial: number, max: number) => z.coerce.number().int().min(1).max(max).default(initial);

export const reportRoutes = routes().openapi(
  createRoute({
    method: "get",
    path: "/report",
    summary: "Counts, statistics, rankings and, on request, the newest events of a period",
    ...scoped("read"),
    request: {
      query: rangeQuery.extend({
        days: whole(7, 90),
        group_by: z.enum(GROUPS).optional(),
        top: whole(10, 100),
        min_flap: whole(3, 100),
        include_recent: z.enum(["true", "false", "1", "0"]).default("false"),
      }),
    },
    responses: {
      200: {
        description: "The report; a part that failed is empty and named",
        content: { "application/json": { schema: Report } },
      },
      400: { description: "A parameter is wrong" },
    },
  }),
  async (c) => {
    const q = c.req.valid("query");
    const now = Date.now();
    const range = rangeOf(q, now, q.days * DAY_MS);
    if (range === null) return badRange(c);
    const errors: string[] = [];
    const part = <T>(name: string, work: Promise<T>, empty: T): Promise<T> =>
      within(work).catch((error: unknown) => {
        logError("report.part", error, { part: name });
        errors.push(`${name} failed`);
        return empty;
      });
    const db = c.env.DB;
    const wantsRecent = q.include_recent === "true" || q.include_recent === "1";
    const recent = async () => {
      const { rows } = await walkEvents(db, EVERYTHING, { limit: RECENT, after: null, descending: true }, now);
      return showEvents(db, rows);
    };
    const [data, summary, top, flapping, recentAlerts] = await Promise.all([
      part("data", groupCounts(db, range, q.group_by), {}),
      part("summary", readStatistics(db, range, now), null),
      part("top_alerts", topAlerts(db, range, q.top), []),
      part("flapping_alerts", flappingAlerts(db, range, q.min_flap, q.top), []),
      wantsRecent ? part("recent_alerts", recent(), []) : [],
    ]);
    return c.json(
      {
        period_days: Math.round((range.toMs - range.fromMs) / DAY_MS),
        group_by: q.group_by ?? null,
        data,
        total_alerts: summary?.total_alerts ?? 0,
        metadata: {
          generated_at: time(now),
          request_id: c.var.requestId,
          processing_time_ms: Date.now() - now,
          cache_hit: false,
          partial_failure: errors.length > 0,
          errors,
        },
        summary,
        top_alerts: top.map(showTop),
        flapping_alerts: flapping.map((row) => showFlapping(row, range)),
        recent_alerts: recentAlerts,
      },
      200,
    );
  },
);

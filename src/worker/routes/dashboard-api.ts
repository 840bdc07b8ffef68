/** The dashboard's JSON (contracts 13), for our pages and for whoever read it before. */
import { createRoute, z } from "@hono/zod-openapi";
import { readFilter } from "../../core/history/query.ts";
import { classifierConfig, isClassificationEnabled } from "../classification.ts";
import { walkEvents } from "../db/history.ts";
import { readHours, topRules } from "../db/rollup-reads.ts";
import { routes, scoped } from "../http.ts";
import { readOverview } from "../overview.ts";
import { refuse } from "../problem.ts";
import { registry } from "../registry.ts";
import { sumBy } from "../statistics.ts";
import { showEvent, time } from "../views.ts";
import * as schemas from "./dashboard-schemas.ts";

const HOUR_MS = 3_600_000;
const json = <T extends z.ZodType>(description: string, schema: T) => ({
  200: { description, content: { "application/json": { schema } } },
});

/** Answers may be so old (contracts 13). */
const cached = { headers: { "cache-control": "private, max-age=5" } };

const checkPart = async (component: string, withinMs: number, ask: () => Promise<unknown>) => {
  const from = Date.now();
  const late = new Promise<"late">((resolve) => setTimeout(resolve, withinMs, "late"));
  const outcome = await Promise.race([
    ask().then(
      () => "ok" as const,
      () => "failed" as const,
    ),
    late,
  ]);
  const latency = Date.now() - from;
  return {
    component,
    status: outcome === "ok" ? ("healthy" as const) : ("unhealthy" as const),
    details: outcome === "ok" ? "it answers" : outcome === "late" ? `no answer within ${withinMs} ms` : "it failed",
    last_check: time(from),
    latency_ms: latency,
  };
};

export const dashboardApiRoutes = routes()
  .openapi(
    createRoute({
      method: "get",
      path: "/api/dashboard/overview",
      summary: "How things stand",
      ...scoped("read"),
      responses: json("Counts", schemas.Overview),
    }),
    async (c) => c.json(await readOverview(c.env, Date.now()), 200, cached.headers),
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/api/dashboard/charts",
      summary: "Hours and distributions",
      ...scoped("read"),
      request: { query: z.object({ hours: z.coerce.number().int().min(1).max(168).default(24) }) },
      responses: json("Charts", schemas.Charts),
    }),
    async (c) => {
      const now = Date.now();
      const back = (c.req.valid("query").hours - 1) * HOUR_MS;
      const range = { fromMs: now - back, toMs: now + 1, namespace: null, severity: null };
      const [hours, rules] = await Promise.all([readHours(c.env.DB, range), topRules(c.env.DB, range, 100)]);
      const ranked = rules.map((rule) => ({
        alert_name: rule.alertname,
        namespace: rule.namespace,
        count: rule.started,
        last_seen: time(rule.last_at),
        severity: rule.severity,
        status: rule.started > rule.resolved ? ("firing" as const) : ("resolved" as const),
      }));
      const order = ["critical", "warning", "info", "noise"];
      const bySeverity = ranked.toSorted(
        (a, b) => order.indexOf(a.severity) - order.indexOf(b.severity) || b.count - a.count,
      );
      const total = (key: string): number => hours.reduce((sum, { counts }) => sum + (counts[key] ?? 0), 0);
      return c.json(
        {
          alert_timeline: hours.map(({ at, counts }) => ({
            timestamp: time(at),
            firing: counts["started"] ?? 0,
            resolved: counts["resolved"] ?? 0,
            critical: counts["s:critical"] ?? 0,
            warning: counts["s:warning"] ?? 0,
            info_alerts: (counts["s:info"] ?? 0) + (counts["s:noise"] ?? 0),
          })),
          top_alerts_by_frequency: ranked.slice(0, 10),
          top_alerts_by_severity: bySeverity.slice(0, 10),
          severity_distribution: Object.fromEntries(sumBy(hours, "s:")),
          status_distribution: { firing: total("started"), resolved: total("resolved") },
          namespace_distribution: Object.fromEntries(sumBy(hours, "n:")),
          category_distribution: Object.fromEntries(sumBy(hours, "c:")),
        },
        200,
        cached.headers,
      );
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/api/dashboard/health",
      summary: "The components",
      ...scoped("read"),
      responses: {
        ...json("They answer", z.array(schemas.Component)),
        503: {
          description: "The database does not",
          content: { "application/json": { schema: z.array(schemas.Component) } },
        },
      },
    }),
    async (c) => {
      const now = time(Date.now());
      const [database, shared, publishing] = await Promise.all([
        checkPart("database", 5000, () => c.env.DB.prepare("SELECT 1").run()),
        checkPart("redis", 2000, () => c.env.DB.prepare("SELECT key FROM meta LIMIT 1").run()),
        checkPart("publishing", 5000, () => registry(c.env).list()),
      ]);
      const model = classifierConfig(c.env).model;
      const isOn = isClassificationEnabled(c.env);
      const classification = {
        component: "classification",
        status: isOn ? ("healthy" as const) : ("not_configured" as const),
        details: isOn
          ? model === null
            ? "the rules answer"
            : `${model.provider}, with the rules behind it`
          : "switched off",
        last_check: now,
      };
      const answer = [database, shared, classification, publishing];
      return database.status === "healthy" ? c.json(answer, 200) : c.json(answer, 503);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/api/dashboard/alerts/recent",
      summary: "The newest events, shortly",
      ...scoped("read"),
      request: {
        query: z.object({
          limit: z.coerce.number().int().min(1).max(200).default(50),
          severity: z.enum(["critical", "warning", "info", "noise"]).optional(),
          status: z.enum(["firing", "resolved"]).optional(),
          namespace: z.string().max(1000).optional(),
          min_confidence: z.coerce.number().min(0).max(1).optional(),
          include_classification: z.enum(["true", "false", "1", "0"]).default("true"),
        }),
      },
      responses: json("Events", schemas.Recent),
    }),
    async (c) => {
      const now = Date.now();
      const { limit, min_confidence, include_classification, ...filters } = c.req.valid("query");
      const filter = readFilter(
        Object.entries(filters).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
        now,
      );
      if (!filter.ok) return refuse(c, "invalid-parameter", "a filter is invalid", { errors: filter.error });
      const { rows } = await walkEvents(c.env.DB, filter.value, { limit, after: null, descending: true }, now);
      const shows = include_classification === "true" || include_classification === "1";
      const alerts = rows
        .map((row) => showEvent(row, []))
        .filter(
          ({ classification }) => min_confidence === undefined || (classification?.confidence ?? 0) >= min_confidence,
        )
        .map((event) => ({
          fingerprint: event.fingerprint,
          alert_name: event.alert_name,
          status: event.status,
          severity: event.severity,
          summary: event.annotations["summary"] ?? event.annotations["description"] ?? "",
          starts_at: event.startsAt,
          labels: event.labels,
          ...(shows && event.classification !== null
            ? { classification: schemas.shortClassification(event.classification) }
            : {}),
        }));
      const applied = Object.fromEntries(
        Object.entries({ ...filters, min_confidence }).filter(([, value]) => value !== undefined),
      ) as Record<string, string | number>;
      return c.json(
        { alerts, total: alerts.length, filters_applied: applied, count: alerts.length, limit, timestamp: time(now) },
        200,
        cached.headers,
      );
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/api/dashboard/recommendations",
      summary: "What the classifier recommends for what fires lately",
      ...scoped("read"),
      request: {
        query: z.object({
          limit: z.coerce.number().int().min(1).max(100).default(20),
          min_confidence: z.coerce.number().min(0).max(1).default(0.5),
        }),
      },
      responses: json("Recommendations", schemas.Recommendations),
    }),
    async (c) => {
      const now = Date.now();
      const { limit, min_confidence } = c.req.valid("query");
      const filter = readFilter([["view", "alerts"]], now);
      if (!filter.ok) return refuse(c, "internal", "the list could not be read");
      const { rows } = await walkEvents(c.env.DB, filter.value, { limit: 500, after: null, descending: true }, now);
      const items = rows.flatMap((row) => {
        const event = showEvent(row, []);
        const { classification } = event;
        if (classification === null || classification.confidence < min_confidence) return [];
        if (classification.recommendations.length === 0) return [];
        return [
          {
            fingerprint: event.fingerprint,
            alert_name: event.alert_name,
            severity: classification.severity,
            category: classification.category,
            confidence: classification.confidence,
            recommendations: classification.recommendations,
            reasoning: classification.reasoning,
            created_at: classification.created_at,
          },
        ];
      });
      return c.json({ total: items.length, items: items.slice(0, limit) }, 200, cached.headers);
    },
  );

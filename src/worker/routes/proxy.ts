/** `POST /webhook/proxy`: the same durable way as `/webhook`, answered with what was decided; and how the proxy does. */
import { createRoute, z } from "@hono/zod-openapi";
import { buildReceipt } from "../../core/ingest/receipt.ts";
import { classificationStats, modelState } from "../classification-view.ts";
import { callLatencies, decisionLatencies } from "../db/classification-stats.ts";
import { readDecisionCounts } from "../decision-counts.ts";
import { requireScope, routes, scoped } from "../http.ts";
import { storeAlerts } from "../ingest.ts";
import { logError } from "../log.ts";
import { problem } from "../problem.ts";
import { awaitOutcomes } from "../proxy.ts";
import { showProxy } from "../proxy-view.ts";
import { newReceiptId } from "../receipt-id.ts";
import { modeHeaders, overloaded, receiveAlerts } from "../receive.ts";
import { registry } from "../registry.ts";
import { loadSettings } from "../settings.ts";
import { time, timeOrNull } from "../views.ts";

/** Seconds a caller may wait for its targets' answers. */
const MAX_WAIT_SECONDS = 10;
const DAY_MS = 86_400_000;
/** Newest rows a percentile is taken from. */
const SAMPLE = 500;

/** `10`, `10s`; 0 for anything else. */
const readWait = (text: string | undefined): number => {
  const seconds = Number(/^(\d+(?:\.\d+)?)s?$/.exec(text ?? "")?.[1] ?? 0);
  return Math.min(seconds, MAX_WAIT_SECONDS) * 1000;
};

const percentiles = (values: readonly number[]) => {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number | null => sorted[Math.ceil(share * sorted.length) - 1] ?? null;
  return { samples: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
};

export const proxyRoutes = routes();

proxyRoutes.post("/webhook/proxy", requireScope("ingest"), async (c) => {
  const now = Date.now();
  const parsed = await receiveAlerts(c, "webhook", now);
  if (parsed === null) return overloaded(c);
  if (!parsed.ok) return problem(c, parsed.error.type, parsed.error.detail, { errors: parsed.error.errors });
  const receiptId = newReceiptId(now);
  const stored = await storeAlerts(c.env, parsed.value, receiptId, c.var.caller.source);
  if (!stored.ok) return overloaded(c);
  const wait = readWait(c.req.query("wait"));
  // The alerts are safe: whatever cannot be told of them now must not make the sender repeat them.
  const outcomes = await awaitOutcomes(c.env, parsed.value, stored.value, receiptId, wait).catch((error: unknown) => {
    logError("proxy.wait", error, { receiptId });
    return new Map();
  });
  const targets = await registry(c.env)
    .list()
    .catch(() => []);
  const types = new Map(targets.map(({ target }) => [target.name, target.type]));
  const mode = registry(c.env).peekMode();
  const seen = showProxy(parsed.value, stored.value, outcomes, types, mode === "metrics_only");
  const { httpStatus, body } = buildReceipt(parsed.value, stored.value, {
    requestId: c.var.requestId,
    receiptId,
    mode,
    processingTimeMs: Date.now() - now,
  });
  const partial = seen.alert_results.some(({ status }) => status === "failed" || status === "partial");
  const answer = { ...body, ...(partial ? { status: "partial_success" as const } : {}), ...seen };
  return c.json(answer, partial ? 207 : httpStatus, modeHeaders(c, now));
});

proxyRoutes.openAPIRegistry.registerPath({
  method: "post",
  path: "/webhook/proxy",
  summary: "Alerts of any known format, answered with what was decided and, with ?wait=, delivered",
  security: [{ token: [] as string[] }],
  "x-scope": "ingest",
  request: { query: z.object({ wait: z.string().optional() }) },
  responses: {
    200: { description: "Stored and decided" },
    207: { description: "Stored, but an alert was rejected or a target failed" },
    503: { description: "Not stored; send again" },
  },
});

proxyRoutes
  .openapi(
    createRoute({
      method: "get",
      path: "/proxy/stats",
      summary: "Decisions of the last day: filters, classification, latency of each stage",
      ...scoped("read"),
      responses: {
        200: {
          description: "Statistics",
          content: { "application/json": { schema: z.looseObject({ filters: z.looseObject({}) }) } },
        },
      },
    }),
    async (c) => {
      const now = Date.now();
      const [counts, classification, asked, decided, settings, targets, { results }] = await Promise.all([
        readDecisionCounts(c.env.DB, now),
        classificationStats(c.env, now),
        callLatencies(c.env.DB, now - DAY_MS, SAMPLE),
        decisionLatencies(c.env.DB, now - DAY_MS, SAMPLE),
        loadSettings(c.env, now),
        registry(c.env).list(),
        c.env.DB.prepare(
          `SELECT at, state, completed_at, attempts->>'$[#-1].durationMs' AS ms FROM notifications
           WHERE at >= ?1 ORDER BY at DESC LIMIT ?2`,
        )
          .bind(now - DAY_MS, SAMPLE)
          .all<{ at: number; state: string; completed_at: number | null; ms: number | null }>(),
      ]);
      const done = results.filter(({ state }) => state === "delivered" || state === "digested");
      const action = (name: string): number => counts.filters[name] ?? 0;
      const names = new Map(settings.filterRules.map((rule) => [rule.name, rule.targetName]));
      return c.json(
        {
          // Of the newest; totals by target are in /publishing/stats.
          publisher: {
            notifications: results.length,
            newest_at_most: SAMPLE,
            successful: done.length,
            failed: results.filter(({ state }) => state === "dead").length,
          },
          filters: {
            rules: Object.entries(counts.rules).map(([name, hits]) => ({
              name,
              target_name: names.get(name) ?? null,
              hits,
              last_hit: timeOrNull(counts.lastHit(name)),
            })),
            total_evaluated: action("allow") + action("deny") + action("delay"),
            total_allowed: action("allow"),
            total_denied: action("deny"),
            total_delayed: action("delay"),
            /** Denials and delays on a model's word that the seat belt did not let happen. */
            total_guarded: action("suppression_guard"),
            errors: counts.rules["filter_error"] ?? 0,
          },
          classification,
          targets: { total: targets.length, enabled: targets.filter(({ target }) => target.enabled).length },
          latency_ms: {
            queue: percentiles(decided.map(({ queue }) => queue)),
            classify: percentiles(decided.flatMap(({ classify }) => classify ?? [])),
            model: percentiles(asked),
            deliver: percentiles(
              done.flatMap(({ at, completed_at }) => (completed_at === null ? [] : [completed_at - at])),
            ),
            attempt: percentiles(results.flatMap(({ ms }) => (ms === null ? [] : [ms]))),
          },
          timestamp: time(now),
        },
        200,
      );
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/proxy/health",
      summary: "Whether each part of the proxy does its work",
      ...scoped("read"),
      responses: {
        200: { description: "Healthy or degraded" },
        503: { description: "A part does not work" },
      },
    }),
    async (c) => {
      const now = Date.now();
      const check = (work: Promise<unknown>): Promise<"healthy" | "unhealthy"> =>
        work.then(
          () => "healthy" as const,
          () => "unhealthy" as const,
        );
      const [store, rules, targets, model] = await Promise.all([
        check(c.env.DB.prepare("SELECT 1 FROM notifications LIMIT 1").first()),
        check(loadSettings(c.env, now)),
        check(registry(c.env).list()),
        modelState(c.env).catch(() => "failing" as const),
      ]);
      const troubled = model === "failing" || model === "breaker_open";
      const components = {
        target_manager: targets,
        alert_publisher: store,
        filter_engine: rules,
        // Without its model the rules answer, so this part is never worse than degraded.
        classification_service: troubled ? ("degraded" as const) : ("healthy" as const),
      };
      const unhealthy = Object.values(components).includes("unhealthy");
      const status = unhealthy ? "unhealthy" : troubled ? "degraded" : "healthy";
      return c.json({ status, components, timestamp: time(now) }, unhealthy ? 503 : 200);
    },
  );

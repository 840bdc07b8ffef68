/** How publishing does: `/publishing/{mode,stats,health,secrets/template}` (contracts 2, 10.4). */
import { createRoute, z } from "@hono/zod-openapi";
import { loadMode, presentMode } from "../cron/publishing-mode.ts";
import { countDead } from "../db/ledger.ts";
import { routes, scoped } from "../http.ts";
import { registry } from "../registry.ts";
import { secretTemplates } from "../secret-templates.ts";
import { queueStatus, standingTargets } from "../target-status.ts";
import { time } from "../views.ts";

const answer = <T extends z.ZodType>(description: string, schema: T) => ({
  200: { description, content: { "application/json": { schema } } },
});

export const publishingRoutes = routes()
  .openapi(
    createRoute({
      method: "get",
      path: "/publishing/mode",
      summary: "Whether anybody is told of alerts",
      ...scoped("read"),
      responses: answer("The mode", z.record(z.string(), z.unknown())),
    }),
    async (c) => {
      const now = Date.now();
      const [record, targets] = await Promise.all([loadMode(c.env.DB), registry(c.env).list()]);
      const present = await presentMode(c.env, record);
      const enabled = targets.filter(({ target }) => target.enabled).length;
      const isNew = record === null || record.mode !== present.mode;
      const status = await registry(c.env).status();
      c.header("cache-control", "max-age=5");
      return c.json(
        {
          mode: present.mode,
          targets_available: enabled > 0,
          targets_count: targets.length,
          enabled_targets: enabled,
          last_discovery_refresh: status.lastRefresh === null ? null : time(status.lastRefresh),
          kubernetes_available: status.clusters.some((cluster) => cluster.error === null),
          description:
            present.mode === "intelligent" ? "alerts are delivered" : "alerts are stored and counted, nobody is told",
          metrics_only_active: present.mode === "metrics_only",
          transition_count: (record?.transitions ?? 0) + (record !== null && isNew ? 1 : 0),
          current_mode_duration_seconds: isNew ? 0 : (now - record.since) / 1000,
          last_transition_time: record === null ? null : time(isNew ? now : record.since),
          last_transition_reason: present.reason,
        },
        200,
      );
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/publishing/stats",
      summary: "Deliveries so far",
      ...scoped("read"),
      responses: answer("Statistics", z.record(z.string(), z.unknown())),
    }),
    async (c) => {
      const [targets, counts] = await Promise.all([standingTargets(c.env), countDead(c.env.DB)]);
      const dead = counts.reduce((sum, row) => sum + row.n, 0);
      const queue = queueStatus(targets, dead, Date.now());
      const total = queue.total_completed + queue.total_failed;
      const healthy = targets.filter(({ health }) => health.status === "healthy").length;
      const unhealthy = targets.filter(({ health }) => health.status === "unhealthy").length;
      c.header("cache-control", "max-age=5");
      return c.json(
        {
          total_targets: targets.length,
          active_targets: targets.filter(({ target }) => target.enabled).length,
          total_publishes: total,
          successful_publishes: queue.total_completed,
          failed_publishes: queue.total_failed,
          success_rate: total === 0 ? 1 : Number((queue.total_completed / total).toFixed(3)),
          targets: targets.map(({ target, status, health }) => ({
            name: target.name,
            type: target.type,
            health_status: health.status,
            successful_publishes: status?.health.successes ?? 0,
            failed_publishes: status?.health.failures ?? 0,
            circuit_breaker_state: status?.breaker ?? "closed",
            hold: status?.hold?.reason ?? null,
          })),
          last_updated: time(Date.now()),
          targets_by_type: Object.fromEntries(
            [...Map.groupBy(targets, ({ target }) => target.type)].map(([type, list]) => [type, list.length]),
          ),
          healthy_targets: healthy,
          unhealthy_targets: unhealthy,
          queue_size: queue.total_size,
          queue_capacity: null,
          queue_utilization_percent: 0,
          dlq_size: dead,
        },
        200,
      );
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/publishing/health",
      summary: "Whether deliveries get through",
      ...scoped("read"),
      responses: {
        ...answer("They do, or some do", z.record(z.string(), z.unknown())),
        503: { description: "Most do not" },
      },
    }),
    async (c) => {
      const enabled = (await standingTargets(c.env)).filter(({ target }) => target.enabled);
      const count = (wanted: string): number => enabled.filter(({ health }) => health.status === wanted).length;
      const [unhealthy, degraded] = [count("unhealthy"), count("degraded")];
      const most = unhealthy * 2 > enabled.length;
      const status = most ? "unhealthy" : unhealthy + degraded > 0 ? "degraded" : "healthy";
      const targets = {
        total: enabled.length,
        healthy: count("healthy"),
        degraded,
        unhealthy,
        unknown: count("unknown"),
      };
      const body = { status, components: { targets: status, store: "healthy" }, targets, timestamp: time(Date.now()) };
      return c.json(body, most ? 503 : 200) as never;
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/publishing/secrets/template",
      summary: "Kubernetes Secrets to fill in",
      ...scoped("read"),
      request: { query: z.object({ format: z.string().max(40).optional() }) },
      responses: answer(
        "Manifests",
        z.object({ templates: z.array(z.object({ format: z.string(), manifest: z.string() })) }),
      ),
    }),
    (c) => c.json({ templates: secretTemplates(c.req.valid("query").format ?? null) }, 200),
  );

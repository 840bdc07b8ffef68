/** The targets in force, static and discovered, with how they do: `/publishing/targets`, `/proxy/targets`. */
import { createRoute, z } from "@hono/zod-openapi";
import { loadHealth } from "../db/target-health.ts";
import { routes, scoped } from "../http.ts";
import { refuse } from "../problem.ts";
import { registry } from "../registry.ts";
import { type PublishingTarget, PublishingTargetSchema, showPublishingTarget } from "../target-views.ts";

const MAX_LIMIT = 1000;

const query = z.object({
  type: z.string().max(63).optional(),
  enabled: z.enum(["true", "false"]).optional(),
  health_status: z.enum(["unknown", "healthy", "degraded", "unhealthy"]).optional(),
  cluster: z.string().max(63).optional(),
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(100),
  offset: z.coerce.number().int().min(0).default(0),
  sort_by: z.enum(["priority", "name", "type", "enabled"]).default("priority"),
  sort_order: z.enum(["asc", "desc"]).default("asc"),
});

const Brief = PublishingTargetSchema.pick({
  name: true,
  type: true,
  url: true,
  format: true,
  enabled: true,
  health_status: true,
  success_rate: true,
  last_success_time: true,
  circuit_breaker_state: true,
});
const One = z.object({
  target: PublishingTargetSchema,
  filter_config: PublishingTargetSchema.shape.filter_config,
  statistics: PublishingTargetSchema.pick({
    total_publishes: true,
    successful_publishes: true,
    failed_publishes: true,
    success_rate: true,
    last_success_time: true,
    last_failure_time: true,
  }),
});

const showAll = async (env: Parameters<typeof registry>[0]): Promise<PublishingTarget[]> => {
  const [targets, health] = await Promise.all([registry(env).list(), loadHealth(env.DB)]);
  return targets.map((entry) => showPublishingTarget(entry, health.get(entry.target.name)));
};

const compare = <T extends string | number | boolean>(a: T, b: T): number => (a === b ? 0 : a < b ? -1 : 1);

export const publishingTargetRoutes = routes()
  .openapi(
    createRoute({
      method: "get",
      path: "/publishing/targets",
      summary: "Targets with their health; the number of all that match is in X-Total-Count",
      ...scoped("read"),
      request: { query },
      responses: {
        200: {
          description: "A page of targets",
          content: { "application/json": { schema: z.array(PublishingTargetSchema) } },
        },
      },
    }),
    async (c) => {
      const q = c.req.valid("query");
      const sign = q.sort_order === "asc" ? 1 : -1;
      const found = (await showAll(c.env))
        .filter(
          (target) =>
            (q.type === undefined || target.type === q.type) &&
            (q.enabled === undefined || target.enabled === (q.enabled === "true")) &&
            (q.health_status === undefined || target.health_status === q.health_status) &&
            (q.cluster === undefined || (target.cluster ?? "static") === q.cluster),
        )
        .sort((a, b) => sign * compare(a[q.sort_by], b[q.sort_by]) || compare(a.name, b.name));
      return c.json(found.slice(q.offset, q.offset + q.limit), 200, { "x-total-count": String(found.length) });
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/publishing/targets/{name}",
      summary: "One target",
      ...scoped("read"),
      request: { params: z.object({ name: z.string().max(63) }) },
      responses: {
        200: { description: "The target", content: { "application/json": { schema: One } } },
        404: { description: "No such target" },
      },
    }),
    async (c) => {
      const { name } = c.req.valid("param");
      const entry = await registry(c.env).get(name);
      if (entry === null) return refuse(c, "not-found", `no target ${name}`);
      const target = showPublishingTarget(entry, (await loadHealth(c.env.DB)).get(name));
      const { total_publishes, successful_publishes, failed_publishes, success_rate } = target;
      const { filter_config, last_success_time, last_failure_time } = target;
      const counted = { total_publishes, successful_publishes, failed_publishes, success_rate };
      return c.json({ target, filter_config, statistics: { ...counted, last_success_time, last_failure_time } }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/proxy/targets",
      summary: "Targets in brief",
      ...scoped("read"),
      responses: {
        200: { description: "All targets", content: { "application/json": { schema: z.array(Brief) } } },
      },
    }),
    async (c) => c.json((await showAll(c.env)).map((target) => Brief.parse(target))),
  );

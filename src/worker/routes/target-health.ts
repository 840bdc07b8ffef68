/** How the targets do: `/publishing/targets/health…` (contracts 9.6). */
import { createRoute, z } from "@hono/zod-openapi";
import { loadHealth } from "../db/target-health.ts";
import { routes, scoped } from "../http.ts";
import { refuse } from "../problem.ts";
import { registry } from "../registry.ts";
import { checkTarget } from "../target-health.ts";
import { showHealth, TargetHealthSchema } from "../target-views.ts";
import { time } from "../views.ts";
import { maskUrl } from "./targets.ts";

const Checked = TargetHealthSchema.extend({
  target_url: z.string(),
  status_code: z.number().nullable(),
  checked_at: z.string(),
  check_type: z.enum(["manual"]),
});
const Stats = z.object({
  total_targets: z.number(),
  healthy_count: z.number(),
  degraded_count: z.number(),
  unhealthy_count: z.number(),
  unknown_count: z.number(),
  last_check_time: z.string().nullable(),
  overall_success_rate: z.number().nullable(),
});
const params = z.object({ name: z.string().max(63) });

const showAll = async (env: Parameters<typeof registry>[0]) => {
  const [targets, health] = await Promise.all([registry(env).list(), loadHealth(env.DB)]);
  return targets.map((entry) => showHealth(entry, health.get(entry.target.name)));
};

export const targetHealthRoutes = routes()
  .openapi(
    createRoute({
      method: "get",
      path: "/publishing/targets/health",
      summary: "Health of all targets",
      ...scoped("read"),
      responses: {
        200: {
          description: "One record each",
          content: { "application/json": { schema: z.array(TargetHealthSchema) } },
        },
      },
    }),
    async (c) => c.json(await showAll(c.env)),
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/publishing/targets/health/stats",
      summary: "How many targets are healthy",
      ...scoped("read"),
      responses: { 200: { description: "Counts", content: { "application/json": { schema: Stats } } } },
    }),
    async (c) => {
      const records = await showAll(c.env);
      const count = (status: string): number => records.filter((record) => record.status === status).length;
      const checks = records.reduce((sum, record) => sum + record.total_checks, 0);
      const successes = records.reduce((sum, record) => sum + record.total_successes, 0);
      return c.json({
        total_targets: records.length,
        healthy_count: count("healthy"),
        degraded_count: count("degraded"),
        unhealthy_count: count("unhealthy"),
        unknown_count: count("unknown"),
        last_check_time:
          records
            .flatMap((record) => record.last_check ?? [])
            .sort()
            .at(-1) ?? null,
        overall_success_rate: checks === 0 ? null : Math.round((successes / checks) * 10_000) / 100,
      });
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/publishing/targets/health/{name}",
      summary: "Health of one target",
      ...scoped("read"),
      request: { params },
      responses: {
        200: { description: "Its record", content: { "application/json": { schema: TargetHealthSchema } } },
        404: { description: "No such target" },
      },
    }),
    async (c) => {
      const { name } = c.req.valid("param");
      const entry = await registry(c.env).get(name);
      if (entry === null) return refuse(c, "not-found", `no target ${name}`);
      return c.json(showHealth(entry, (await loadHealth(c.env.DB)).get(name)), 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/publishing/targets/health/{name}/check",
      summary: "Probe one target now; tells it nothing",
      ...scoped("operate"),
      request: { params },
      responses: {
        200: { description: "What came of it", content: { "application/json": { schema: Checked } } },
        404: { description: "No such target" },
        503: { description: "The target is unhealthy", content: { "application/json": { schema: Checked } } },
      },
    }),
    async (c) => {
      const { name } = c.req.valid("param");
      const entry = await registry(c.env).get(name);
      if (entry === null) return refuse(c, "not-found", `no target ${name}`);
      const { health, probed } = await checkTarget(c.env, entry.target);
      const body = {
        ...showHealth(entry, health),
        target_url: maskUrl(entry.target.url),
        status_code: probed?.statusCode ?? null,
        checked_at: time(probed?.at ?? Date.now()),
        check_type: "manual" as const,
      };
      return body.status === "unhealthy" ? c.json(body, 503) : c.json(body, 200);
    },
  );

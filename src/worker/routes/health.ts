/** `/healthz` asks nobody; `/readyz` really asks D1 and a Durable Object. */
import { createRoute, z } from "@hono/zod-openapi";
import { unsafeVariable } from "../address.ts";
import { authenticate, mayDo } from "../auth.ts";
import type { Bindings } from "../env.ts";
import { routes } from "../http.ts";
import { type RegisteredTarget, registry } from "../registry.ts";
import { unreadableVersion } from "../settings.ts";
import { invalidVariables } from "../variables.ts";

/** A dependency that takes longer is as good as away for whoever waits for an alert. */
const READY_TIMEOUT_MS = 3_000;
/** The clock of a Worker stands still until its first request. */
let startedAt: number | null = null;

const Health = z.object({ status: z.literal("ok"), service: z.string(), version: z.string(), timestamp: z.string() });
const Ready = z.object({
  status: z.enum(["ready", "not_ready"]),
  uptime: z.number(),
  timestamp: z.string(),
  /** What keeps it from being ready although every dependency answers, and what is wrong although it is. */
  detail: z.string().optional(),
  dependencies: z.record(z.string(), z.object({ ok: z.boolean(), latency_ms: z.number() })).optional(),
});

export const VERSION = "0.1.0";

const check = async (ask: () => Promise<unknown>): Promise<{ ok: boolean; latency_ms: number }> => {
  const from = Date.now();
  const late = new Promise<boolean>((resolve) => setTimeout(resolve, READY_TIMEOUT_MS, false));
  const done = ask().then(
    () => true,
    () => false,
  );
  return { ok: await Promise.race([done, late]), latency_ms: Date.now() - from };
};

/** A sentence for each variable that is not as it must be: its name, never its value. */
const wrongVariables = (env: Bindings): string[] => {
  const unsafe = unsafeVariable(env);
  return [
    ...(unsafe === null ? [] : [`${unsafe} may only be set where ENVIRONMENT is local`]),
    ...invalidVariables(env).map(({ name, must }) => `${name} must be ${must}`),
  ];
};

export const healthRoutes = routes()
  .openapi(
    createRoute({
      method: "get",
      path: "/healthz",
      summary: "Is the Worker running",
      responses: { 200: { description: "It answers", content: { "application/json": { schema: Health } } } },
    }),
    (c) =>
      c.json({
        status: "ok" as const,
        service: "alert-history",
        version: VERSION,
        timestamp: new Date().toISOString(),
      }),
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/readyz",
      summary: "Can it store alerts and reach its targets' registry",
      responses: {
        200: { description: "Ready", content: { "application/json": { schema: Ready } } },
        503: { description: "Not ready", content: { "application/json": { schema: Ready } } },
      },
    }),
    async (c) => {
      const closed: RegisteredTarget[] = [];
      const [database, shard, targets, unreadable] = await Promise.all([
        check(() => c.env.DB.prepare("SELECT 1").first()),
        check(() => c.env.SHARDS.getByName("shard-0").status()),
        check(async () => closed.push(...(await registry(c.env).list()).filter(({ isWhole }) => !isWhole))),
        // Where D1 does not answer, that is said already.
        unreadableVersion(c.env, Date.now()).catch(() => null),
      ]);
      startedAt ??= Date.now();
      const wrong = [
        ...wrongVariables(c.env),
        ...(unreadable === null
          ? []
          : [`version ${unreadable} of the configuration cannot be read, so an earlier one or none is in force`]),
      ];
      // What they are to be told is safe and waits: that is to be said, and is no reason to send nobody here.
      const waiting =
        closed.length === 0 ? [] : [`${closed.length} targets cannot be read, what they are to be told waits`];
      const said = [...wrong, ...waiting];
      const ready = database.ok && shard.ok && targets.ok && wrong.length === 0;
      const caller = await authenticate(c.env, c.req.raw.headers, Date.now()).catch(() => null);
      const body = {
        status: ready ? ("ready" as const) : ("not_ready" as const),
        uptime: (Date.now() - startedAt) / 1000,
        timestamp: new Date().toISOString(),
        ...(said.length === 0 ? {} : { detail: said.join("; ") }),
        ...(caller !== null && mayDo(caller, "read") ? { dependencies: { database, shard, registry: targets } } : {}),
      };
      return ready ? c.json(body, 200) : c.json(body, 503);
    },
  );

/** What somebody sends by hand: `/publishing/{test,parallel,submit}` (contracts 2, 10.5). */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Alert } from "../../core/alert/alert.ts";
import { presentMode } from "../cron/publishing-mode.ts";
import { ledgerId } from "../db/ledger.ts";
import { insertPending } from "../db/notifications.ts";
import { type AppEnv, routes, scoped } from "../http.ts";
import { countRejected } from "../metrics/delivery.ts";
import { refuse } from "../problem.ts";
import { addressTo, errorOf, needsResolve, publishNow, readAlert } from "../publish-now.ts";
import { registry } from "../registry.ts";
import { ringTargets } from "../ring.ts";
import { type StandingTarget, standingTargets } from "../target-status.ts";
import { time } from "../views.ts";

/** All targets of one request together (contracts 10.5). */
const PARALLEL_MS = 30_000;

const AlertBody = z.record(z.string(), z.unknown());
const json = <T extends z.ZodType>(schema: T) => ({ required: true, content: { "application/json": { schema } } });
const answer = <T extends z.ZodType>(description: string, schema: T) => ({
  200: { description, content: { "application/json": { schema } } },
});

const isMetricsOnly = async (env: AppEnv["Bindings"]): Promise<boolean> =>
  (await presentMode(env, null)).mode === "metrics_only";

const Tested = z.object({
  target_name: z.string(),
  success: z.boolean(),
  status_code: z.number().optional(),
  response_time_ms: z.number(),
  error_message: z.string().optional(),
  test_timestamp: z.string(),
});
const TestBody = z.object({
  alert_name: z.string().max(200).optional(),
  test_alert: z
    .object({
      fingerprint: z.string().optional(),
      labels: z.record(z.string(), z.string()).optional(),
      annotations: z.record(z.string(), z.string()).optional(),
      status: z.enum(["firing", "resolved"]).optional(),
    })
    .optional(),
  timeout_seconds: z.number().min(1).max(300).default(30),
});

const testRoute = (path: string) =>
  createRoute({
    method: "post",
    path,
    summary: "A real delivery to one target, marked as a test",
    ...scoped("operate"),
    request: { params: z.object({ target: z.string().max(63) }), body: { content: json(TestBody).content } },
    responses: { ...answer("What came of it", Tested), 404: { description: "No such target" } },
  });

const sendTest = async (c: Context<AppEnv>, name: string, body: z.infer<typeof TestBody>) => {
  const now = Date.now();
  const entry = await registry(c.env).getFresh(name);
  if (entry === null) return refuse(c, "not-found", `no target ${name}`);
  const given = body.test_alert;
  const labels = { alertname: body.alert_name ?? "TestAlert", severity: "info", ...given?.labels };
  const annotations = { summary: "A test: nothing is wrong", ...given?.annotations };
  const alert = readAlert({ labels, annotations, status: given?.status ?? "firing" }, now);
  if (alert === null) return refuse(c, "validation", "test_alert is no alert");
  if (!entry.target.enabled) {
    const error_message = "target is disabled";
    return c.json(
      { target_name: name, success: false, response_time_ms: 0, error_message, test_timestamp: time(now) },
      200,
    );
  }
  const subject = `test:${crypto.randomUUID()}`;
  const first = addressTo(c.env, name, alert, { subject, seq: 1, kind: "test" }, now);
  const [told] = await publishNow(c.env, [first], now + body.timeout_seconds * 1000);
  if (alert.status === "firing" && needsResolve(entry.target)) {
    const ended: Alert = { ...alert, status: "resolved", endsAt: Date.now() };
    const last = addressTo(c.env, name, ended, { subject, seq: 2, kind: "test" }, now);
    await publishNow(c.env, [last], now + body.timeout_seconds * 1000);
  }
  const error = errorOf(told?.result ?? null);
  const status = told?.result?.attempts.at(-1)?.statusCode ?? null;
  return c.json(
    {
      target_name: name,
      success: error === undefined,
      ...(status === null ? {} : { status_code: status }),
      response_time_ms: told?.durationMs ?? 0,
      ...(error === undefined ? {} : { error_message: error }),
      test_timestamp: time(now),
    },
    200,
  );
};

const Parallel = z.object({
  success: z.boolean(),
  error: z.string().optional(),
  total_targets: z.number(),
  success_count: z.number(),
  failure_count: z.number(),
  skipped_count: z.number(),
  results: z.array(
    z.object({
      target_name: z.string(),
      target_type: z.string(),
      success: z.boolean(),
      error: z.string().optional(),
      duration: z.number(),
      duration_ms: z.number(),
      status_code: z.number().optional(),
      skipped: z.boolean(),
      skip_reason: z.string().optional(),
    }),
  ),
  duration: z.number(),
  duration_ms: z.number(),
  is_partial_success: z.boolean(),
});
const NOTHING = { success_count: 0, failure_count: 0, skipped_count: 0, results: [], duration: 0, duration_ms: 0 };

const parallelRoute = (path: string, summary: string) =>
  createRoute({
    method: "post",
    path,
    summary,
    ...scoped("operate"),
    request: {
      body: json(z.strictObject({ alert: AlertBody, target_names: z.array(z.string().max(63)).max(1000).optional() })),
    },
    responses: { ...answer("What came of each", Parallel), 404: { description: "No such target" } },
  });

type Skip = (target: StandingTarget) => string | null;
const skipDisabled: Skip = ({ target }) => (target.enabled ? null : "disabled");

const sendParallel = async (c: Context<AppEnv>, body: unknown, targets: readonly StandingTarget[], skip: Skip) => {
  const start = Date.now();
  const alert = readAlert(body, start);
  if (alert === null)
    return refuse(c, "validation", "alert is no alert", { errors: [{ path: "/alert", message: "is no alert" }] });
  if (await isMetricsOnly(c.env)) {
    countRejected("metrics_only", targets.length);
    const none = { ...NOTHING, total_targets: targets.length, is_partial_success: false };
    return c.json({ success: false, error: "metrics_only: nobody is told for now", ...none }, 200);
  }
  const line = { subject: `submit:${crypto.randomUUID()}`, seq: 1, kind: "alerts" as const };
  const wanted = targets.filter((target) => skip(target) === null);
  const addressed = wanted.map(({ target }) => addressTo(c.env, target.name, alert, line, start));
  const answers = new Map((await publishNow(c.env, addressed, start + PARALLEL_MS)).map((told) => [told.target, told]));
  const results = targets.map((entry) => {
    const base = { target_name: entry.target.name, target_type: entry.target.type };
    const reason = skip(entry);
    if (reason !== null)
      return { ...base, success: false, duration: 0, duration_ms: 0, skipped: true, skip_reason: reason };
    const told = answers.get(entry.target.name);
    const error = errorOf(told?.result ?? null);
    const status = told?.result?.attempts.at(-1)?.statusCode ?? null;
    const ms = told?.durationMs ?? 0;
    return {
      ...base,
      success: error === undefined,
      ...(error === undefined ? {} : { error }),
      ...(status === null ? {} : { status_code: status }),
      duration: ms / 1000,
      duration_ms: ms,
      skipped: false,
    };
  });
  const good = results.filter((result) => result.success).length;
  const skipped = results.filter((result) => result.skipped).length;
  countRejected("target_disabled", targets.filter((entry) => skipDisabled(entry) !== null).length);
  const failed = results.length - good - skipped;
  const ms = Date.now() - start;
  const counts = { total_targets: results.length, success_count: good, failure_count: failed, skipped_count: skipped };
  const took = { duration: ms / 1000, duration_ms: ms, is_partial_success: good > 0 && failed > 0 };
  return c.json({ success: failed === 0 && good > 0, ...counts, results, ...took }, 200);
};

export const publishingSendRoutes = routes()
  .openapi(testRoute("/publishing/test/{target}"), (c) => sendTest(c, c.req.valid("param").target, c.req.valid("json")))
  .openapi(testRoute("/publishing/targets/{target}/test"), (c) =>
    sendTest(c, c.req.valid("param").target, c.req.valid("json")),
  )
  .openapi(parallelRoute("/publishing/parallel/targets", "Send one alert to the named targets"), async (c) => {
    const { alert, target_names: names = [] } = c.req.valid("json");
    const all = await standingTargets(c.env);
    const unknown = names.filter((name) => !all.some(({ target }) => target.name === name));
    if (unknown.length > 0) return refuse(c, "not-found", `no target ${unknown.join(", ")}`);
    if (names.length === 0) return refuse(c, "validation", "target_names is empty");
    return sendParallel(
      c,
      alert,
      all.filter(({ target }) => names.includes(target.name)),
      skipDisabled,
    );
  })
  .openapi(parallelRoute("/publishing/parallel/all", "Send one alert to every enabled target"), async (c) => {
    const enabled = (await standingTargets(c.env)).filter(({ target }) => target.enabled);
    return sendParallel(c, c.req.valid("json").alert, enabled, skipDisabled);
  })
  .openapi(parallelRoute("/publishing/parallel/healthy", "Send one alert to every healthy target"), async (c) => {
    const enabled = (await standingTargets(c.env)).filter(({ target }) => target.enabled);
    const skip: Skip = ({ health }) => (health.status === "unhealthy" ? "unhealthy" : null);
    return sendParallel(c, c.req.valid("json").alert, enabled, skip);
  })
  .openapi(
    createRoute({
      method: "post",
      path: "/publishing/submit",
      summary: "Queue one alert for a target, or for every enabled one",
      ...scoped("operate"),
      request: { body: json(z.strictObject({ alert: AlertBody, target_name: z.string().max(63).optional() })) },
      responses: {
        ...answer(
          "Not queued: metrics_only",
          z.object({ success: z.boolean(), message: z.string(), job_ids: z.array(z.string()), mode: z.string() }),
        ),
        202: { description: "Queued" },
        404: { description: "No such target" },
      },
    }),
    async (c) => {
      const { alert: body, target_name: name } = c.req.valid("json");
      const now = Date.now();
      const alert = readAlert(body, now);
      if (alert === null)
        return refuse(c, "validation", "alert is no alert", { errors: [{ path: "/alert", message: "is no alert" }] });
      const all = await registry(c.env).list();
      const targets = all.filter(({ target }) => (name === undefined ? target.enabled : target.name === name));
      if (name !== undefined && targets.length === 0) return refuse(c, "not-found", `no target ${name}`);
      if (await isMetricsOnly(c.env)) {
        countRejected("metrics_only", targets.length);
        return c.json({ success: false, message: "nobody is told for now", job_ids: [], mode: "metrics_only" }, 200);
      }
      const line = { subject: `submit:${crypto.randomUUID()}`, seq: 1, kind: "alerts" as const };
      const addressed = targets.map(({ target }) => addressTo(c.env, target.name, alert, line, now));
      await c.env.DB.batch(insertPending(c.env.DB, addressed, now));
      await ringTargets(c.env, addressed);
      const job_ids = addressed.map(({ target, item }) => ledgerId({ ...item, target, replay: 0 }));
      const message = `queued for ${job_ids.length} targets`;
      return c.json({ success: true, message, job_ids, mode: "intelligent" }, 202) as never;
    },
  );

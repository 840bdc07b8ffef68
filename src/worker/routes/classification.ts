/** Classification on request, and how it does (contracts 2, 5). A failing model is no error here: the rules answer. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { fingerprint } from "../../core/alert/fingerprint.ts";
import type { Classification } from "../../core/classify/classification.ts";
import type { Classifiable } from "../../core/classify/redact.ts";
import { classifierMemory, classifierOf, isClassificationEnabled } from "../classification.ts";
import { classificationStats, listModels, modelState } from "../classification-view.ts";
import type { Classified } from "../classifier-result.ts";
import { type AppEnv, routes, scoped } from "../http.ts";
import { problem, refuse } from "../problem.ts";
import { ClassificationSchema } from "../schemas.ts";
import { showClassification, time } from "../views.ts";
import { FINGERPRINT } from "./history.ts";

/** One question on request, waits included; the classifier's own timeout usually ends it sooner. */
const ANSWER_WITHIN_MS = 20_000;
const MAX_BULK = 50;

const Fingerprint = z.string().regex(FINGERPRINT, "must be 16 hex digits").toLowerCase();
const AlertBody = z.object({
  labels: z.record(z.string(), z.string()).refine((labels) => Object.keys(labels).length > 0, "must hold a label"),
  annotations: z.record(z.string(), z.string()).default({}),
  status: z.enum(["firing", "resolved"]).default("firing"),
});
const Result = z.object({
  result: ClassificationSchema,
  processing_time: z.number(),
  cached: z.boolean(),
  model: z.string(),
  timestamp: z.string(),
});
const ofOne = ClassificationSchema.extend({ fingerprint: z.string() });

const json = <T extends z.ZodType>(schema: T, description: string) => ({
  200: { description, content: { "application/json": { schema } } },
});
const body = <T extends z.ZodType>(schema: T) => ({
  body: { required: true, content: { "application/json": { schema } } },
});

/** The newest state of these alerts that is known. */
const readAlerts = async (db: D1Database, fingerprints: readonly string[]) => {
  const { results } = await db
    .prepare(
      `SELECT fingerprint, labels, annotations, status, starts_at, classification FROM alerts
       WHERE fingerprint IN (SELECT value FROM json_each(?1))`,
    )
    .bind(JSON.stringify(fingerprints))
    .all<{
      fingerprint: string;
      labels: string;
      annotations: string;
      status: "firing" | "resolved";
      starts_at: number;
      classification: string | null;
    }>();
  return results.map(({ starts_at: startsAt, ...row }) => ({
    alert: {
      ...row,
      startsAt,
      labels: JSON.parse(row.labels),
      annotations: JSON.parse(row.annotations),
    } as Classifiable,
    classification: row.classification === null ? null : (JSON.parse(row.classification) as Classification),
  }));
};

const ask = (c: Context<AppEnv>, alert: Classifiable, force: boolean): Promise<Classified> =>
  classifierOf(c.env, (work) => c.executionCtx.waitUntil(work)).classify(alert, Date.now() + ANSWER_WITHIN_MS, {
    force,
  });

/** Asks anew and keeps the answer with the alert; what was delivered before is not changed by it. */
const refresh = async (c: Context<AppEnv>, alert: Classifiable): Promise<Classification> => {
  const { classification } = await ask(c, alert, true);
  await c.env.DB.prepare("UPDATE alerts SET classification = ?2 WHERE fingerprint = ?1")
    .bind(alert.fingerprint, JSON.stringify(classification))
    .run();
  return classification;
};

const showResult = (classification: Classification) => ({
  result: showClassification(classification),
  processing_time: classification.processingMs / 1000,
  cached: classification.cached,
  model: classification.model,
  timestamp: time(Date.now()),
});

export const classificationRoutes = routes();

classificationRoutes.use(
  "/classification/*",
  createMiddleware<AppEnv>(async (c, next) => {
    if (isClassificationEnabled(c.env)) return next();
    return problem(c, "dependency-unavailable", "classification is switched off (ENABLE_CLASSIFICATION)");
  }),
);

classificationRoutes
  .openapi(
    createRoute({
      method: "get",
      path: "/classification/stats",
      summary: "The last day of classification in numbers",
      ...scoped("read"),
      responses: json(z.looseObject({ total_requests: z.number() }), "Statistics"),
    }),
    async (c) => c.json(await classificationStats(c.env, Date.now()), 200),
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/classification/health",
      summary: "Whether the configured model answers",
      ...scoped("read"),
      responses: json(z.looseObject({ status: z.string() }), "Its condition"),
    }),
    async (c) => {
      const state = await modelState(c.env);
      const status = state === "failing" || state === "breaker_open" ? "degraded" : "healthy";
      const components = {
        llm_client: { status: state },
        cache: { status: "healthy", enabled: true },
        breaker: { state: classifierMemory().breaker.state },
      };
      return c.json({ status, components, timestamp: time(Date.now()) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/classification/models",
      summary: "Who may answer, and whether they do",
      ...scoped("read"),
      responses: json(
        z.object({ models: z.array(z.looseObject({ name: z.string() })), count: z.number(), timestamp: z.string() }),
        "Models",
      ),
    }),
    async (c) => {
      const models = await listModels(c.env);
      return c.json({ models, count: models.length, timestamp: time(Date.now()) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/classification/classify",
      summary: "Classify an alert that is only shown here",
      ...scoped("operate"),
      request: body(z.object({ alert: AlertBody, force: z.boolean().default(false) })),
      responses: json(Result, "Its classification"),
    }),
    async (c) => {
      const { alert, force } = c.req.valid("json");
      const asked = { ...alert, fingerprint: fingerprint(alert.labels), startsAt: Date.now() };
      return c.json(showResult((await ask(c, asked, force)).classification), 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/classification/bulk",
      summary: "Classify up to 50 known alerts",
      ...scoped("operate"),
      request: body(
        z.object({
          fingerprints: z.array(Fingerprint).min(1).max(MAX_BULK),
          force_refresh: z.boolean().default(false),
          include_recommendations: z.boolean().default(true),
        }),
      ),
      responses: json(
        z.looseObject({ total_processed: z.number() }),
        "Each with its classification or the reason for none",
      ),
    }),
    async (c) => {
      const asked = c.req.valid("json");
      const started = Date.now();
      const known = await readAlerts(c.env.DB, asked.fingerprints);
      const results = await Promise.all(
        known.map(async ({ alert }) => {
          const { classification } = await ask(c, alert, asked.force_refresh);
          const shown = showClassification(classification);
          const recommendations = asked.include_recommendations ? shown.recommendations : [];
          return { fingerprint: alert.fingerprint, ...shown, recommendations };
        }),
      );
      const found = new Set(known.map(({ alert }) => alert.fingerprint));
      const errors = asked.fingerprints
        .filter((one) => !found.has(one))
        .map((one) => ({ fingerprint: one, error: "no such alert" }));
      const processing_time = (Date.now() - started) / 1000;
      return c.json({ results, total_processed: results.length, errors, processing_time }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/classification/refresh/{fingerprint}",
      summary: "Ask anew about a known alert",
      ...scoped("operate"),
      request: { params: z.object({ fingerprint: Fingerprint }) },
      responses: { ...json(ofOne, "Its new classification"), 404: { description: "No such alert" } },
    }),
    async (c) => {
      const [known] = await readAlerts(c.env.DB, [c.req.valid("param").fingerprint]);
      if (known === undefined) return refuse(c, "not-found", "no such alert");
      const classification = await refresh(c, known.alert);
      return c.json({ fingerprint: known.alert.fingerprint, ...showClassification(classification) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/classification/{fingerprint}",
      summary: "What is known of an alert's classification",
      ...scoped("read"),
      request: { params: z.object({ fingerprint: Fingerprint }) },
      responses: { ...json(ofOne, "Its classification"), 404: { description: "No such alert, or never classified" } },
    }),
    async (c) => {
      const [known] = await readAlerts(c.env.DB, [c.req.valid("param").fingerprint]);
      if (known?.classification == null) return refuse(c, "not-found", "this alert was never classified");
      return c.json({ fingerprint: known.alert.fingerprint, ...showClassification(known.classification) }, 200);
    },
  );

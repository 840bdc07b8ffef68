/** Classification on request, and how it does (contracts 2, 5). A failing model is no error here: the rules answer. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { fingerprint } from "../../core/alert/fingerprint.ts";
import { DEFAULT_BUDGET } from "../../core/classify/budget.ts";
import type { Classification } from "../../core/classify/classification.ts";
import type { Classifiable } from "../../core/classify/redact.ts";
import { classificationSettings, classifierMemory, classifierOf, isClassificationEnabled } from "../classification.ts";
import { classificationStats, listModels, modelState } from "../classification-view.ts";
import type { Classified } from "../classifier-result.ts";
import { readClassifiable, recordCalls } from "../db/classifications.ts";
import { type AppEnv, routes, scoped } from "../http.ts";
import { problem, refuse } from "../problem.ts";
import { ClassificationSchema } from "../schemas.ts";
import { showClassification, time } from "../views.ts";
import { FINGERPRINT } from "./history.ts";

/** One request, waits included; the classifier's own timeout usually ends a question sooner. */
const ANSWER_WITHIN_MS = 20_000;
const MAX_BULK = 50;
/** Alerts of a bulk asked about at once: as many as the classifier asks at all. */
const AT_ONCE = DEFAULT_BUDGET.concurrency;

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

/** Asks as the pipeline does, by the document in force; each question put to a model is recorded. */
const ask = async (
  c: Context<AppEnv>,
  alert: Classifiable & { readonly seq?: number },
  force: boolean,
  deadline: number,
): Promise<Classified> => {
  const said = await classificationSettings(c.env, Date.now());
  const classifier = classifierOf(c.env, (work) => c.executionCtx.waitUntil(work), said);
  const classified = await classifier.classify(alert, deadline, { force });
  const statements = recordCalls(c.env.DB, [{ event: { ...alert, seq: alert.seq ?? 0 }, call: classified.call }]);
  if (statements.length > 0) await c.env.DB.batch(statements);
  return classified;
};

const deadlineOf = (): number => Date.now() + ANSWER_WITHIN_MS;

/** Asks anew and keeps the answer with the alert; what was delivered before is not changed by it. */
const refresh = async (c: Context<AppEnv>, alert: Classifiable & { readonly seq: number }): Promise<Classification> => {
  const { classification } = await ask(c, alert, true, deadlineOf());
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
    if (isClassificationEnabled(c.env, await classificationSettings(c.env, Date.now()))) return next();
    const by = "by the document or by ENABLE_CLASSIFICATION";
    return problem(c, "dependency-unavailable", `classification is switched off, ${by}`);
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
      return c.json(showResult((await ask(c, asked, force, deadlineOf())).classification), 200);
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
      const known = await readClassifiable(c.env.DB, asked.fingerprints);
      const deadline = deadlineOf();
      const results: object[] = [];
      for (let from = 0; from < known.length; from += AT_ONCE) {
        const some = known.slice(from, from + AT_ONCE).map(async ({ alert, seq }) => {
          const { classification } = await ask(c, { ...alert, seq }, asked.force_refresh, deadline);
          const shown = showClassification(classification);
          const recommendations = asked.include_recommendations ? shown.recommendations : [];
          return { fingerprint: alert.fingerprint, ...shown, recommendations };
        });
        results.push(...(await Promise.all(some)));
      }
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
      const [known] = await readClassifiable(c.env.DB, [c.req.valid("param").fingerprint]);
      if (known === undefined) return refuse(c, "not-found", "no such alert");
      const classification = await refresh(c, { ...known.alert, seq: known.seq });
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
      const [known] = await readClassifiable(c.env.DB, [c.req.valid("param").fingerprint]);
      if (known?.classification == null) return refuse(c, "not-found", "this alert was never classified");
      return c.json({ fingerprint: known.alert.fingerprint, ...showClassification(known.classification) }, 200);
    },
  );

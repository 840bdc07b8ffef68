/** What would happen to an alert, and why, and why not to each other target; and the tree it is asked of. */
import { createRoute, z } from "@hono/zod-openapi";
import { fingerprint } from "../../core/alert/fingerprint.ts";
import { classifies } from "../../core/classify/mode.ts";
import type { AlertEvent } from "../../core/history/event.ts";
import { judgementOf } from "../../core/pipeline/admit.ts";
import { explain } from "../../core/pipeline/explain.ts";
import { defaultConfig } from "../../core/route/config.ts";
import { explainRoutes } from "../../core/route/explain.ts";
import { compileTree, type Route } from "../../core/route/tree.ts";
import { classifierOf, isClassificationEnabled } from "../classification.ts";
import { currentVersion } from "../config.ts";
import { checkConfig, targetNames } from "../config-check.ts";
import { contextOf, loadContext } from "../context.ts";
import { recordCalls } from "../db/classifications.ts";
import { type AppEnv, routes, scoped } from "../http.ts";
import { loadInhibitions } from "../inhibitions.ts";
import { refuse } from "../problem.ts";
import { registry } from "../registry.ts";
import { ClassificationSchema, TraceStepSchema } from "../schemas.ts";
import { filterRulesOf, loadSettings } from "../settings.ts";
import { showClassification, time } from "../views.ts";

const Labels = z.record(z.string(), z.string());
const RouteView = z.object({
  id: z.string(),
  matchers: z.array(z.string()),
  receiver: z.string(),
  targets: z.union([z.literal("all"), z.array(z.string())]),
  group_by: z.array(z.string()),
  group_wait_ms: z.number(),
  group_interval_ms: z.number(),
  repeat_interval_ms: z.number(),
  mute_time_intervals: z.array(z.string()),
  active_time_intervals: z.array(z.string()),
});
const Explanation = z.object({
  fingerprint: z.string(),
  at: z.string(),
  config_version: z.number().nullable(),
  severity: z.string(),
  classification: ClassificationSchema.nullable(),
  trace: z.array(TraceStepSchema),
  targets: z.array(z.object({ target: z.string(), told: z.enum(["now", "group", "held", "no"]), reason: z.string() })),
  routes: z.array(
    z.object({
      id: z.string(),
      receiver: z.string(),
      reason: z.string(),
      matcher: z.string().nullable(),
      actual: z.string().nullable(),
    }),
  ),
});

/** How long an explanation waits for a model; the rules answer then. */
const CLASSIFY_MS = 5_000;

const showRoute = (route: Route): z.infer<typeof RouteView> => ({
  id: route.id,
  matchers: (route.matcherPath.at(-1) ?? []).map(({ name, operator, value }) => `${name}${operator}"${value}"`),
  receiver: route.receiver,
  targets: route.targets === "all" ? "all" : [...route.targets],
  group_by: [...route.groupBy],
  group_wait_ms: route.groupWaitMs,
  group_interval_ms: route.groupIntervalMs,
  repeat_interval_ms: route.repeatIntervalMs,
  mute_time_intervals: [...route.muteTimeIntervals],
  active_time_intervals: [...route.activeTimeIntervals],
});

const eventOf = (labels: Record<string, string>, annotations: Record<string, string>, now: number): AlertEvent => ({
  fingerprint: fingerprint(labels),
  seq: 1,
  kind: "new",
  status: "firing",
  previousStatus: null,
  labels,
  annotations,
  startsAt: now,
  endsAt: null,
  generatorURL: "",
  receivedAt: now,
  expired: false,
  episodeSeq: 1,
  receiptId: null,
  source: null,
  format: "generic",
  upstream: null,
  sourceFingerprint: null,
});

/** The context in force, or that of a candidate document nobody has put in force. */
const contextFor = async (env: AppEnv["Bindings"], now: number, event: AlertEvent, candidate: string | undefined) => {
  const context = await loadContext(env, now, [event]);
  const settings = await loadSettings(env, now);
  if (candidate === undefined) return { context, config: settings.config ?? defaultConfig() };
  const current = await currentVersion(env);
  const checked = checkConfig(env, candidate, current?.secrets ?? {});
  if (!checked.ok) return checked.error;
  const { config } = checked.value.read;
  const [known, inhibitedBy] = await Promise.all([
    registry(env).list(),
    loadInhibitions(env.DB, config.inhibitRules, [event], [], now),
  ]);
  const added = checked.value.targets.map((target) => ({ target }));
  const replaced = new Set(current === null ? [] : targetNames(env, current));
  const kept = known.filter(({ target }) => !replaced.has(target.name));
  const merged = [...new Map([...kept, ...added].map((entry) => [entry.target.name, entry])).values()];
  const filterRules = filterRulesOf(config.filters, settings.storedRules);
  const candidateSettings = { ...settings, config, configVersion: null, filterRules };
  return { context: contextOf(env, now, candidateSettings, merged, { ...context, inhibitedBy }), config };
};

export const explainRoute = routes()
  .openapi(
    createRoute({
      method: "get",
      path: "/api/v1/routes",
      summary: "The routing tree in force, parents before children",
      ...scoped("read"),
      responses: {
        200: {
          description: "Routes",
          content: { "application/json": { schema: z.object({ routes: z.array(RouteView) }) } },
        },
      },
    }),
    async (c) => {
      const config = (await loadSettings(c.env, Date.now())).config ?? defaultConfig();
      return c.json({ routes: compileTree(config.route, config.receivers).routes.map(showRoute) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/api/v1/explain",
      summary: "What would happen to an alert, and why",
      ...scoped("read"),
      request: {
        body: {
          required: true,
          content: {
            "application/json": {
              schema: z.strictObject({
                labels: Labels.refine((labels) => Object.keys(labels).length > 0, "must hold at least one label"),
                annotations: Labels.default({}),
                at: z.iso.datetime({ offset: true }).optional(),
                /** A candidate document; without it the one in force is asked. */
                config: z.string().max(1_048_576).optional(),
              }),
            },
          },
        },
      },
      responses: {
        200: { description: "The explanation", content: { "application/json": { schema: Explanation } } },
        422: { description: "The candidate has defects" },
      },
    }),
    async (c) => {
      const body = c.req.valid("json");
      const now = body.at === undefined ? Date.now() : Date.parse(body.at);
      const event = eventOf(body.labels, body.annotations, now);
      const found = await contextFor(c.env, now, event, body.config);
      if ("length" in found) {
        return refuse(c, "validation", "the candidate document has defects", {
          errors: found.map(({ path, line, column, message }) => ({
            path,
            message: `line ${line}, column ${column}: ${message}`,
          })),
        });
      }
      const { context, config } = found;
      const asks = classifies(context.mode) && isClassificationEnabled(c.env, config.classification);
      const classifier = classifierOf(c.env, (work) => c.executionCtx.waitUntil(work), config.classification);
      const classified = asks ? await classifier.classify(event, Date.now() + CLASSIFY_MS) : null;
      const calls = classified === null ? [] : [{ event: { ...event, seq: 0 }, call: classified.call }];
      const recorded = recordCalls(c.env.DB, calls);
      if (recorded.length > 0) await c.env.DB.batch(recorded);
      const classification = classified?.classification ?? null;
      const { decision, verdicts } = explain(event, classification, context);
      const tree = compileTree(config.route, config.receivers);
      return c.json(
        {
          fingerprint: event.fingerprint,
          at: time(now),
          config_version: context.configVersion,
          severity: decision.severity,
          classification: classification === null ? null : showClassification(classification),
          trace: decision.trace.map((step) => ({ ...step, at: time(step.at) })),
          targets: verdicts.map((verdict) => ({ ...verdict })),
          routes: explainRoutes(tree, event.labels, judgementOf({ classification }, context)).map(
            ({ route, reason, matcher, actual }) => ({
              id: route.id,
              receiver: route.receiver,
              reason,
              matcher,
              actual,
            }),
          ),
        },
        200,
      );
    },
  );

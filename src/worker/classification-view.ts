/** Statistics and condition of classification (contracts 5.5): what is configured, whether it answers, what it said. */
import { RULES_MODEL } from "../core/classify/rules.ts";
import {
  classificationSettings,
  classifierConfig,
  classifierMemory,
  isClassificationEnabled,
} from "./classification.ts";
import { callTotals, recentClassifications } from "./db/classification-stats.ts";
import { readDecisionCounts, share } from "./decision-counts.ts";
import type { Bindings } from "./env.ts";
import { ours } from "./metrics/families.ts";
import { time, timeOrNull } from "./views.ts";

const DAY_MS = 86_400_000;
/** Newest events whose classifications are averaged. */
const MAX_EVENTS = 1000;

/** Counted since the service was set up: which cache answered is in no event. */
const CACHE_HITS = ["l1", "l2"].map((cache) => ours(`classification_${cache}_cache_hits_total`));

const mean = (rows: readonly { n: number }[], of: (i: number) => number): number => {
  const total = rows.reduce((sum, { n }) => sum + n, 0);
  return total === 0 ? 0 : Number((rows.reduce((sum, { n }, i) => sum + n * of(i), 0) / total).toFixed(4));
};

/** The last day in numbers: decisions from the hourly counts, calls from their records, answers from the newest events. */
export const classificationStats = async (env: Bindings, now: number) => {
  const from = now - DAY_MS;
  const [{ classified }, calls, recent, remembered] = await Promise.all([
    readDecisionCounts(env.DB, now),
    callTotals(env.DB, from),
    recentClassifications(env.DB, from, MAX_EVENTS),
    env.METRICS.getByName("main").totals(CACHE_HITS),
  ]);
  const { total, llm, cache, fallback } = classified;
  const seen = recent.reduce((sum, { n }) => sum + n, 0);
  const bySeverity = [...Map.groupBy(recent, ({ severity }) => severity)].map(([severity, rows]) => {
    const count = rows.reduce((sum, { n }) => sum + n, 0);
    return [
      severity,
      { count, avg_confidence: mean(rows, (i) => rows[i]?.confidence ?? 0), percentage: share(count, seen) },
    ];
  });
  const byCategory = [...Map.groupBy(recent, ({ category }) => category)].map(([category, rows]) => [
    category,
    rows.reduce((sum, { n }) => sum + n, 0),
  ]);
  return {
    total_requests: total,
    cache_hits: cache,
    llm_requests: calls.calls,
    fallback_used: fallback,
    errors: calls.failed,
    cache_hit_rate: share(cache, total),
    llm_usage_rate: share(llm, total),
    fallback_rate: share(fallback, total),
    error_rate: share(calls.failed, total),
    total_classified: total,
    classification_rate: share(llm + cache, total),
    avg_confidence: mean(recent, (i) => recent[i]?.confidence ?? 0),
    avg_processing_ms: mean(recent, (i) => recent[i]?.ms ?? 0),
    by_severity: Object.fromEntries(bySeverity) as Record<string, unknown>,
    by_category: Object.fromEntries(byCategory) as Record<string, unknown>,
    cache_stats: {
      hit_rate: share(cache, total),
      cache_hits: cache,
      cache_misses: total - cache,
      l1_cache_hits: remembered[0] ?? 0,
      l2_cache_hits: remembered[1] ?? 0,
    },
    llm_stats: {
      requests: calls.calls,
      success_rate: share(calls.answered, calls.calls),
      failures: calls.failed,
      avg_latency_ms: Math.round(calls.latencyMs ?? 0),
      usage_rate: share(llm, total),
      breaker_state: classifierMemory().breaker.state,
    },
    fallback_stats: {
      used: fallback,
      rate: share(fallback, total),
      avg_latency_ms: Math.round(calls.failedLatencyMs ?? 0),
    },
    error_stats: {
      total: calls.failed,
      rate: share(calls.failed, total),
      last_error: calls.lastError,
      last_error_time: timeOrNull(calls.lastErrorAt),
    },
    last_classified: recent.length === 0 ? null : time(Math.max(...recent.map(({ at }) => at))),
    timestamp: time(now),
  };
};

export type ModelState = "not_configured" | "disabled" | "untried" | "healthy" | "failing" | "breaker_open";

/** How the configured model does, by the breaker here and the newest recorded call of any isolate. */
export const modelState = async (env: Bindings): Promise<ModelState> => {
  const said = await classificationSettings(env, Date.now());
  if (!isClassificationEnabled(env, said)) return "disabled";
  if (classifierConfig(env, said).model === null) return "not_configured";
  if (classifierMemory().breaker.state === "open") return "breaker_open";
  const outcome = await env.DB.prepare(
    "SELECT outcome FROM classification_calls ORDER BY at DESC LIMIT 1",
  ).first<string>("outcome");
  return outcome === null ? "untried" : outcome === "answered" ? "healthy" : "failing";
};

/** Every model that may answer. The rules always can, unless classification is switched off. */
export const listModels = async (env: Bindings) => {
  const said = await classificationSettings(env, Date.now());
  const { model } = classifierConfig(env, said);
  const state = await modelState(env);
  const rules = {
    name: RULES_MODEL,
    type: "rules" as const,
    provider: "rules",
    active: isClassificationEnabled(env, said),
    state: "healthy",
    description: model === null ? "answers every alert: no model is configured" : "answers where the model does not",
  };
  if (model === null) return [rules];
  const description = model.provider === "openai" ? "an OpenAI-compatible endpoint" : "Workers AI";
  return [
    {
      name: model.model,
      type: "llm" as const,
      provider: model.provider,
      active: state !== "disabled" && state !== "breaker_open",
      state,
      description,
    },
    rules,
  ];
};

/** How targets and their health are shown (contracts 9.2, 9.6): never more of a URL than scheme and host, of headers than names. */
import { z } from "@hono/zod-openapi";
import { healthErrorType } from "../core/publish/probe.ts";
import { NO_HEALTH, type TargetHealth } from "./db/target-health.ts";
import type { RegisteredTarget } from "./registry.ts";
import { maskUrl } from "./routes/targets.ts";
import { healthOf } from "./target-health.ts";
import { time, timeOrNull } from "./views.ts";

const HealthStatus = z.enum(["unknown", "healthy", "degraded", "unhealthy"]);

const FilterConfig = z.object({
  severity: z.array(z.string()),
  namespaces: z.array(z.string()),
  exclude_noise: z.boolean(),
  min_confidence: z.number().nullable(),
  alert_name_pattern: z.string().nullable(),
});

export const PublishingTargetSchema = z
  .object({
    name: z.string(),
    type: z.string(),
    format: z.string(),
    url: z.string(),
    enabled: z.boolean(),
    priority: z.number(),
    headers: z.array(z.string()),
    filter_config: FilterConfig,
    send_resolved: z.boolean(),
    timeout_seconds: z.number(),
    description: z.string(),
    updated_at: z.string(),
    /** Of a static target null, as namespace and secret. */
    cluster: z.string().nullable(),
    namespace: z.string().nullable(),
    secret: z.string().nullable(),
    health_status: HealthStatus,
    success_rate: z.number().nullable(),
    last_successful_publish: z.string().nullable(),
    last_success_time: z.string().nullable(),
    last_failure_time: z.string().nullable(),
    total_publishes: z.number(),
    successful_publishes: z.number(),
    failed_publishes: z.number(),
    circuit_breaker_state: z.enum(["closed", "open", "half_open"]),
    frozen: z.boolean(),
    frozen_since: z.string().nullable(),
    frozen_reason: z.string().nullable(),
    stale: z.boolean(),
    stale_since: z.string().nullable(),
    /** Why its stored definition cannot be used as it is; null: it can. */
    defect: z.string().nullable(),
    warnings: z.array(z.string()),
  })
  .openapi("PublishingTarget");
export type PublishingTarget = z.infer<typeof PublishingTargetSchema>;

/** Percent with two decimals; null without any. */
const percent = (part: number, whole: number): number | null =>
  whole === 0 ? null : Math.round((part / whole) * 10_000) / 100;

export const showPublishingTarget = (
  { target, updatedAt, discovered, defect }: RegisteredTarget,
  health: TargetHealth = NO_HEALTH,
): PublishingTarget => {
  const { delivery } = health;
  const combined = healthOf(defect, health);
  const { filter } = target;
  return {
    name: target.name,
    type: target.type,
    format: target.format,
    url: maskUrl(target.url),
    enabled: target.enabled,
    priority: target.priority,
    headers: Object.keys(target.headers),
    filter_config: {
      severity: [...filter.severity],
      namespaces: [...filter.namespaces],
      exclude_noise: filter.excludeNoise,
      min_confidence: filter.minConfidence,
      alert_name_pattern: filter.alertNamePattern,
    },
    send_resolved: target.sendResolved,
    timeout_seconds: target.timeoutSeconds,
    description: target.description,
    updated_at: time(updatedAt),
    cluster: discovered?.cluster ?? null,
    namespace: discovered?.namespace ?? null,
    secret: discovered?.secret ?? null,
    health_status: combined.status,
    success_rate: percent(delivery.successes, delivery.checks),
    last_successful_publish: timeOrNull(delivery.lastSuccessAt),
    last_success_time: timeOrNull(combined.lastSuccessAt),
    last_failure_time: timeOrNull(combined.lastFailureAt),
    total_publishes: delivery.checks,
    successful_publishes: delivery.successes,
    failed_publishes: delivery.failures,
    circuit_breaker_state: health.breaker,
    frozen: discovered?.frozen != null,
    frozen_since: timeOrNull(discovered?.frozen?.since ?? null),
    frozen_reason: discovered?.frozen?.reason ?? null,
    stale: discovered?.staleSince != null,
    stale_since: timeOrNull(discovered?.staleSince ?? null),
    defect,
    warnings: [...(defect === null ? [] : [combined.lastError ?? defect]), ...(discovered?.warnings ?? [])],
  };
};

export const TargetHealthSchema = z
  .object({
    target_name: z.string(),
    target_type: z.string(),
    enabled: z.boolean(),
    status: HealthStatus,
    latency_ms: z.number().nullable(),
    error_message: z.string().nullable(),
    error_type: z.enum(["timeout", "dns", "tls", "refused", "http_error", "unknown"]).nullable(),
    last_check: z.string().nullable(),
    last_success: z.string().nullable(),
    last_failure: z.string().nullable(),
    consecutive_failures: z.number(),
    total_checks: z.number(),
    total_successes: z.number(),
    total_failures: z.number(),
    success_rate: z.number().nullable(),
    evidence: z.enum(["delivery", "probe"]),
  })
  .openapi("TargetHealth");

export const showHealth = ({ target, defect }: RegisteredTarget, health: TargetHealth = NO_HEALTH) => {
  const combined = healthOf(defect, health);
  const isFailing = defect !== null || combined.isRefusing || combined.consecutiveFailures > 0;
  return {
    target_name: target.name,
    target_type: target.type,
    enabled: target.enabled,
    status: combined.status,
    latency_ms: combined.lastLatencyMs,
    error_message: isFailing ? combined.lastError : null,
    error_type: isFailing && combined.lastReason !== null ? healthErrorType(combined.lastReason) : null,
    last_check: timeOrNull(combined.lastCheckAt),
    last_success: timeOrNull(combined.lastSuccessAt),
    last_failure: timeOrNull(combined.lastFailureAt),
    consecutive_failures: combined.consecutiveFailures,
    total_checks: combined.checks,
    total_successes: combined.successes,
    total_failures: combined.failures,
    success_rate: percent(combined.successes, combined.checks),
    evidence: combined.evidence,
  };
};

/** The shapes of the dashboard's JSON (contracts 13). */
import { z } from "@hono/zod-openapi";

const numbers = z.record(z.string(), z.number());

export const Overview = z
  .object({
    total_alerts: z.number(),
    active_alerts: z.number(),
    active_by_severity: numbers,
    resolved_alerts: z.number(),
    alerts_last_24h: z.number(),
    classification_enabled: z.boolean(),
    classified_alerts: z.number(),
    classification_cache_hit_rate: z.number(),
    publishing_targets: z.number(),
    publishing_mode: z.string(),
    successful_publishes: z.number(),
    failed_publishes: z.number(),
    system_healthy: z.boolean(),
    redis_connected: z.boolean(),
    llm_service_available: z.boolean(),
    last_updated: z.string(),
    silenced_alerts: z.number(),
    inhibited_alerts: z.number(),
    dlq_size: z.number(),
    enrichment_mode: z.string(),
  })
  .openapi("Overview");

const Ranked = z.object({
  alert_name: z.string(),
  namespace: z.string().nullable(),
  count: z.number(),
  last_seen: z.string(),
  severity: z.string(),
  status: z.enum(["firing", "resolved"]),
});

export const Charts = z
  .object({
    alert_timeline: z.array(
      z.object({
        timestamp: z.string(),
        firing: z.number(),
        resolved: z.number(),
        critical: z.number(),
        warning: z.number(),
        info_alerts: z.number(),
      }),
    ),
    top_alerts_by_frequency: z.array(Ranked),
    top_alerts_by_severity: z.array(Ranked),
    severity_distribution: numbers,
    status_distribution: numbers,
    namespace_distribution: numbers,
    category_distribution: numbers,
  })
  .openapi("Charts");

export const Component = z.object({
  component: z.string(),
  status: z.enum(["healthy", "degraded", "unhealthy", "not_configured"]),
  details: z.string(),
  last_check: z.string(),
  latency_ms: z.number().optional(),
  error: z.string().optional(),
});

const ShortClassification = z.object({
  severity: z.string(),
  category: z.string(),
  confidence: z.number(),
  source: z.string(),
});

export const shortClassification = ({
  severity,
  category,
  confidence,
  source,
}: z.infer<typeof ShortClassification>): z.infer<typeof ShortClassification> => ({
  severity,
  category,
  confidence,
  source,
});

export const Recent = z.object({
  alerts: z.array(
    z.object({
      fingerprint: z.string(),
      alert_name: z.string(),
      status: z.string(),
      severity: z.string(),
      summary: z.string(),
      starts_at: z.string(),
      labels: z.record(z.string(), z.string()),
      classification: ShortClassification.optional(),
    }),
  ),
  total: z.number(),
  filters_applied: z.record(z.string(), z.union([z.string(), z.number()])),
  count: z.number(),
  limit: z.number(),
  timestamp: z.string(),
});

export const Recommendations = z.object({
  total: z.number(),
  items: z.array(
    z.object({
      fingerprint: z.string(),
      alert_name: z.string(),
      severity: z.string(),
      category: z.string(),
      confidence: z.number(),
      recommendations: z.array(z.string()),
      reasoning: z.string(),
      created_at: z.string(),
    }),
  ),
});

export const DeliveryTimes = z.object({
  hours: z.number(),
  targets: z.array(
    z.object({
      target: z.string(),
      delivered: z.number(),
      failed: z.number(),
      p50_ms: z.number().nullable(),
      p95_ms: z.number().nullable(),
      p99_ms: z.number().nullable(),
    }),
  ),
});

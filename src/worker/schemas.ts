/** The shapes of answers that several routes share: they validate, they document, and the dashboard's types come from them. */
import { z } from "@hono/zod-openapi";

const Labels = z.record(z.string(), z.string());

export const ClassificationSchema = z
  .object({
    severity: z.string(),
    category: z.string(),
    confidence: z.number(),
    reasoning: z.string(),
    recommendations: z.array(z.string()),
    source: z.string(),
    model: z.string(),
    prompt_version: z.string(),
    created_at: z.string(),
    cached: z.boolean(),
    processing_time: z.number(),
    rule: z.string().nullable(),
    tags: z.array(z.string()),
  })
  .openapi("Classification");

export const AttemptSchema = z
  .object({
    number: z.number(),
    at: z.string(),
    duration_ms: z.number(),
    status_code: z.number().nullable(),
    error_type: z.string().nullable(),
    error: z.string().nullable(),
  })
  .openapi("Attempt");

export const DeliverySchema = z
  .object({
    id: z.string(),
    /** Its id under /api/v1/notifications. */
    ledger_id: z.string(),
    target_name: z.string(),
    state: z.string(),
    status: z.string(),
    severity: z.string(),
    alert_name: z.string(),
    created_at: z.string(),
    reason: z.string().nullable(),
    error: z.string().nullable(),
    next_attempt_at: z.string().nullable(),
    completed_at: z.string().nullable(),
    attempts: z.array(AttemptSchema),
  })
  .openapi("Delivery");

export const TraceStepSchema = z
  .object({
    at: z.string(),
    stage: z.string(),
    decision: z.string(),
    reason: z.string(),
    target: z.string().optional(),
    /** The notification of a group that tells of it; that of the event alone needs no name. */
    notification: z.string().optional(),
  })
  .openapi("TraceStep");

export const EventSchema = z
  .object({
    event_id: z.string(),
    fingerprint: z.string(),
    seq: z.number(),
    alertname: z.string(),
    alert_name: z.string(),
    status: z.string(),
    kind: z.string(),
    previous_status: z.string().nullable(),
    severity: z.string(),
    severity_label: z.string().nullable(),
    namespace: z.string().nullable(),
    labels: Labels,
    annotations: Labels,
    startsAt: z.string(),
    endsAt: z.string().nullable(),
    generatorURL: z.string(),
    received_at: z.string(),
    /** Only of a resolved event. */
    duration_seconds: z.number().nullable(),
    expired: z.boolean(),
    receipt_id: z.string().nullable(),
    source: z.string().nullable(),
    source_format: z.string(),
    source_fingerprint: z.string().nullable(),
    upstream: z.object({ groupKey: z.string(), receiver: z.string(), externalURL: z.string() }).nullable(),
    enrichment_mode: z.string(),
    config_version: z.number().nullable(),
    classification: ClassificationSchema.nullable(),
    deliveries_summary: z.object({
      sent: z.number(),
      failed: z.number(),
      pending: z.number(),
      suppressed: z.number(),
    }),
  })
  .openapi("Event");

const Remark = z.object({ alert_index: z.number(), path: z.string(), reason: z.string() });

/** What a sender is told (contracts 2.1). */
export const ReceiptSchema = z
  .object({
    status: z.enum(["success", "partial_success"]),
    message: z.string(),
    request_id: z.string(),
    receipt_id: z.string(),
    mode: z.enum(["intelligent", "metrics_only"]),
    webhook_type: z.string(),
    alerts_received: z.number(),
    alerts_processed: z.number(),
    alerts_failed: z.number(),
    alerts_skipped: z.number(),
    processed_alerts: z.number(),
    errors: z.array(z.object({ alert_index: z.number(), path: z.string(), error: z.string() })),
    dropped: z.array(Remark).optional(),
    notes: z.array(Remark).optional(),
    alerts: z.array(
      z.object({
        fingerprint: z.string(),
        outcome: z.enum(["new", "updated", "resolved", "reopened", "duplicate"]),
      }),
    ),
    processing_time_ms: z.number(),
  })
  .openapi("Receipt");

/** Who is signed in; every scope they hold, those included in others too. */
export const SessionSchema = z
  .object({ name: z.string(), scopes: z.array(z.enum(["ingest", "read", "operate", "admin"])) })
  .openapi("Session");

export type SessionView = z.infer<typeof SessionSchema>;
export type EventView = z.infer<typeof EventSchema>;
export type DeliveryView = z.infer<typeof DeliverySchema>;
export type TraceStepView = z.infer<typeof TraceStepSchema>;

/** How stored rows are shown: events, alerts, deliveries (contracts 12.1). */
import type { UpstreamGroup } from "../core/alert/alert.ts";
import type { Classification } from "../core/classify/classification.ts";
import type { TraceStep } from "../core/history/trace.ts";
import { ledgerId } from "./db/ledger.ts";
import type { Attempt } from "./objects/target-store.ts";
import type { DeliveryView, EventView, TraceStepView } from "./schemas.ts";

export const time = (ms: number): string => new Date(ms).toISOString();
export const timeOrNull = (ms: number | null): string | null => (ms === null ? null : time(ms));

export interface EventRow {
  fingerprint: string;
  seq: number;
  received_at: number;
  kind: string;
  status: string;
  previous_status: string | null;
  alertname: string;
  severity: string;
  namespace: string | null;
  labels: string;
  annotations: string;
  starts_at: number;
  ends_at: number | null;
  generator_url: string;
  expired: number;
  episode_seq: number;
  receipt_id: string | null;
  source: string | null;
  format: string;
  upstream: string | null;
  source_fingerprint: string | null;
  mode: string;
  config_version: number | null;
  classification: string | null;
  trace: string;
  /** Who is told of it alone: by target its fallback. */
  targets: string | null;
}

export interface NotificationRow {
  at: number;
  subject: string;
  seq: number;
  target: string;
  replay: number;
  state: string;
  status: string;
  severity: string;
  alertname: string;
  attempts: string;
  reason: string | null;
  error: string | null;
  next_attempt_at: number | null;
  completed_at: number | null;
  payload: string | null;
  fallback: string | null;
  replayed_at: number | null;
}

const parse = <T>(text: string | null): T | null => (text === null ? null : (JSON.parse(text) as T));

export const showClassification = (c: Classification): NonNullable<EventView["classification"]> => ({
  severity: c.severity,
  category: c.category,
  confidence: c.confidence,
  reasoning: c.reasoning,
  recommendations: [...c.recommendations],
  source: c.source,
  model: c.model,
  prompt_version: c.promptVersion,
  created_at: time(c.createdAt),
  cached: c.cached,
  processing_time: c.processingMs / 1000,
  rule: c.metadata.rule ?? null,
  tags: [...(c.metadata.tags ?? [])],
});

export const showDelivery = (row: NotificationRow): DeliveryView => ({
  id: `${row.subject}:${row.seq}:${row.target}`,
  ledger_id: ledgerId(row),
  target_name: row.target,
  state: row.state,
  status: row.status,
  severity: row.severity,
  alert_name: row.alertname,
  created_at: time(row.at),
  reason: row.reason,
  error: row.error,
  next_attempt_at: timeOrNull(row.next_attempt_at),
  completed_at: timeOrNull(row.completed_at),
  attempts: (JSON.parse(row.attempts) as Attempt[]).map((attempt) => ({
    number: attempt.number,
    at: time(attempt.at),
    duration_ms: attempt.durationMs,
    status_code: attempt.statusCode,
    error_type: attempt.reason,
    error: attempt.error,
  })),
});

const summarise = (deliveries: readonly NotificationRow[]) => ({
  sent: deliveries.filter((row) => row.state === "delivered" || row.state === "digested").length,
  failed: deliveries.filter((row) => row.state === "dead").length,
  pending: deliveries.filter((row) => ["pending", "retry", "deferred"].includes(row.state)).length,
  suppressed: deliveries.filter((row) => row.state === "superseded" || row.state === "canceled").length,
});

export const showTrace = (text: string): TraceStepView[] =>
  (JSON.parse(text) as TraceStep[]).map((step) => ({ ...step, at: time(step.at) }));

export const showEvent = (row: EventRow, deliveries: readonly NotificationRow[]): EventView => ({
  event_id: `${row.fingerprint}:${row.seq}`,
  fingerprint: row.fingerprint,
  seq: row.seq,
  alertname: row.alertname,
  alert_name: row.alertname,
  status: row.status,
  kind: row.kind,
  previous_status: row.previous_status,
  severity: row.severity,
  severity_label: (JSON.parse(row.labels) as Record<string, string>)["severity"] ?? null,
  namespace: row.namespace,
  labels: JSON.parse(row.labels) as Record<string, string>,
  annotations: JSON.parse(row.annotations) as Record<string, string>,
  startsAt: time(row.starts_at),
  endsAt: timeOrNull(row.ends_at),
  generatorURL: row.generator_url,
  received_at: time(row.received_at),
  duration_seconds:
    row.status === "resolved" && row.ends_at !== null ? Math.max(0, (row.ends_at - row.starts_at) / 1000) : null,
  expired: row.expired === 1,
  receipt_id: row.receipt_id,
  source: row.source,
  source_format: row.format,
  source_fingerprint: row.source_fingerprint,
  upstream: parse<UpstreamGroup>(row.upstream),
  enrichment_mode: row.mode,
  config_version: row.config_version,
  classification:
    row.classification === null ? null : showClassification(JSON.parse(row.classification) as Classification),
  deliveries_summary: summarise(deliveries),
});

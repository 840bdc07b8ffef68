/** Every metric there is: its full name, type and help. Names and labels are those of contracts 14. */
import type { Family, MetricType } from "./text.ts";

const PREFIX = "alert_history_";

const of =
  (type: MetricType) =>
  (name: string, help: string): Family => ({ name, type, help });
const counter = of("counter");
const gauge = of("gauge");
const histogram = of("histogram");

/** Under names without our prefix: other tools and boards know them. */
const FOREIGN: readonly Family[] = [
  counter("webhook_requests_total", "Requests to ingest by status code"),
  histogram("webhook_request_duration_seconds", "Time until a request to ingest was answered"),
  counter("webhook_errors_total", "Requests to ingest that were refused, by problem"),
  counter("webhook_validation_errors_total", "Bodies that held nothing usable, by problem"),
  counter("webhook_auth_failures_total", "Requests to ingest without a valid token or scope"),
  counter("webhook_rate_limit_hits_total", "Requests answered 503 because the alerts could not be stored"),
  counter("webhook_alerts_received_total", "Alerts that were stored or recognised as duplicates"),
  counter("webhook_alerts_processed_total", "Events decided and committed, or failed to be"),
  gauge("alertmanager_build_info", "The Alertmanager whose API this service speaks"),
];

const OURS: readonly Family[] = [
  counter("webhook_events_total", "Reports of alerts, duplicates included, by alert and status"),
  counter("webhook_errors_total", "Requests to ingest that were refused, by problem"),
  histogram("request_latency_seconds", "Time until a request was answered, by route"),
  counter("dedup_total", "Reports of alerts by what dedup made of them"),
  counter("alerts_stored_total", "Events committed to the history"),
  gauge("database_size_bytes", "Size of the history database"),
  counter("enrichment_transparent_alerts_total", "Events decided without asking for a classification"),
  counter("enrichment_enriched_alerts_total", "Events decided with a classification"),
  gauge("enrichment_mode_status", "The mode in force: 0 transparent, 1 enriched, 2 transparent with recommendations"),
  counter("classification_total", "Classifications by severity and by what gave them"),
  histogram("classification_duration_seconds", "Time a classification took, by what gave it"),
  histogram("classification_confidence", "Confidence of classifications, by severity"),
  counter("cache_hits_total", "Answers taken from a cache"),
  counter("llm_errors_total", "Questions a model did not answer usably, by reason"),
  counter("filter_decisions_total", "Decisions of filters by action and rule"),
  counter("notifications_suppressed_total", "Notifications held back or not sent, by reason"),
  counter("publishing_total", "Notifications that ended, by target and how"),
  counter("publishing_job_completed_total", "Notifications delivered, by target"),
  counter("publishing_job_failed_total", "Notifications given up, by target and reason"),
  counter("publishing_retry_attempts_total", "Attempts that have to be repeated, by target and reason"),
  histogram("publishing_duration_seconds", "Time of one attempt, by target"),
  gauge("publishing_dlq_size", "Dead letters that wait for somebody, counted up to 100"),
  gauge("publishing_targets_discovered", "Targets that are known and readable"),
  gauge("publishing_targets_enabled", "Targets that notifications go to"),
  counter("publishing_refresh_total", "Pulls of a cluster's targets, by how they ended"),
  gauge("cluster_last_sync_timestamp_seconds", "When a cluster was last read completely"),
  gauge("cluster_frozen", "1 while a cluster cannot be read and its targets stay as they were"),
  gauge("outbox_rows", "Changes that are acknowledged and not yet in the history"),
  gauge("outbox_oldest_timestamp_seconds", "When the oldest of them was acknowledged; absent without any"),
  gauge("cron_last_run_timestamp_seconds", "When the cron last ran"),
  counter("cron_failures_total", "Parts of the cron that failed"),
  counter("queue_dead_messages_total", "Doorbells that failed too often, by queue; what they rang for is kept"),
  gauge("service_started_time", "When this version first ran, in seconds since 1970"),
  gauge("build_info", "The version that runs"),
];

export const FAMILIES: readonly Family[] = [
  ...FOREIGN,
  ...OURS.map((family) => ({ ...family, name: `${PREFIX}${family.name}` })),
];

/** Full name of a metric of ours. */
export const ours = (name: string): string => `${PREFIX}${name}`;

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
  counter("webhook_errors_total", "Requests to ingest that were refused, by kind and problem"),
  counter("webhook_validation_errors_total", "Bodies, and single alerts of a body, that could not be used"),
  counter("webhook_auth_failures_total", "Requests to ingest without a valid token or scope"),
  counter("webhook_timeouts_total", "Requests to /webhook/proxy answered before everything was decided"),
  counter("webhook_rate_limit_hits_total", "Requests answered 503 because the alerts could not be stored"),
  counter("webhook_alerts_received_total", "Alerts that were stored or recognised as duplicates"),
  counter("webhook_alerts_processed_total", "Changes decided and committed, or failed and to be tried again"),
  counter("webhook_alerts_truncated_total", "Alerts that a sender says it left out of its body"),
  gauge("alertmanager_build_info", "The Alertmanager whose API this service speaks"),
];

const INGEST: readonly Family[] = [
  counter("webhook_events_total", "Reports of alerts, duplicates included, by alert and status"),
  counter("webhook_errors_total", "Requests to ingest that were refused, by problem"),
  histogram("request_latency_seconds", "Time until a request was answered, by route"),
  counter("dedup_total", "Reports of alerts by what dedup made of them"),
  counter("alerts_stored_total", "Events committed to the history"),
  gauge("outbox_rows", "Changes that are acknowledged and not yet in the history"),
  gauge("outbox_oldest_timestamp_seconds", "When the oldest of them was acknowledged; absent without any"),
];

const DECISIONS: readonly Family[] = [
  counter("enrichment_transparent_alerts_total", "Events decided without asking for a classification"),
  counter("enrichment_enriched_alerts_total", "Events decided with a classification"),
  gauge(
    "enrichment_mode_status",
    "The mode in force: 0 transparent, 1 enriched, 2 transparent with recommendations, 3 shadow",
  ),
  counter("enrichment_mode_switches_total", "Switches of the mode by whoever operates"),
  counter("enrichment_mode_requests_total", "Requests that read or set the mode, by the mode then in force"),
  counter("classification_total", "Classifications by severity and by what gave them"),
  counter("classification_errors_total", "Times the rules had to answer for a configured model, by reason"),
  histogram("classification_duration_seconds", "Time a classification took, by what gave it"),
  histogram("classification_confidence", "Confidence of classifications, by severity"),
  counter("classification_l1_cache_hits_total", "Classifications remembered by the isolate"),
  counter("classification_l2_cache_hits_total", "Classifications remembered by the database"),
  counter("cache_hits_total", "Answers taken from a cache"),
  counter("cache_misses_total", "Answers that no cache had"),
  counter("llm_errors_total", "Questions a model was asked and did not answer usably, by reason"),
  counter("filter_decisions_total", "Decisions of filters by action and rule"),
  counter("notifications_suppressed_total", "Notifications held back or not sent, by reason"),
];

const PUBLISHING: readonly Family[] = [
  counter("publishing_total", "Notifications that ended, by target and how"),
  counter("publishing_job_completed_total", "Notifications delivered, by target"),
  counter("publishing_job_failed_total", "Notifications given up, by target and reason"),
  histogram("publishing_job_duration_seconds", "Time from the alert to the end of its notification, by target"),
  counter("publishing_retry_attempts_total", "Attempts that have to be repeated, by target and reason"),
  histogram("publishing_duration_seconds", "Time of one attempt, by target"),
  gauge("publishing_queue_size", "Notifications that wait at their targets, by priority"),
  gauge("publishing_active_workers", "Targets that have something to tell"),
  gauge("publishing_circuit_breaker_state", "Breaker of a target: 0 closed, 1 half-open, 2 open"),
  gauge("publishing_dlq_size", "Dead letters that wait for somebody, counted up to 100"),
  gauge("publishing_dlq_entries", "The newest 100 of them by target, reason and whether they were replayed"),
  counter("publishing_mode_transitions_total", "Times that publishing stopped or went on, by reason"),
  counter("publishing_submissions_rejected_total", "Notifications sent by hand that were not taken, by reason"),
  counter("queue_dead_messages_total", "Doorbells that failed too often, by queue; what they rang for is kept"),
];

const TARGETS: readonly Family[] = [
  gauge("publishing_targets_discovered", "Targets that are known"),
  gauge("publishing_targets_unreadable", "Of them those whose stored definition cannot be used as it is"),
  gauge("publishing_targets_enabled", "Targets that notifications go to"),
  gauge("target_health_status", "Health of a target: 0 unknown, 1 healthy, 2 degraded, 3 unhealthy"),
  gauge("target_consecutive_failures", "Failures of a target in a row"),
  gauge("target_frozen", "1 while a discovered target stays as it was because its cluster cannot be read"),
  counter("publishing_discovery_secrets_total", "Secrets read from clusters, by whether they make a target"),
  counter("publishing_refresh_total", "Pulls of a cluster's targets, by how they ended"),
  gauge("cluster_last_sync_timestamp_seconds", "When a cluster was last read completely"),
  gauge("cluster_frozen", "1 while a cluster cannot be read and its targets stay as they were"),
];

const HISTORY: readonly Family[] = [
  counter("api_history_http_requests_total", "Requests for history, reports and the dashboard's figures"),
  histogram("api_history_http_request_duration_seconds", "Time until such a request was answered"),
  counter("api_history_http_errors_total", "Such requests that were refused or failed, by problem"),
  gauge("api_history_http_active_requests", "Such requests under way, as each isolate last told within a minute"),
  histogram("api_history_query_duration_seconds", "Time such a request waited for the database"),
  histogram("api_history_query_results_count", "Rows the database gave for such a request"),
  counter("api_history_filters_operations_total", "Filters used in requests for history, by kind and outcome"),
  counter("api_history_cache_hits_total", "Such requests answered 304: the caller has the newest answer"),
  counter("api_history_cache_misses_total", "Such requests whose caller had an older answer"),
];

const SERVICE: readonly Family[] = [
  counter("database_operations_total", "Statements and batches sent to the database, by kind and outcome"),
  gauge("database_size_bytes", "Size of the history database"),
  gauge("active_connections", "Dashboards that are connected to the live feed"),
  gauge("cron_last_run_timestamp_seconds", "When the cron last ran"),
  counter("cron_failures_total", "Parts of the cron that failed"),
  gauge("scrape_failed_parts", "Parts of this scrape that could not be read, by what they are"),
  counter("metrics_folded_total", "Counts that went to a series `other`, by the label with too many values"),
  counter("metrics_dropped_total", "Counts that were not kept because there are too many series"),
  gauge("service_started_time", "When this version first ran, in seconds since 1970"),
  gauge("build_info", "The version that runs"),
];

const OURS = [...INGEST, ...DECISIONS, ...PUBLISHING, ...TARGETS, ...HISTORY, ...SERVICE];

export const FAMILIES: readonly Family[] = [
  ...FOREIGN,
  ...OURS.map((family) => ({ ...family, name: `${PREFIX}${family.name}` })),
];

/** Full name of a metric of ours. */
export const ours = (name: string): string => `${PREFIX}${name}`;

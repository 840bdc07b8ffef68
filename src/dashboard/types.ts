/** Answers of the API as the pages read them. What a route shares as a schema is taken from there, types only. */
import type { showDiscovery, showDrift } from "../worker/discovery-views.ts";
import type { AuditSchema } from "../worker/routes/audit.ts";
import type { ClassificationReport } from "../worker/routes/classification-report.ts";
import type { RequestSchema } from "../worker/routes/notification-request.ts";
import type { Longest, Senders } from "../worker/routes/senders.ts";
import type { VolumeSchema } from "../worker/routes/volume.ts";
import type { DeliveryView, EventView, TraceStepView } from "../worker/schemas.ts";
import type { TargetHealthSchema } from "../worker/target-views.ts";

export type { DeliveryView, EventView, SessionView, TraceStepView } from "../worker/schemas.ts";
export type { PublishingTarget } from "../worker/target-views.ts";
export type * from "./types-config.ts";

/** What a schema of the API describes. */
type Answer<S extends { readonly _output: unknown }> = S["_output"];
export type VolumeView = Answer<typeof VolumeSchema>;
export type SendersView = Answer<typeof Senders>;
export type LongestView = Answer<typeof Longest>;
export type AuditView = Answer<typeof AuditSchema>;
export type TargetHealthView = Answer<typeof TargetHealthSchema>;
export type ReportView = Answer<typeof ClassificationReport>;
export type RequestView = Answer<typeof RequestSchema>;

/** `/history`, `/history/recent`. */
export interface EventList {
  readonly alerts: readonly EventView[];
  readonly count: number;
  readonly cursor?: string | null;
  readonly has_next?: boolean;
  readonly truncated?: boolean;
}

/** `/history/{fingerprint}`. */
export interface AlertHistory {
  readonly fingerprint: string;
  readonly alert_name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly current_status: string;
  readonly first_seen: string;
  readonly last_seen: string;
  readonly receive_count: number;
  readonly events: readonly (EventView & { readonly trace: readonly TraceStepView[] })[];
  readonly deliveries: readonly DeliveryView[];
}

/** `/api/v2/alerts`. */
export interface CurrentAlert {
  readonly fingerprint: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly updatedAt: string;
  readonly generatorURL: string;
  readonly receivers: readonly { readonly name: string }[];
  readonly status: {
    readonly state: "unprocessed" | "active" | "suppressed";
    readonly silencedBy: readonly string[];
    readonly inhibitedBy: readonly string[];
    readonly mutedBy?: readonly string[];
  };
  /** With `details=true`: the severity that counts. */
  readonly severity?: string;
}

/** `/api/dashboard/overview`. */
export interface OverviewView {
  readonly total_alerts: number;
  readonly active_alerts: number;
  readonly active_by_severity: Readonly<Record<string, number>>;
  readonly resolved_alerts: number;
  readonly alerts_last_24h: number;
  readonly classification_enabled: boolean;
  readonly classified_alerts: number;
  readonly publishing_targets: number;
  readonly publishing_mode: string;
  readonly successful_publishes: number;
  readonly failed_publishes: number;
  readonly system_healthy: boolean;
  readonly llm_service_available: boolean;
  readonly silenced_alerts: number;
  readonly inhibited_alerts: number;
  readonly dlq_size: number;
  readonly enrichment_mode: string;
}

export interface HourView {
  readonly timestamp: string;
  readonly firing: number;
  readonly resolved: number;
  readonly critical: number;
  readonly warning: number;
  readonly info_alerts: number;
}

/** `/api/dashboard/charts`. */
export interface ChartsView {
  readonly alert_timeline: readonly HourView[];
  readonly severity_distribution: Readonly<Record<string, number>>;
  readonly namespace_distribution: Readonly<Record<string, number>>;
}

/** `/history/top` and `/history/flapping`. */
export interface RankedAlert {
  readonly fingerprint: string;
  readonly alert_name: string;
  readonly namespace: string | null;
  readonly severity?: string;
  readonly fire_count?: number;
  readonly receive_count?: number;
  readonly last_fired_at?: string;
  readonly avg_duration?: number | null;
  readonly transition_count?: number;
  readonly flapping_score?: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** `/classification/health`. */
export interface ClassificationHealth {
  readonly status: string;
  readonly components: Readonly<Record<string, { readonly status?: string; readonly state?: string }>>;
}

export interface Matcher {
  readonly name: string;
  readonly value: string;
  readonly isRegex: boolean;
  readonly isEqual: boolean;
}

/** `/api/v2/silences`. */
export interface SilenceView {
  readonly id: string;
  readonly status: { readonly state: "active" | "pending" | "expired" };
  readonly matchers: readonly Matcher[];
  readonly startsAt: string;
  readonly endsAt: string;
  readonly createdBy: string;
  readonly comment: string;
  readonly recurrence?: {
    readonly rule: string;
    readonly time_zone: string;
    readonly duration_seconds: number;
  } | null;
}

/** `/api/v1/notifications`, `/api/v1/dead-letters`. */
export interface JobView {
  readonly id: string;
  readonly fingerprint: string;
  readonly alert_name: string;
  readonly alert_names: readonly string[];
  readonly fingerprints: readonly string[];
  readonly group_key: string | null;
  readonly target_name: string;
  readonly status: string;
  readonly severity: string;
  readonly state: string;
  readonly reason: string | null;
  readonly replay: number;
  readonly fallback: string | null;
  readonly processing_time: number | null;
  readonly replayed_at: string | null;
  readonly last_error: string | null;
  readonly created_at: string;
  readonly next_attempt_at: string | null;
  readonly completed_at: string | null;
  readonly attempts: readonly (DeliveryView["attempts"][number] & { readonly receipt?: string | null })[];
}
export interface JobList {
  readonly notifications: readonly JobView[];
  readonly has_next: boolean;
  readonly cursor: string | null;
}

/** Answer of a replay. */
export interface Replayed {
  readonly matched: number;
  readonly replayed: number;
  readonly skipped_resolved: number;
  readonly skipped_already_replayed: number;
  readonly skipped_gone: number;
  readonly has_more: boolean;
  readonly cursor: string | null;
}

export interface DeadCounts {
  readonly total: number;
  readonly total_is_capped: boolean;
  readonly counts: readonly { readonly target: string; readonly reason: string | null; readonly count: number }[];
}

/** `/api/v1/incidents`. */
export interface IncidentView {
  readonly id: string;
  readonly title: string;
  readonly status: string;
  readonly severity: string;
  readonly opened_at: string;
  readonly updated_at: string;
  readonly ended_at: string | null;
  readonly alerts: number;
  readonly firing: number;
  readonly first_cause: { readonly fingerprint: string; readonly alert_name: string; readonly why: string } | null;
}
export interface OneIncident extends IncidentView {
  readonly members: readonly {
    readonly fingerprint: string;
    readonly alert_name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly status: string;
    readonly severity: string;
    readonly starts_at: string;
    readonly ends_at: string | null;
  }[];
  readonly timeline: readonly {
    readonly at: string;
    readonly fingerprint: string;
    readonly alert_name: string;
    readonly what: string;
  }[];
}

export type DiscoveryStatus = ReturnType<typeof showDiscovery>;
export type DriftView = ReturnType<typeof showDrift>;

/** `/api/v1/tokens`. */
export interface TokenView {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly source: string | null;
  readonly created_at: string;
  readonly created_by: string;
  readonly last_used_at: string | null;
  readonly expires_at: string | null;
}

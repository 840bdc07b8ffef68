/** One label set with a start and perhaps an end: the normal form every input format becomes. */

export type Labels = Readonly<Record<string, string>>;
export type AlertStatus = "firing" | "resolved";

/** Milliseconds since the Unix epoch, UTC. */
export type Millis = number;

export interface Alert {
  /** FNV-1a 64 of the sorted labels, 16 lower-case hex digits; see fingerprint.ts. */
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly status: AlertStatus;
  readonly startsAt: Millis;
  /** When it ended; null while it fires. */
  readonly endsAt: Millis | null;
  /** For a firing alert: it counts as resolved from here unless it is reported again. null: it never expires. */
  readonly expiresAt: Millis | null;
  /** Kept as text, never fetched. */
  readonly generatorURL: string;
  /** The sender's own fingerprint, only where it differs from ours. */
  readonly sourceFingerprint?: string;
}

/** What people call the alert; labels stay as sent (contracts 3.2). */
export const alertName = (labels: Labels): string => labels["alertname"] ?? "unknown";

/** What an upstream Alertmanager or Grafana said of the group that carried the alert. */
export interface UpstreamGroup {
  readonly groupKey: string;
  readonly receiver: string;
  readonly externalURL: string;
}

export type IngestFormat =
  | "alertmanager"
  | "prometheus_v1"
  | "prometheus_v2"
  | "prometheus_api"
  | "prometheus"
  | "grafana"
  | "generic";

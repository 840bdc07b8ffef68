/** One row of the alert list, whatever path it came from. */
import { severityOf } from "../core/alert/severity.ts";
import type { CurrentAlert, EventView } from "./types.ts";

export interface AlertRow {
  readonly id: string;
  readonly fingerprint: string;
  readonly name: string;
  readonly severity: string;
  readonly state: "firing" | "suppressed" | "resolved";
  /** Why it is suppressed, or what happened. */
  readonly note: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly startsAt: number;
  readonly changedAt: number;
  readonly receivers: readonly string[];
  readonly category: string | null;
}

const summaryOf = (annotations: Readonly<Record<string, string>>): string =>
  annotations["summary"] ?? annotations["description"] ?? annotations["message"] ?? "";

const whySuppressed = ({ silencedBy, inhibitedBy, mutedBy = [] }: CurrentAlert["status"]): string =>
  [
    silencedBy.length > 0 ? "silenced" : "",
    inhibitedBy.length > 0 ? "inhibited" : "",
    mutedBy.length > 0 ? "muted by time" : "",
  ]
    .filter((reason) => reason !== "")
    .join(", ");

export const rowOfCurrent = (alert: CurrentAlert): AlertRow => ({
  id: alert.fingerprint,
  fingerprint: alert.fingerprint,
  name: alert.labels["alertname"] ?? "",
  severity: severityOf(alert.labels),
  state: alert.status.state === "suppressed" ? "suppressed" : "firing",
  note: whySuppressed(alert.status),
  labels: alert.labels,
  summary: summaryOf(alert.annotations),
  startsAt: Date.parse(alert.startsAt),
  changedAt: Date.parse(alert.updatedAt),
  receivers: alert.receivers.map(({ name }) => name),
  category: null,
});

export const rowOfEvent = (event: EventView): AlertRow => ({
  id: event.event_id,
  fingerprint: event.fingerprint,
  name: event.alertname,
  severity: event.severity,
  state: event.status === "firing" ? "firing" : "resolved",
  note: event.kind,
  labels: event.labels,
  summary: summaryOf(event.annotations),
  startsAt: Date.parse(event.startsAt),
  changedAt: Date.parse(event.received_at),
  receivers: [],
  category: event.classification?.category ?? null,
});

const RANK: Readonly<Record<string, number>> = { critical: 0, warning: 1, info: 2, noise: 3 };

/** What burns most, then what is newest. */
export const byUrgency = (a: AlertRow, b: AlertRow): number =>
  (RANK[a.severity] ?? 9) - (RANK[b.severity] ?? 9) || b.startsAt - a.startsAt || (a.id < b.id ? -1 : 1);

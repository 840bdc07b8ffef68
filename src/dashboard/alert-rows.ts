/** One row of the alert list, whatever path it came from; rows in their order and in their groups. */
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
  readonly targets: readonly string[];
  /** `silence`, `inhibition`, `time`, and the ids of what does it. */
  readonly suppressedBy: readonly string[];
  readonly category: string | null;
  readonly mode: string | null;
  readonly source: string | null;
}

const summaryOf = (annotations: Readonly<Record<string, string>>): string =>
  annotations["summary"] ?? annotations["description"] ?? annotations["message"] ?? "";

const suppression = ({ silencedBy, inhibitedBy, mutedBy = [] }: CurrentAlert["status"]) => {
  const kinds = [
    ["silenced", "silence", silencedBy],
    ["inhibited", "inhibition", inhibitedBy],
    ["muted by time", "time", mutedBy],
  ] as const;
  const found = kinds.filter(([, , ids]) => ids.length > 0);
  return {
    note: found.map(([word]) => word).join(", "),
    suppressedBy: found.flatMap(([, kind, ids]) => [kind, ...ids]),
  };
};

/** `targetsOf` tells which targets a receiver stands for. */
export const rowOfCurrent = (alert: CurrentAlert, targetsOf: ReadonlyMap<string, readonly string[]>): AlertRow => {
  const { note, suppressedBy } = suppression(alert.status);
  return {
    id: alert.fingerprint,
    fingerprint: alert.fingerprint,
    name: alert.labels["alertname"] ?? "",
    severity: alert.severity ?? severityOf(alert.labels),
    state: note === "" ? "firing" : "suppressed",
    note,
    labels: alert.labels,
    summary: summaryOf(alert.annotations),
    startsAt: Date.parse(alert.startsAt),
    changedAt: Date.parse(alert.updatedAt),
    receivers: alert.receivers.map(({ name }) => name),
    targets: [...new Set(alert.receivers.flatMap(({ name }) => targetsOf.get(name) ?? []))],
    suppressedBy,
    category: null,
    mode: null,
    source: null,
  };
};

export const rowOfEvent = (event: EventView): AlertRow => ({
  id: event.event_id,
  fingerprint: event.fingerprint,
  name: event.alertname,
  severity: event.severity,
  state: event.status === "firing" ? "firing" : "resolved",
  note: event.kind === "new" ? "" : event.kind,
  labels: event.labels,
  summary: summaryOf(event.annotations),
  startsAt: Date.parse(event.startsAt),
  changedAt: Date.parse(event.received_at),
  receivers: [],
  targets: [],
  suppressedBy: [],
  category: event.classification?.category ?? null,
  mode: event.enrichment_mode,
  source: event.source ?? event.source_format,
});

const RANK: Readonly<Record<string, number>> = { critical: 0, warning: 1, info: 2, noise: 3 };
const urgency = (row: AlertRow): number => RANK[row.severity] ?? 9;
const byId = (a: AlertRow, b: AlertRow): number => (a.id < b.id ? -1 : 1);

/** The orders a list can have; the first is what a person wants to see at night. */
export const ORDERS = {
  urgency: (a: AlertRow, b: AlertRow) => urgency(a) - urgency(b) || b.startsAt - a.startsAt || byId(a, b),
  newest: (a: AlertRow, b: AlertRow) => b.changedAt - a.changedAt || byId(a, b),
  oldest: (a: AlertRow, b: AlertRow) => a.startsAt - b.startsAt || byId(a, b),
  name: (a: AlertRow, b: AlertRow) => a.name.localeCompare(b.name) || urgency(a) - urgency(b) || byId(a, b),
} as const;
export type Order = keyof typeof ORDERS;

export interface Group {
  readonly key: string;
  readonly rows: readonly AlertRow[];
  readonly worst: string;
}

/** Rows by the value of one label, the groups in the order of their first row. */
export const groupRows = (rows: readonly AlertRow[], label: string): Group[] =>
  [...Map.groupBy(rows, (row) => row.labels[label] ?? "")].map(([key, members]) => ({
    key,
    rows: members,
    worst: members.reduce(
      (worst, row) => ((RANK[row.severity] ?? 9) < (RANK[worst] ?? 9) ? row.severity : worst),
      "noise",
    ),
  }));

/** Events and current alerts in D1: written many at once from one JSON parameter, because a statement takes only 100. */
import { alertName } from "../../core/alert/alert.ts";
import type { Classification } from "../../core/classify/classification.ts";
import type { AlertEvent } from "../../core/history/event.ts";
import type { TraceStep } from "../../core/history/trace.ts";
import type { AlertUpdate } from "../../core/messages.ts";
import type { Decision } from "../../core/pipeline/process.ts";
import type { Addressed } from "../ring.ts";
import { insertRows } from "./insert-rows.ts";
import { drawSweepBack, insertPending, isDerivable } from "./notifications.ts";
import { LATE } from "./rollups.ts";

export interface Decided {
  readonly event: AlertEvent;
  readonly decision: Decision;
}

const EVENT_COLUMNS = [
  "fingerprint",
  "seq",
  "received_at",
  "kind",
  "status",
  "previous_status",
  "alertname",
  "severity",
  "namespace",
  "labels",
  "annotations",
  "starts_at",
  "ends_at",
  "generator_url",
  "expired",
  "episode_seq",
  "receipt_id",
  "source",
  "format",
  "upstream",
  "source_fingerprint",
  "mode",
  "config_version",
  "classification",
  "trace",
  "targets",
] as const;

/** Who is told of an event alone, with the fallback of each and its time, as it is stored beside the event. */
const targetsOf = ({ event, decision }: Decided): string | null => {
  const named = decision.notifications
    .filter(({ notification }) => isDerivable({ subject: event.fingerprint, notification }))
    .map(({ target, fallback }) => [target, fallback === null ? null : [fallback.target, fallback.afterMs]] as const);
  return named.length === 0 ? null : JSON.stringify(Object.fromEntries(named));
};

const eventRow = ({ event, decision }: Decided): readonly (string | number | null)[] => [
  event.fingerprint,
  event.seq,
  event.receivedAt,
  event.kind,
  event.status,
  event.previousStatus,
  alertName(event.labels),
  decision.severity,
  event.labels["namespace"] ?? null,
  JSON.stringify(event.labels),
  JSON.stringify(event.annotations),
  event.startsAt,
  event.endsAt,
  event.generatorURL,
  event.expired ? 1 : 0,
  event.episodeSeq,
  event.receiptId,
  event.source,
  event.format,
  event.upstream === null ? null : JSON.stringify(event.upstream),
  event.sourceFingerprint,
  decision.mode,
  decision.configVersion,
  decision.classification === null ? null : JSON.stringify(decision.classification),
  JSON.stringify(decision.trace),
  targetsOf({ event, decision }),
];

const ALERT_COLUMNS = [
  "fingerprint",
  "seq",
  "event_seq",
  "status",
  "alertname",
  "severity",
  "namespace",
  "labels",
  "annotations",
  "starts_at",
  "ends_at",
  "generator_url",
  "first_seen",
  "updated_at",
  "source",
  "classification",
] as const;

const alertRow = ({ event, decision }: Decided): readonly (string | number | null)[] => [
  event.fingerprint,
  event.seq,
  event.seq,
  event.status,
  alertName(event.labels),
  decision.severity,
  event.labels["namespace"] ?? null,
  JSON.stringify(event.labels),
  JSON.stringify(event.annotations),
  event.startsAt,
  event.endsAt,
  event.generatorURL,
  event.receivedAt,
  event.receivedAt,
  event.source,
  decision.classification === null ? null : JSON.stringify(decision.classification),
];

const UPSERT_ALERT = `ON CONFLICT (fingerprint) DO UPDATE SET ${ALERT_COLUMNS.filter(
  (column) => column !== "fingerprint" && column !== "first_seen",
)
  .map((column) => `${column} = excluded.${column}`)
  .join(", ")} WHERE excluded.seq > alerts.seq`;

/**
 * The statements that commit decided events: one batch of them is one transaction, and repeating it changes nothing.
 * What each target is told of one event alone needs no row of its own: it stands with the event until its result comes.
 */
export const commitEvents = (
  db: D1Database,
  decided: readonly Decided[],
  addressed: readonly Addressed[],
  updates: readonly AlertUpdate[],
  now: number,
): D1PreparedStatement[] => [
  ...insertRows(db, "INSERT OR IGNORE INTO events", "", EVENT_COLUMNS, decided.map(eventRow), { late: LATE }),
  ...insertRows(db, "INSERT INTO alerts", UPSERT_ALERT, ALERT_COLUMNS, decided.map(alertRow)),
  ...insertPending(
    db,
    addressed.filter(({ item }) => !isDerivable(item)),
    now,
  ),
  ...drawSweepBack(
    db,
    decided.filter((one) => targetsOf(one) !== null).map(({ event }) => event.receivedAt),
    now,
  ),
  ...(updates.length === 0 ? [] : [updateAlerts(db, updates)]),
];

const updateAlerts = (db: D1Database, updates: readonly AlertUpdate[]): D1PreparedStatement =>
  db
    .prepare(
      `UPDATE alerts SET seq = u.seq, annotations = u.annotations, generator_url = u.generator_url,
         starts_at = u.starts_at, ends_at = u.ends_at, updated_at = u.at
       FROM (SELECT value->>'fingerprint' AS fingerprint, value->>'seq' AS seq, value->'annotations' AS annotations,
               value->>'generatorURL' AS generator_url, value->>'startsAt' AS starts_at, value->>'endsAt' AS ends_at,
               value->>'at' AS at FROM json_each(?1)) AS u
       WHERE alerts.fingerprint = u.fingerprint AND u.seq > alerts.seq`,
    )
    .bind(JSON.stringify(updates));

/** What was decided of an event when it was committed, and whether it is still the newest of its alert. */
export interface StoredEvent {
  readonly newest: boolean;
  readonly classification: Classification | null;
  readonly trace: readonly TraceStep[];
}

/** Which of these events are in D1 already, by `fingerprint:seq`. */
export const storedEvents = async (
  db: D1Database,
  ids: readonly (readonly [string, number])[],
): Promise<Map<string, StoredEvent>> => {
  const { results } = await db
    .prepare(
      `SELECT e.fingerprint, e.seq, e.classification, e.trace, e.seq = a.event_seq AS newest
       FROM events e JOIN alerts a USING (fingerprint)
       WHERE (e.fingerprint, e.seq) IN (SELECT value->>0, value->>1 FROM json_each(?1))`,
    )
    .bind(JSON.stringify(ids))
    .all<{ fingerprint: string; seq: number; classification: string | null; trace: string; newest: number }>();
  return new Map(
    results.map(({ fingerprint, seq, classification, trace, newest }) => [
      `${fingerprint}:${seq}`,
      {
        newest: newest === 1,
        classification: classification === null ? null : (JSON.parse(classification) as Classification),
        trace: JSON.parse(trace) as TraceStep[],
      },
    ]),
  );
};

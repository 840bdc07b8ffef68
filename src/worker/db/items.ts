/** A stored notification as a target takes it: frozen where it had to be, else made from its event again. */
import type { Labels } from "../../core/alert/alert.ts";
import type { Severity } from "../../core/alert/severity.ts";
import type { Classification } from "../../core/classify/classification.ts";
import type { AlertEvent, EventKind } from "../../core/history/event.ts";
import type { PendingNotification } from "../../core/messages.ts";
import type { Context } from "../../core/pipeline/context.ts";
import { rebuildNotification } from "../../core/pipeline/notify.ts";
import type { Notification } from "../../core/publish/notification.ts";

export interface ItemRow {
  n_at: number;
  n_subject: string;
  n_seq: number;
  n_target: string;
  n_replay: number;
  n_payload: string | null;
  n_fallback: string | null;
  n_fallback_after: number | null;
  fingerprint: string | null;
  kind: string;
  status: string;
  previous_status: string | null;
  severity: string;
  labels: string;
  annotations: string;
  starts_at: number;
  ends_at: number | null;
  generator_url: string;
  received_at: number;
  expired: number;
  episode_seq: number;
  receipt_id: string | null;
  source: string | null;
  format: string;
  upstream: string | null;
  source_fingerprint: string | null;
  classification: string | null;
}

const classificationOf = (row: ItemRow): Classification | null =>
  row.classification === null ? null : (JSON.parse(row.classification) as Classification);

/** Notifications with the event they can be made from again. */
export const ROWS = `SELECT n.at AS n_at, n.subject AS n_subject, n.seq AS n_seq, n.target AS n_target, n.replay AS n_replay,
    n.payload AS n_payload, n.fallback AS n_fallback, n.fallback_after AS n_fallback_after, e.*
  FROM notifications n LEFT JOIN events e ON e.fingerprint = n.subject AND e.seq = n.seq`;

/**
 * The same for what stands with its event and has no row yet; such an event is told of alone and never again. Older
 * events name the fallback without its time.
 */
export const UNTOLD = `SELECT e.received_at AS n_at, e.fingerprint AS n_subject, e.seq AS n_seq, t.key AS n_target, 0 AS n_replay,
    NULL AS n_payload, CASE t.type WHEN 'array' THEN t.value->>0 ELSE t.value END AS n_fallback,
    CASE t.type WHEN 'array' THEN t.value->>1 END AS n_fallback_after, e.*
  FROM events AS e, json_each(e.targets) AS t WHERE NOT EXISTS (SELECT 1 FROM notifications AS n WHERE n.at = e.received_at
    AND n.subject = e.fingerprint AND n.seq = e.seq AND n.target = t.key AND n.replay = 0)`;

export const eventOf = (row: ItemRow): AlertEvent => ({
  fingerprint: row.n_subject,
  seq: row.n_seq,
  kind: row.kind as EventKind,
  status: row.status as AlertEvent["status"],
  previousStatus: row.previous_status as AlertEvent["previousStatus"],
  labels: JSON.parse(row.labels) as Labels,
  annotations: JSON.parse(row.annotations) as Labels,
  startsAt: row.starts_at,
  endsAt: row.ends_at,
  generatorURL: row.generator_url,
  receivedAt: row.received_at,
  expired: row.expired === 1,
  episodeSeq: row.episode_seq,
  receiptId: row.receipt_id,
  source: row.source,
  format: row.format as AlertEvent["format"],
  upstream: row.upstream === null ? null : (JSON.parse(row.upstream) as AlertEvent["upstream"]),
  sourceFingerprint: row.source_fingerprint,
});

/** The notification as it was handed to its target; none where neither it nor its event is kept any more. */
export const itemOf = (row: ItemRow, context: Pick<Context, "mode" | "publicUrl">): PendingNotification[] => {
  if (row.n_payload === null && row.fingerprint === null) return [];
  return [
    {
      subject: row.n_subject,
      seq: row.n_seq,
      at: row.n_at,
      notification:
        row.n_payload !== null
          ? (JSON.parse(row.n_payload) as Notification)
          : rebuildNotification(eventOf(row), row.n_target, row.severity as Severity, classificationOf(row), context),
      ...(row.n_replay === 0 ? {} : { replay: row.n_replay }),
      ...(row.n_fallback === null ? {} : { fallback: row.n_fallback }),
      ...(row.n_fallback_after === null ? {} : { fallbackAfterMs: row.n_fallback_after }),
    },
  ];
};

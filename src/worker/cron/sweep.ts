/**
 * Takes notifications that stayed pending to their targets again: the bell or the memory of a target object was lost.
 * The key of the table begins with time, so the sweep goes on where the last one found nothing left; what comes in late
 * draws that mark back (db/notifications.ts).
 */
import type { Labels } from "../../core/alert/alert.ts";
import type { Severity } from "../../core/alert/severity.ts";
import type { Classification } from "../../core/classify/classification.ts";
import type { AlertEvent, EventKind } from "../../core/history/event.ts";
import type { PendingNotification } from "../../core/messages.ts";
import type { Context } from "../../core/pipeline/context.ts";
import { rebuildNotification } from "../../core/pipeline/notify.ts";
import type { Notification } from "../../core/publish/notification.ts";
import { loadContext } from "../context.ts";
import { PENDING_GRACE_MS } from "../db/notifications.ts";
import type { Bindings } from "../env.ts";
import { logError, logInfo } from "../log.ts";

/** Rows of one sweep: what is left over comes a minute later. */
const SWEEP_ROWS = 500;

interface Row {
  n_at: number;
  n_subject: string;
  n_seq: number;
  n_target: string;
  n_replay: number;
  n_payload: string | null;
  n_fallback: string | null;
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

const classificationOf = (row: Row): Classification | null =>
  row.classification === null ? null : (JSON.parse(row.classification) as Classification);

const ROWS = `SELECT n.at AS n_at, n.subject AS n_subject, n.seq AS n_seq, n.target AS n_target, n.replay AS n_replay,
    n.payload AS n_payload, n.fallback AS n_fallback, e.*
  FROM notifications n LEFT JOIN events e ON e.fingerprint = n.subject AND e.seq = n.seq`;

const PENDING = `${ROWS}
  WHERE n.at >= (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'sweep_from') AND n.at < ?1 AND n.state = 'pending'
  ORDER BY n.at, n.subject, n.seq, n.target LIMIT ?2`;

/**
 * What waits behind those at the same targets, however young: a firing brought alone would be told after a resolve that the target has
 * heard but could not record before a crash.
 */
const BEHIND = `${ROWS}
  WHERE (n.at, n.subject, n.seq, n.target) > (?1, ?2, ?3, ?4) AND n.state = 'pending'
    AND (n.subject, n.target) IN (SELECT value->>0, value->>1 FROM json_each(?5))`;

/** One statement, so that a row committed meanwhile is either seen here or draws the mark back afterwards. */
const ADVANCE = `UPDATE meta SET value = CAST(coalesce(
    (SELECT n.at FROM notifications n WHERE n.at >= CAST(meta.value AS INTEGER) AND n.at < ?1 AND n.state = 'pending'
     ORDER BY n.at LIMIT 1),
    max(CAST(meta.value AS INTEGER), ?1)) AS TEXT)
  WHERE key = 'sweep_from'`;

const eventOf = (row: Row): AlertEvent => ({
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

const itemOf = (row: Row, context: Context): PendingNotification[] => {
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
    },
  ];
};

/** Answers how many notifications were brought again. */
export const sweep = async (env: Bindings, now: number): Promise<number> => {
  const until = now - PENDING_GRACE_MS;
  await env.DB.prepare("INSERT OR IGNORE INTO meta VALUES ('sweep_from', '0')").run();
  const { results } = await env.DB.prepare(PENDING).bind(until, SWEEP_ROWS).all<Row>();
  if (results.length > 0) {
    const last = results.at(-1)!;
    const lines = JSON.stringify(results.map((row) => [row.n_subject, row.n_target]));
    const behind = await env.DB.prepare(BEHIND)
      .bind(last.n_at, last.n_subject, last.n_seq, last.n_target, lines)
      .all<Row>();
    results.push(...behind.results);
    const context = await loadContext(env, now);
    await Promise.all(
      [...Map.groupBy(results, (row) => row.n_target)].map(([target, rows]) =>
        // Straight to the object: a notification too large for a message has no other way.
        env.TARGETS.getByName(target)
          .accept(rows.flatMap((row) => itemOf(row, context)))
          .catch((error: unknown) => logError("sweep.target", error, { target, notifications: rows.length })),
      ),
    );
    logInfo("sweep.brought", { notifications: results.length });
  }
  await env.DB.prepare(ADVANCE).bind(until).run();
  return results.length;
};

/**
 * Rings again for notifications that stayed pending: the bell or the memory of a target object was lost. The key of
 * the table begins with time, so the sweep goes on where the last one found nothing left.
 */
import type { Labels } from "../../core/alert/alert.ts";
import type { Severity } from "../../core/alert/severity.ts";
import type { AlertEvent, EventKind } from "../../core/history/event.ts";
import { notify } from "../../core/pipeline.ts";
import type { Notification } from "../../core/publish/notification.ts";
import { loadContext } from "../context.ts";
import type { Bindings } from "../env.ts";
import { logInfo } from "../log.ts";
import { type Addressed, ringTargets } from "../ring.ts";

/** A notification is left alone this long: its first bell may still be on its way. */
const PENDING_GRACE_MS = 30_000;
/** Rows of one sweep: what is left over comes a minute later. */
const SWEEP_ROWS = 500;

interface Row {
  at: number;
  subject: string;
  seq: number;
  target: string;
  payload: string | null;
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
}

const eventOf = (row: Row): AlertEvent => ({
  fingerprint: row.subject,
  seq: row.seq,
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

/** Answers how many bells were rung. */
export const sweep = async (env: Bindings, now: number): Promise<number> => {
  const until = now - PENDING_GRACE_MS;
  const from = Number(
    (await env.DB.prepare("SELECT value FROM meta WHERE key = 'sweep_from'").first<string>("value")) ?? 0,
  );
  const { results } = await env.DB.prepare(
    `SELECT n.at, n.subject, n.seq, n.target, n.payload, e.* FROM notifications n
     LEFT JOIN events e ON e.fingerprint = n.subject AND e.seq = n.seq
     WHERE n.at >= ?1 AND n.at < ?2 AND n.state = 'pending' ORDER BY n.at LIMIT ?3`,
  )
    .bind(from, until, SWEEP_ROWS)
    .all<Row>();
  const context = await loadContext(env, now);
  const addressed: Addressed[] = results.map((row) => ({
    target: row.target,
    item: {
      subject: row.subject,
      seq: row.seq,
      at: row.at,
      notification:
        row.payload !== null
          ? (JSON.parse(row.payload) as Notification)
          : notify(eventOf(row), row.target, row.severity as Severity, context),
    },
  }));
  await ringTargets(env, addressed);
  const next = results[0]?.at ?? until;
  if (next !== from) {
    await env.DB.prepare(
      "INSERT INTO meta VALUES ('sweep_from', ?1) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )
      .bind(String(next))
      .run();
  }
  if (addressed.length > 0) logInfo("sweep.rang", { notifications: addressed.length });
  return addressed.length;
};

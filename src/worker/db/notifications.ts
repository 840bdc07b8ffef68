/**
 * Notifications in D1. What is told of one event alone becomes a row with its first result, written by its target's
 * object; until then it stands with the event. All others are committed as pending before anybody is told.
 */
import { alertName, type Millis } from "../../core/alert/alert.ts";
import type { PendingNotification } from "../../core/messages.ts";
import type { NotificationHead, Result } from "../objects/target-store.ts";
import type { Addressed } from "../ring.ts";
import { insertRows } from "./insert-rows.ts";

/** A notification is left alone this long: its first bell may still be on its way. The sweep looks no nearer. */
export const PENDING_GRACE_MS = 30_000;
/** Rows at least this old may lie behind the sweep's mark; its clock and ours may differ by the rest. */
const MAY_BE_SWEPT_MS = PENDING_GRACE_MS / 2;

const COLUMNS = [
  ...["at", "subject", "seq", "target", "replay", "state", "status", "severity", "alertname", "payload", "fallback"],
  "fallback_after",
] as const;

/** What one event says again need not be kept whole: it can be made from it, and its targets stand with it. */
export const isDerivable = ({
  subject,
  replay,
  notification: { kind, alerts },
}: Pick<PendingNotification, "subject" | "replay" | "notification">): boolean =>
  (replay ?? 0) === 0 && kind === "alerts" && alerts.length === 1 && alerts[0]?.fingerprint === subject;

/**
 * What comes in late draws the sweep's mark back to it: it has to happen in the batch that commits it, or nobody would
 * ever look there again.
 */
export const drawSweepBack = (db: D1Database, times: readonly Millis[], now: Millis): D1PreparedStatement[] => {
  const oldest = Math.min(...times);
  if (times.length === 0 || oldest >= now - MAY_BE_SWEPT_MS) return [];
  return [
    db
      .prepare("UPDATE meta SET value = ?1 WHERE key = 'sweep_from' AND CAST(value AS INTEGER) > CAST(?1 AS INTEGER)")
      .bind(String(oldest)),
  ];
};

/** What is kept of a notification beside how it stands; the first result writes it, unless it was committed before. */
export const headOf = (item: PendingNotification): NotificationHead => ({
  status: item.notification.status,
  severity: item.notification.alerts[0]?.severity ?? "warning",
  alertname: alertName(item.notification.commonLabels),
  fallback: item.fallback ?? null,
});

/**
 * The statements that make notifications pending; repeating them changes nothing. `whole`: each is kept as it is, since
 * there may be no event it could be made from.
 */
export const insertPending = (
  db: D1Database,
  addressed: readonly Addressed[],
  now: Millis,
  { whole = false } = {},
): D1PreparedStatement[] => [
  ...insertRows(
    db,
    "INSERT OR IGNORE INTO notifications",
    "",
    COLUMNS,
    addressed.map(({ target, item }) => {
      const { status, severity, alertname, fallback } = headOf(item);
      const payload = !whole && isDerivable(item) ? null : JSON.stringify(item.notification);
      const key = [item.at, item.subject, item.seq, target, item.replay ?? 0] as const;
      return [...key, "pending", status, severity, alertname, payload, fallback, item.fallbackAfterMs ?? null];
    }),
  ),
  ...drawSweepBack(
    db,
    addressed.map(({ item }) => item.at),
    now,
  ),
];

/** Unfinished: a later word on it counts. */
const OPEN = "('pending', 'retry', 'deferred')";

/**
 * Writes results over rows that are not final yet, and the row itself where it is the first word on it; a late or
 * repeated report changes nothing. Each row may occur once in `results`.
 */
export const saveResults = async (db: D1Database, target: string, results: readonly Result[]): Promise<void> => {
  await db
    .prepare(
      `INSERT INTO notifications (at, subject, seq, target, replay, state, status, severity, alertname, fallback, reason,
         error, attempts, next_attempt_at, completed_at)
       SELECT value->>'at', value->>'subject', value->>'seq', ?1, value->>'replay', value->>'state',
         coalesce(value->'head'->>'status', 'firing'), coalesce(value->'head'->>'severity', 'warning'),
         coalesce(value->'head'->>'alertname', ''), value->'head'->>'fallback', value->>'reason', value->>'error',
         value->'attempts', value->>'nextAttemptAt', value->>'completedAt'
       FROM json_each(?2) WHERE true
       ON CONFLICT (at, subject, seq, target, replay) DO UPDATE SET state = excluded.state, reason = excluded.reason,
         error = excluded.error, attempts = excluded.attempts, next_attempt_at = excluded.next_attempt_at,
         completed_at = excluded.completed_at
       WHERE notifications.state IN ${OPEN}`,
    )
    .bind(target, JSON.stringify(results))
    .run();
};

/** Notifications in D1: pending ones come in, results come from the target objects, the sweep asks for what stayed. */
import { alertName, type Millis } from "../../core/alert/alert.ts";
import type { PendingNotification } from "../../core/messages.ts";
import type { Result } from "../objects/target-store.ts";
import type { Addressed } from "../ring.ts";
import { insertRows } from "./insert-rows.ts";

/** A notification is left alone this long: its first bell may still be on its way. The sweep looks no nearer. */
export const PENDING_GRACE_MS = 30_000;
/** Rows at least this old may lie behind the sweep's mark; its clock and ours may differ by the rest. */
const MAY_BE_SWEPT_MS = PENDING_GRACE_MS / 2;

const COLUMNS = [
  ...["at", "subject", "seq", "target", "replay", "state", "status", "severity", "alertname", "payload", "fallback"],
] as const;

/** What one event does not say again has to be kept whole. */
const isDerivable = ({ subject, replay, notification: { kind, alerts } }: PendingNotification): boolean =>
  (replay ?? 0) === 0 && kind === "alerts" && alerts.length === 1 && alerts[0]?.fingerprint === subject;

/**
 * The statements that make notifications pending; repeating them changes nothing. Rows that come in late also draw the
 * sweep's mark back to them: it has to happen in the same batch, or nobody would ever look there again.
 */
export const insertPending = (db: D1Database, addressed: readonly Addressed[], now: Millis): D1PreparedStatement[] => {
  const oldest = Math.min(...addressed.map(({ item }) => item.at));
  return [
    ...insertRows(
      db,
      "INSERT OR IGNORE INTO notifications",
      "",
      COLUMNS,
      addressed.map(({ target, item }) => [
        item.at,
        item.subject,
        item.seq,
        target,
        item.replay ?? 0,
        "pending",
        item.notification.status,
        item.notification.alerts[0]?.severity ?? "warning",
        alertName(item.notification.commonLabels),
        isDerivable(item) ? null : JSON.stringify(item.notification),
        item.fallback ?? null,
      ]),
    ),
    ...(oldest < now - MAY_BE_SWEPT_MS
      ? [
          db
            .prepare(
              "UPDATE meta SET value = ?1 WHERE key = 'sweep_from' AND CAST(value AS INTEGER) > CAST(?1 AS INTEGER)",
            )
            .bind(String(oldest)),
        ]
      : []),
  ];
};

/**
 * Writes results over rows that are not final yet; a late or repeated report changes nothing. Each row may occur once
 * in `results`.
 */
export const saveResults = async (db: D1Database, target: string, results: readonly Result[]): Promise<void> => {
  await db
    .prepare(
      `UPDATE notifications SET state = r.state, reason = r.reason, error = r.error, attempts = r.attempts,
         next_attempt_at = r.next_attempt_at, completed_at = r.completed_at
       FROM (SELECT value->>'at' AS at, value->>'subject' AS subject, value->>'seq' AS seq, value->>'replay' AS replay,
               value->>'state' AS state,
               value->>'reason' AS reason, value->>'error' AS error, value->'attempts' AS attempts,
               value->>'nextAttemptAt' AS next_attempt_at, value->>'completedAt' AS completed_at
             FROM json_each(?2)) AS r
       WHERE notifications.at = r.at AND notifications.subject = r.subject AND notifications.seq = r.seq
         AND notifications.target = ?1 AND notifications.replay = r.replay
         AND notifications.state IN ('pending', 'retry', 'deferred')`,
    )
    .bind(target, JSON.stringify(results))
    .run();
};

/** Notifications in D1: pending ones come in with their event, results from the target objects, the sweep reads what stayed. */
import type { Result } from "../objects/target-store.ts";

/** Writes results over rows that are not final yet; a late or repeated report changes nothing. */
export const saveResults = async (db: D1Database, target: string, results: readonly Result[]): Promise<void> => {
  await db
    .prepare(
      `UPDATE notifications SET state = r.state, reason = r.reason, error = r.error, attempts = r.attempts,
         next_attempt_at = r.next_attempt_at, completed_at = r.completed_at
       FROM (SELECT value->>'at' AS at, value->>'subject' AS subject, value->>'seq' AS seq, value->>'state' AS state,
               value->>'reason' AS reason, value->>'error' AS error, value->'attempts' AS attempts,
               value->>'nextAttemptAt' AS next_attempt_at, value->>'completedAt' AS completed_at
             FROM json_each(?2)) AS r
       WHERE notifications.at = r.at AND notifications.subject = r.subject AND notifications.seq = r.seq
         AND notifications.target = ?1 AND notifications.state IN ('pending', 'retry')`,
    )
    .bind(target, JSON.stringify(results))
    .run();
};

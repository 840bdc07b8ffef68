/**
 * Takes notifications that stayed pending to their targets again: the bell or the memory of a target object was lost.
 * The key of the table begins with time, so the sweep goes on where the last one found nothing left; what comes in late
 * draws that mark back (db/notifications.ts).
 */
import { loadContext } from "../context.ts";
import { type ItemRow, itemOf, ROWS } from "../db/items.ts";
import { PENDING_GRACE_MS } from "../db/notifications.ts";
import type { Bindings } from "../env.ts";
import { logError, logInfo } from "../log.ts";

/** Rows of one sweep: what is left over comes a minute later. */
const SWEEP_ROWS = 500;

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

/** Answers how many notifications were brought again. */
export const sweep = async (env: Bindings, now: number): Promise<number> => {
  const until = now - PENDING_GRACE_MS;
  await env.DB.prepare("INSERT OR IGNORE INTO meta VALUES ('sweep_from', '0')").run();
  const { results } = await env.DB.prepare(PENDING).bind(until, SWEEP_ROWS).all<ItemRow>();
  if (results.length > 0) {
    const last = results.at(-1)!;
    const lines = JSON.stringify(results.map((row) => [row.n_subject, row.n_target]));
    const behind = await env.DB.prepare(BEHIND)
      .bind(last.n_at, last.n_subject, last.n_seq, last.n_target, lines)
      .all<ItemRow>();
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

/**
 * Takes what was not told yet to its targets again: the bell or the memory of a target object was lost. It is looked for
 * in two places, both in the order of time: events whose targets have no row yet, and rows that stayed pending. The sweep
 * goes on where the last one found nothing left; what comes in late draws that mark back (db/notifications.ts).
 */
import { loadContext } from "../context.ts";
import { type ItemRow, itemOf, ROWS, UNTOLD } from "../db/items.ts";
import { PENDING_GRACE_MS } from "../db/notifications.ts";
import type { Bindings } from "../env.ts";
import { logError, logInfo } from "../log.ts";

/** Notifications of one sweep and kind: what is left over comes a minute later. */
const SWEEP_ROWS = 500;

const FROM = "(SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'sweep_from')";

const PENDING = `${ROWS} WHERE n.at >= ${FROM} AND n.at < ?1 AND n.state = 'pending'
  ORDER BY n.at, n.subject, n.seq, n.target LIMIT ?2`;
const NOT_TOLD = `${UNTOLD} AND e.received_at >= ${FROM} AND e.received_at < ?1
  ORDER BY e.received_at, e.fingerprint, e.seq LIMIT ?2`;

/**
 * What waits behind those at the same targets, however young: a firing brought alone would be told after a resolve that
 * the target has heard but could not record before a crash.
 */
const PENDING_BEHIND = `${ROWS} WHERE n.at >= ?1 AND n.state = 'pending'
    AND (n.subject, n.target) IN (SELECT value->>0, value->>1 FROM json_each(?2))`;
const NOT_TOLD_BEHIND = `${UNTOLD} AND e.fingerprint IN (SELECT DISTINCT value->>0 FROM json_each(?2))
    AND e.received_at >= ?1 AND (e.fingerprint, t.key) IN (SELECT value->>0, value->>1 FROM json_each(?2))`;

/** One statement, so that what is committed meanwhile is either seen here or draws the mark back afterwards. */
const ADVANCE = `UPDATE meta SET value = CAST(min(
    coalesce((SELECT n.at FROM notifications AS n WHERE n.at >= CAST(meta.value AS INTEGER) AND n.at < ?1
      AND n.state = 'pending' ORDER BY n.at LIMIT 1), ?1),
    coalesce((SELECT n_at FROM (${UNTOLD} AND e.received_at >= CAST(meta.value AS INTEGER) AND e.received_at < ?1
      ORDER BY e.received_at LIMIT 1)), ?1)) AS TEXT)
  WHERE key = 'sweep_from' AND CAST(value AS INTEGER) < ?1`;

const idOf = (row: ItemRow): string => [row.n_at, row.n_subject, row.n_seq, row.n_target, row.n_replay].join(" ");

/** Answers how many notifications were brought again. */
export const sweep = async (env: Bindings, now: number): Promise<number> => {
  const until = now - PENDING_GRACE_MS;
  await env.DB.prepare("INSERT OR IGNORE INTO meta VALUES ('sweep_from', '0')").run();
  const due = (
    await env.DB.batch<ItemRow>([PENDING, NOT_TOLD].map((sql) => env.DB.prepare(sql).bind(until, SWEEP_ROWS)))
  ).flatMap(({ results }) => results);
  let brought = 0;
  if (due.length > 0) {
    const oldest = Math.min(...due.map((row) => row.n_at));
    const lines = JSON.stringify(due.map((row) => [row.n_subject, row.n_target]));
    const behind = (
      await env.DB.batch<ItemRow>(
        [PENDING_BEHIND, NOT_TOLD_BEHIND].map((sql) => env.DB.prepare(sql).bind(oldest, lines)),
      )
    ).flatMap(({ results }) => results);
    const rows = [...new Map([...due, ...behind].map((row) => [idOf(row), row])).values()];
    const context = await loadContext(env, now);
    await Promise.all(
      [...Map.groupBy(rows, (row) => row.n_target)].map(([target, list]) =>
        // Straight to the object: a notification too large for a message has no other way.
        env.TARGETS.getByName(target)
          .accept(list.flatMap((row) => itemOf(row, context)))
          .catch((error: unknown) => logError("sweep.target", error, { target, notifications: list.length })),
      ),
    );
    brought = rows.length;
    logInfo("sweep.brought", { notifications: brought });
  }
  await env.DB.prepare(ADVANCE).bind(until).run();
  return brought;
};

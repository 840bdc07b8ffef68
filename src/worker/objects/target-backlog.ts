/** What waits at a target, counted and read for a digest. */
import type { Backlog, Collapse } from "../../core/publish/digest.ts";
import type { Entry } from "./target-store.ts";

/** Digests, tests and replays were asked for one by one and are never part of another digest. */
const PLAIN = "done = 0 AND replay = 0 AND subject NOT LIKE 'digest:%' AND subject NOT LIKE 'test:%'";

export const countBacklog = (sql: SqlStorage): Backlog => {
  const row = sql
    .exec<{ urgent: number; total: number; missed: number; oldest: number | null }>(
      `SELECT count(*) FILTER (WHERE lane = 0) AS urgent, count(*) AS total, coalesce(sum(missed), 0) AS missed,
         min(since) AS oldest FROM waiting WHERE ${PLAIN}`,
    )
    .one();
  return {
    urgent: row.urgent,
    others: row.total - row.urgent,
    missed: row.missed,
    oldestSince: row.oldest ?? Number.MAX_SAFE_INTEGER,
  };
};

const CHOSEN: Readonly<Record<Exclude<Collapse, "none">, string>> = {
  missed: "missed = 1",
  others: "(lane > 0 OR missed = 1)",
  all: "1 = 1",
};

/**
 * The entries to collapse, oldest first. A subject is left alone where anything of its line is not to be collapsed, and
 * where a firing got through: its resolve is owed.
 */
export const loadBacklog = (
  sql: SqlStorage,
  how: Exclude<Collapse, "none">,
  limit: number,
  except: (subject: string) => boolean,
): Entry[] =>
  sql
    .exec<{ subject: string; body: string }>(
      `SELECT subject, body FROM waiting WHERE ${PLAIN} AND ${CHOSEN[how]}
         AND NOT (json_extract(body, '$.notification.status') = 'resolved'
           AND coalesce((SELECT opened FROM told WHERE told.subject = waiting.subject), 'none') = 'open')
         AND NOT EXISTS (SELECT 1 FROM waiting o WHERE o.subject = waiting.subject AND o.done = 0 AND o.seq != waiting.seq)
       ORDER BY since LIMIT ?`,
      limit,
    )
    .toArray()
    .filter((row) => !except(row.subject))
    .map((row) => ({ ...(JSON.parse(row.body) as Entry), stored: true }));

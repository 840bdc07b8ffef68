/** Who was told of the beginning of what ends now. */
import type { AlertEvent } from "../../core/history/event.ts";

/**
 * Both lookups follow a primary key: the opening event gives the time its notifications begin with. Whoever stands with
 * the event and has no row yet is still to be told.
 */
const TOLD = `WITH opened AS MATERIALIZED (SELECT e.fingerprint, e.seq, e.received_at, e.targets FROM json_each(?1) AS k
    CROSS JOIN events AS e ON e.fingerprint = k.value->>0 AND e.seq = k.value->>1)
  SELECT o.fingerprint AS subject, n.target FROM opened AS o
    CROSS JOIN notifications AS n ON n.at = o.received_at AND n.subject = o.fingerprint AND n.seq = o.seq
    WHERE n.replay = 0 AND n.state <> 'canceled'
  UNION ALL
  SELECT o.fingerprint, t.key FROM opened AS o, json_each(o.targets) AS t WHERE NOT EXISTS (SELECT 1 FROM notifications AS n
    WHERE n.at = o.received_at AND n.subject = o.fingerprint AND n.seq = o.seq AND n.target = t.key AND n.replay = 0)`;

/** Who got the beginning, or gave it up; whoever still waits for it need not be reminded. */
const HEARD = `SELECT e.fingerprint AS subject, n.target FROM json_each(?1) AS k
  CROSS JOIN events AS e ON e.fingerprint = k.value->>0 AND e.seq = k.value->>1
  CROSS JOIN notifications AS n ON n.at = e.received_at AND n.subject = e.fingerprint AND n.seq = e.seq
  WHERE n.replay = 0 AND n.state NOT IN ('canceled', 'pending', 'retry', 'deferred')`;

/** By fingerprint, the targets that heard of the beginning of each of these. */
export const heardTargets = (db: D1Database, events: readonly AlertEvent[]): Promise<Map<string, string[]>> =>
  targetsOf(db, HEARD, events);

/** By fingerprint, the targets that got or are to get the firing each resolved event ends. */
export const toldTargets = async (db: D1Database, events: readonly AlertEvent[]): Promise<Map<string, string[]>> => {
  const ended = events.filter((event) => event.status === "resolved" && event.kind !== "new");
  return ended.length === 0 ? new Map() : targetsOf(db, TOLD, ended);
};

const targetsOf = async (
  db: D1Database,
  sql: string,
  events: readonly AlertEvent[],
): Promise<Map<string, string[]>> => {
  const keys = JSON.stringify(events.map((event) => [event.fingerprint, event.episodeSeq]));
  const { results } = await db.prepare(sql).bind(keys).all<{ subject: string; target: string }>();
  return new Map(
    [...Map.groupBy(results, (row) => row.subject)].map(([subject, rows]) => [subject, rows.map((row) => row.target)]),
  );
};

/**
 * Hourly counts in D1, one row per hour. Events are counted from where they lie: what came since the last time is read
 * by the index of time, summed, and added in one transaction that also moves the mark; whoever wants to see counts has
 * them brought up to date first, and cron does so every minute.
 */
import { MAX_KEYS_PER_HOUR, rollupOf, SKETCH_SIZE, sumByHour } from "../../core/history/rollup.ts";
import type { TraceStep } from "../../core/history/trace.ts";
import { tallyDecision } from "../../core/pipeline/tally.ts";
import type { EventRow } from "../views.ts";

/** Events counted in one go: with their traces about 4 MB in memory. */
const MAX_EVENTS = 2_000;
/** Somebody else was faster this often, and there is still something to count: it is left to the next one who asks. */
const MAX_ROUNDS = 50;

const union = (column: string): string =>
  `SELECT key, value FROM json_each(rollups.${column}) UNION ALL SELECT key, value FROM json_each(excluded.${column})`;

const RULE = `json_array(sum(value->>0), sum(value->>1), sum(value->>2), sum(value->>3), sum(value->>4), max(value->>5),
  value->>6)`;
const ALERT = `json_array(sum(value->>0), sum(value->>1), sum(value->>2), sum(value->>3), max(value->>4),
  max(value->>5), value->>6, value->>7, value->>8)`;
const BUSIEST_RULES = `ORDER BY sum(value->>0) + sum(value->>1) DESC, max(value->>5) DESC LIMIT ${MAX_KEYS_PER_HOUR}`;
const BUSIEST_ALERTS = `ORDER BY sum(value->>0) + sum(value->>3) DESC, max(value->>5) DESC LIMIT ${MAX_KEYS_PER_HOUR}`;

const sums = (from: string): string =>
  `(SELECT json_group_object(key, n) FROM (SELECT key, sum(value) AS n FROM (${from}) GROUP BY key))`;
const cells = (cell: string, from: string, order: string): string =>
  `(SELECT json_group_object(key, json(cell)) FROM (SELECT key, ${cell} AS cell FROM (${from}) GROUP BY key ${order}))`;
const smallest = (from: string): string =>
  `(SELECT json_group_array(fp) FROM (SELECT DISTINCT fp FROM (${from}) ORDER BY fp LIMIT ${SKETCH_SIZE}))`;

/** True while the mark is where this round put it. */
const IS_OURS = "(SELECT value FROM meta WHERE key = 'rollup_from') = ?1";

/**
 * Moves the mark, if nobody else has and if what was read is still all there is: an event committed meanwhile behind the
 * new mark would have been taken for one to be counted, and never be.
 */
const CLAIM = `UPDATE meta SET value = ?1 WHERE key = 'rollup_from' AND value = ?2
  AND (SELECT count(*) FROM events WHERE received_at >= ?3 AND received_at < ?4) = ?5
  AND (SELECT count(*) FROM events INDEXED BY events_late WHERE late = 1
    AND (fingerprint, seq) IN (SELECT value->>0, value->>1 FROM json_each(?6))) = ?7`;

const ADD = `INSERT INTO rollups (hour, counts, rules, alerts, sketch)
  SELECT value->>'hour', value->'counts', value->'rules', value->'alerts', value->'sketch' FROM json_each(?2)
  WHERE ${IS_OURS}
  ON CONFLICT (hour) DO UPDATE SET
    counts = ${sums(union("counts"))},
    rules = ${cells(RULE, union("rules"), BUSIEST_RULES)},
    alerts = ${cells(ALERT, union("alerts"), BUSIEST_ALERTS)},
    sketch = ${smallest("SELECT value AS fp FROM json_each(rollups.sketch) UNION SELECT value FROM json_each(excluded.sketch)")}`;

const COUNTED = `UPDATE events SET late = NULL WHERE (fingerprint, seq) IN
  (SELECT value->>0, value->>1 FROM json_each(?2)) AND ${IS_OURS}`;

const COLUMNS = `fingerprint, seq, received_at, kind, status, previous_status, alertname, severity, namespace, starts_at,
  ends_at, expired, mode, trace, classification->>'category' AS category`;

type CountedRow = Omit<EventRow, "classification"> & { category: string | null };

const deltaOf = (row: CountedRow) => {
  const delta = rollupOf({
    fingerprint: row.fingerprint,
    kind: row.kind as "new",
    status: row.status as "firing",
    previousStatus: row.previous_status as "firing" | null,
    alertname: row.alertname,
    namespace: row.namespace,
    severity: row.severity as "warning",
    category: row.category,
    startsAt: row.starts_at,
    endsAt: row.ends_at,
    receivedAt: row.received_at,
    expired: row.expired === 1,
  });
  const decided = tallyDecision({ mode: row.mode, trace: JSON.parse(row.trace) as TraceStep[] });
  return { ...delta, counts: { ...delta.counts, ...decided } };
};

/** Where counting goes on: the mark as it is stored begins with the time. */
const timeOf = (mark: string): number => Number.parseInt(mark, 10);

/** A millisecond is counted whole: what a full round has of its last one is left to the next, unless it has no other. */
const wholeMilliseconds = async (
  db: D1Database,
  due: readonly CountedRow[],
  until: number,
): Promise<{ readonly events: readonly CountedRow[]; readonly end: number }> => {
  const last = due.at(-1)?.received_at;
  if (last === undefined || due.length < MAX_EVENTS) return { events: due, end: until };
  if (due[0]?.received_at !== last) return { events: due.filter((row) => row.received_at < last), end: last };
  const { results } = await db
    .prepare(`SELECT ${COLUMNS} FROM events WHERE received_at = ?1`)
    .bind(last)
    .all<CountedRow>();
  return { events: results, end: last + 1 };
};

/** One round: answers whether there may be more. */
const countSome = async (db: D1Database, now: number): Promise<boolean> => {
  const mark = await db.prepare("SELECT value FROM meta WHERE key = 'rollup_from'").first<string>("value");
  if (mark === null) {
    await db.prepare("INSERT OR IGNORE INTO meta VALUES ('rollup_from', ?1)").bind(String(now)).run();
    return true;
  }
  const from = timeOf(mark);
  const until = Math.max(from, now + 1);
  const [late, due] = (
    await db.batch<CountedRow>([
      db.prepare(`SELECT ${COLUMNS} FROM events INDEXED BY events_late WHERE late = 1 LIMIT ?1`).bind(MAX_EVENTS),
      db
        .prepare(
          `SELECT ${COLUMNS} FROM events WHERE received_at >= ?1 AND received_at < ?2 ORDER BY received_at LIMIT ?3`,
        )
        .bind(from, until, MAX_EVENTS),
    ])
  ).map(({ results }) => results) as [CountedRow[], CountedRow[]];
  if (late.length + due.length === 0) return false;
  const { events, end } = await wholeMilliseconds(db, due, until);
  const lateKeys = JSON.stringify(late.map((row) => [row.fingerprint, row.seq]));
  const ours = `${end}:${crypto.randomUUID()}`;
  const hours = sumByHour([...late, ...events].map(deltaOf));
  await db.batch([
    db.prepare(CLAIM).bind(ours, mark, from, end, events.length, lateKeys, late.length),
    db.prepare(ADD).bind(ours, JSON.stringify(hours)),
    ...(late.length === 0 ? [] : [db.prepare(COUNTED).bind(ours, lateKeys)]),
  ]);
  return true;
};

/** Brings the counts up to date: afterwards they hold every event that was committed before the call. */
export const countEventsByHour = async (db: D1Database, now: number): Promise<void> => {
  for (let round = 0; round < MAX_ROUNDS; round++) if (!(await countSome(db, now))) return;
};

/** 1 for an event that is committed behind the mark: to be inserted as `late` beside it. */
export const LATE =
  "CASE WHEN value->>2 < (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'rollup_from') THEN 1 END";

/** Adds what a shard received of alerts that only repeated: per hour the total and, by fingerprint, the most repeated. */
export const addReceived = async (
  db: D1Database,
  hours: readonly {
    readonly hour: number;
    readonly total: number;
    readonly alerts: Readonly<Record<string, number>>;
  }[],
): Promise<void> => {
  await db
    .prepare(
      `INSERT INTO rollups (hour, counts, received)
       SELECT value->>'hour', json_object('repeats', value->>'total'), value->'alerts' FROM json_each(?1) WHERE true
       ON CONFLICT (hour) DO UPDATE SET counts = ${sums(union("counts"))},
         received = (SELECT json_group_object(key, n) FROM (SELECT key, sum(value) AS n FROM (${union("received")})
           GROUP BY key ORDER BY n DESC LIMIT ${MAX_KEYS_PER_HOUR}))`,
    )
    .bind(JSON.stringify(hours))
    .run();
};

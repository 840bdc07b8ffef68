/** Hourly counts in D1, one row per hour: added up by the statement itself, in the batch that commits the events. */
import { MAX_KEYS_PER_HOUR, type RollupDelta, rollupOf, SKETCH_SIZE } from "../../core/history/rollup.ts";
import { tallyDecision } from "../../core/pipeline/tally.ts";
import type { Decided } from "./events.ts";

/** Deltas are below 1 kB; a parameter may have 2 MB. */
const MAX_DELTAS = 1000;

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

/** Events that are in D1 already count nothing: this runs before they are inserted, in the same transaction. */
const ADD = `
WITH fresh AS MATERIALIZED (SELECT d.value AS v, d.value->>0 AS hour FROM json_each(?1) AS d WHERE NOT EXISTS
  (SELECT 1 FROM events AS e WHERE e.fingerprint = d.value->>1 AND e.seq = d.value->>2))
INSERT INTO rollups (hour, counts, rules, alerts, sketch)
SELECT hour,
  ${sums("SELECT c.key, c.value FROM fresh AS f, json_each(f.v, '$[3]') AS c WHERE f.hour = h.hour")},
  ${cells(RULE, "SELECT f.v->>4 AS key, f.v->5 AS value FROM fresh AS f WHERE f.hour = h.hour", BUSIEST_RULES)},
  ${cells(ALERT, "SELECT f.v->>1 AS key, f.v->6 AS value FROM fresh AS f WHERE f.hour = h.hour", BUSIEST_ALERTS)},
  ${smallest("SELECT f.v->>1 AS fp FROM fresh AS f WHERE f.hour = h.hour")}
FROM (SELECT DISTINCT hour FROM fresh) AS h WHERE true
ON CONFLICT (hour) DO UPDATE SET
  counts = ${sums(union("counts"))},
  rules = ${cells(RULE, union("rules"), BUSIEST_RULES)},
  alerts = ${cells(ALERT, union("alerts"), BUSIEST_ALERTS)},
  sketch = ${smallest("SELECT value AS fp FROM json_each(rollups.sketch) UNION SELECT value FROM json_each(excluded.sketch)")}`;

const row = (delta: RollupDelta): unknown[] => [
  delta.hour,
  delta.fingerprint,
  delta.seq,
  delta.counts,
  delta.ruleKey,
  delta.rule,
  delta.alert,
];

/** Adds these events to their hours: one row written per hour. To stand before the insert of the events in its batch. */
export const addToRollups = (db: D1Database, decided: readonly Decided[]): D1PreparedStatement[] => {
  const deltas = decided.map(({ event, decision }) => {
    const delta = rollupOf(event, decision.severity, decision.classification?.category ?? null);
    return row({ ...delta, counts: { ...delta.counts, ...tallyDecision(decision) } });
  });
  return Array.from({ length: Math.ceil(deltas.length / MAX_DELTAS) }, (_, i) =>
    db.prepare(ADD).bind(JSON.stringify(deltas.slice(i * MAX_DELTAS, (i + 1) * MAX_DELTAS))),
  );
};

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

/** Steps that are known only after an event was stored, such as what a group's flush decided. */
import { hourOf } from "../../core/history/rollup.ts";
import type { MemberStep } from "../../core/pipeline/flush.ts";
import { countsOfStep } from "../../core/pipeline/tally.ts";

/** Events of one statement: with ten steps each about 1 MB, and a parameter may have 2. */
const MAX_EVENTS = 500;

/** One row per event, with its steps as texts. A step that is there already is not added again. */
const APPEND = `UPDATE events SET trace = substr(events.trace, 1, length(events.trace) - 1)
    || (SELECT group_concat(',' || x.value, '') FROM json_each(s.steps) AS x WHERE instr(events.trace, x.value) = 0) || ']'
  FROM (SELECT value->>0 AS fingerprint, value->>1 AS seq, value->2 AS steps FROM json_each(?1)) AS s
  WHERE events.fingerprint = s.fingerprint AND events.seq = s.seq
    AND EXISTS (SELECT 1 FROM json_each(s.steps) AS x WHERE instr(events.trace, x.value) = 0)`;

/** Counts in their hour the steps that are still to be added. */
const COUNT = `INSERT INTO rollups (hour, counts)
  SELECT hour, json_group_object(key, n) FROM (
    SELECT s.value->>3 AS hour, k.value AS key, count(*) AS n FROM json_each(?1) AS s
      CROSS JOIN events AS e ON e.fingerprint = s.value->>0 AND e.seq = s.value->>1 AND instr(e.trace, s.value->>2) = 0
      JOIN json_each(s.value->4) AS k GROUP BY 1, 2)
  WHERE true GROUP BY hour
  ON CONFLICT (hour) DO UPDATE SET counts = (SELECT json_group_object(key, n) FROM (SELECT key, sum(value) AS n FROM
    (SELECT key, value FROM json_each(rollups.counts) UNION ALL SELECT key, value FROM json_each(excluded.counts))
    GROUP BY key))`;

/** Adds steps to traces, and what they count to the counts of their hours; repeating the statements changes nothing. */
export const appendTrace = (db: D1Database, steps: readonly MemberStep[]): D1PreparedStatement[] => {
  const byEvent = [...Map.groupBy(steps, ({ fingerprint, seq }) => `${fingerprint}:${seq}`).values()];
  return Array.from({ length: Math.ceil(byEvent.length / MAX_EVENTS) }, (_, i) =>
    appendTo(db, byEvent.slice(i * MAX_EVENTS, (i + 1) * MAX_EVENTS)),
  ).flat();
};

const appendTo = (db: D1Database, byEvent: readonly (readonly MemberStep[])[]): D1PreparedStatement[] => {
  const counted = byEvent.flat().flatMap(({ fingerprint, seq, step }) => {
    const counts = countsOfStep(step);
    return counts.length === 0 ? [] : [[fingerprint, seq, JSON.stringify(step), hourOf(step.at), counts]];
  });
  const rows = byEvent.map((list) => [
    list[0]?.fingerprint,
    list[0]?.seq,
    list.map(({ step }) => JSON.stringify(step)),
  ]);
  return [
    ...(counted.length === 0 ? [] : [db.prepare(COUNT).bind(JSON.stringify(counted))]),
    db.prepare(APPEND).bind(JSON.stringify(rows)),
  ];
};

/** Steps that are known only after an event was stored, such as what a group's flush decided. */
import type { MemberStep } from "../../core/pipeline/flush.ts";

const APPEND = `UPDATE events SET trace = json_insert(events.trace, '$[#]', json(s.step))
  FROM (SELECT value->>0 AS fingerprint, value->>1 AS seq, value->>2 AS step FROM json_each(?1)) AS s
  WHERE events.fingerprint = s.fingerprint AND events.seq = s.seq AND instr(events.trace, s.step) = 0`;

/** A step that is there already is not added again, so repeating the statements changes nothing. */
export const appendTrace = (db: D1Database, steps: readonly MemberStep[]): D1PreparedStatement[] => {
  // One step per event and statement: an UPDATE … FROM takes only one of several rows that match.
  const rounds: (readonly [string, number, string])[][] = [];
  const seen = new Map<string, number>();
  for (const { fingerprint, seq, step } of steps) {
    const round = seen.get(`${fingerprint}:${seq}`) ?? 0;
    seen.set(`${fingerprint}:${seq}`, round + 1);
    rounds[round] ??= [];
    rounds[round].push([fingerprint, seq, JSON.stringify(step)]);
  }
  return rounds.map((rows) => db.prepare(APPEND).bind(JSON.stringify(rows)));
};

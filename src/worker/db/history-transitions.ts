/** Single events before and after one that is known, by the primary key: what flapping and groups ask. */
import type { Labels } from "../../core/alert/alert.ts";
import type { AlertEvent } from "../../core/history/event.ts";

/** By fingerprint, when each alert changed its state before these events, newest first, `limit` times at most. */
export const readTransitions = async (
  db: D1Database,
  events: readonly AlertEvent[],
  limit: number,
): Promise<ReadonlyMap<string, readonly number[]>> => {
  const changed = events.filter(({ kind }) => kind !== "new");
  if (changed.length === 0) return new Map();
  const { results } = await db
    .prepare(
      `SELECT k.value->>0 AS fingerprint, (SELECT json_group_array(received_at) FROM (SELECT e.received_at
         FROM events AS e WHERE e.fingerprint = k.value->>0 AND e.seq < k.value->>1 AND e.previous_status IS NOT NULL
         ORDER BY e.seq DESC LIMIT ?2)) AS times FROM json_each(?1) AS k`,
    )
    .bind(JSON.stringify(changed.map(({ fingerprint, seq }) => [fingerprint, seq])), limit)
    .all<{ fingerprint: string; times: string }>();
  return new Map(results.map(({ fingerprint, times }) => [fingerprint, JSON.parse(times) as number[]]));
};

/** The event that ended a stretch of firing. */
export interface End {
  readonly fingerprint: string;
  readonly seq: number;
  readonly receivedAt: number;
  readonly endsAt: number | null;
  readonly annotations: Labels;
}

/** What came right after these firing events, by fingerprint; those that fire on are not in it. */
export const readEnds = async (
  db: D1Database,
  firing: readonly { readonly fingerprint: string; readonly seq: number }[],
): Promise<ReadonlyMap<string, End>> => {
  if (firing.length === 0) return new Map();
  const { results } = await db
    .prepare(
      `SELECT e.fingerprint, e.seq, e.received_at, e.ends_at, e.annotations FROM json_each(?1) AS k
       CROSS JOIN events AS e ON e.fingerprint = k.value->>0 AND e.seq = (SELECT min(x.seq) FROM events AS x
         WHERE x.fingerprint = k.value->>0 AND x.seq > k.value->>1)`,
    )
    .bind(JSON.stringify(firing.map(({ fingerprint, seq }) => [fingerprint, seq])))
    .all<{ fingerprint: string; seq: number; received_at: number; ends_at: number | null; annotations: string }>();
  return new Map(
    results.map((row) => [
      row.fingerprint,
      {
        fingerprint: row.fingerprint,
        seq: row.seq,
        receivedAt: row.received_at,
        endsAt: row.ends_at,
        annotations: JSON.parse(row.annotations) as Labels,
      },
    ]),
  );
};

/** Reads of the history: every list follows an index and a keyset, so its cost does not grow with what is stored. */
import type { EventRow, NotificationRow } from "../views.ts";

/** A place in a list ordered by time: the last row that was shown. */
export interface Keyset {
  readonly at: number;
  readonly fingerprint: string;
  readonly seq: number;
}

export interface EventQuery {
  readonly limit: number;
  readonly before: Keyset | null;
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly status: string | null;
  readonly receiptId: string | null;
}

/** Newest first; one row more than the limit says that there are more. */
export const listEvents = async (db: D1Database, query: EventQuery): Promise<EventRow[]> => {
  const { before } = query;
  const { results } = await db
    .prepare(
      `SELECT * FROM events
       WHERE (?1 IS NULL OR (received_at, fingerprint, seq) < (?1, ?2, ?3))
         AND received_at >= ?4 AND received_at < ?5
         AND (?6 IS NULL OR status = ?6) AND (?7 IS NULL OR receipt_id = ?7)
       ORDER BY received_at DESC, fingerprint DESC, seq DESC LIMIT ?8`,
    )
    .bind(
      before?.at ?? null,
      before?.fingerprint ?? null,
      before?.seq ?? null,
      query.fromMs ?? 0,
      Math.min(query.toMs ?? Number.MAX_SAFE_INTEGER, before === null ? Number.MAX_SAFE_INTEGER : before.at + 1),
      query.status,
      query.receiptId,
      query.limit + 1,
    )
    .all<EventRow>();
  return results;
};

/** The events of one alert, newest first. */
export const eventsOf = async (
  db: D1Database,
  fingerprint: string,
  limit: number,
  offset: number,
): Promise<EventRow[]> => {
  const { results } = await db
    .prepare("SELECT * FROM events WHERE fingerprint = ?1 ORDER BY seq DESC LIMIT ?2 OFFSET ?3")
    .bind(fingerprint, limit, offset)
    .all<EventRow>();
  return results;
};

const DELIVERIES = `SELECT n.* FROM json_each(?1) AS k CROSS JOIN notifications AS n
  ON n.at = k.value->>0 AND n.subject = k.value->>1 AND n.seq = k.value->>2 ORDER BY n.at, n.target`;

/** The deliveries of these events, by `fingerprint:seq`. */
export const deliveriesOf = async (
  db: D1Database,
  events: readonly EventRow[],
): Promise<Map<string, NotificationRow[]>> => {
  const keys = JSON.stringify(events.map((event) => [event.received_at, event.fingerprint, event.seq]));
  const { results } = await db.prepare(DELIVERIES).bind(keys).all<NotificationRow>();
  return Map.groupBy(results, (row) => `${row.subject}:${row.seq}`);
};

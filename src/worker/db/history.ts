/**
 * Reads of the history. Every list walks the index by time from a key on and looks at a bounded number of events, so
 * its cost does not grow with what is stored; where the walk ended before the page was full, it says so.
 */
import { type HistoryFilter, matchesCode, needsCode, patternsOf, type SortField } from "../../core/history/query.ts";
import type { TraceStep } from "../../core/history/trace.ts";
import type { EventRow, NotificationRow } from "../views.ts";
import { whereOf } from "./history-where.ts";

/** A place in a list ordered by time: a row that was shown or looked at. */
export interface Keyset {
  readonly at: number;
  readonly fingerprint: string;
  readonly seq: number;
}

/** Events looked at for one page (contracts 12.2). */
export const MAX_CANDIDATES = 10_000;
/** Rows fetched at a time where only code can tell whether they are meant: about 2 MB. */
const CODE_CHUNK = 1000;

export interface Walk {
  readonly limit: number;
  readonly after: Keyset | null;
  readonly descending: boolean;
}

export interface Walked {
  /** In the order of the walk. */
  readonly rows: readonly EventRow[];
  /** Where to go on; null: nothing more can follow. */
  readonly resume: Keyset | null;
  /** The walk ended before the page was full, and more may follow. */
  readonly truncated: boolean;
}

export const keyOf = (row: EventRow): Keyset => ({ at: row.received_at, fingerprint: row.fingerprint, seq: row.seq });

type Bound = readonly (string | number)[];

/** The candidates in the order of the walk; `columns` decides whether the index alone can answer. */
const candidates = (columns: string, filter: HistoryFilter, walk: Walk): { sql: string; values: Bound } => {
  const { after, descending } = walk;
  const way = descending ? "DESC" : "ASC";
  // The bound on time lets the index start at the key; the key itself decides among events of one millisecond.
  const from = after === null || descending ? filter.fromMs : Math.max(filter.fromMs, after.at);
  const to = after === null || !descending ? filter.toMs : Math.min(filter.toMs, after.at + 1);
  return {
    sql: `SELECT ${columns} FROM events WHERE received_at >= ? AND received_at < ?
      ${after === null ? "" : `AND (received_at, fingerprint, seq) ${descending ? "<" : ">"} (?, ?, ?)`}
      ORDER BY received_at ${way}, fingerprint ${way}, seq ${way} LIMIT ?`,
    values: [from, to, ...(after === null ? [] : [after.at, after.fingerprint, after.seq])],
  };
};

const fetchChunk = async (
  db: D1Database,
  filter: HistoryFilter,
  walk: Walk,
  chunk: number,
  limit: number,
  now: number,
): Promise<{ rows: EventRow[]; end: Keyset | null }> => {
  const where = whereOf(filter, now);
  const inner = candidates("*", filter, walk);
  const edge = candidates("received_at, fingerprint, seq", filter, walk);
  // The order of the inner walk is kept: nothing between it and the answer sorts.
  const matching = db
    .prepare(`SELECT * FROM (${inner.sql}) AS e WHERE ${where.sql} LIMIT ?`)
    .bind(...inner.values, chunk, ...where.values, limit);
  const end = db.prepare(`${edge.sql} OFFSET ?`).bind(...edge.values, 1, chunk - 1);
  if (limit < chunk && where.sql !== "1") {
    // A full page needs no edge, and finding one reads every candidate.
    const { results } = await matching.all<EventRow>();
    if (results.length === limit) return { rows: results, end: null };
  }
  // Together, so that what comes in meanwhile cannot stand between the rows and the edge.
  const [found, last] = await db.batch<EventRow>(where.sql === "1" ? [matching] : [matching, end]);
  const rows = found?.results ?? [];
  const edgeRow = where.sql === "1" ? (rows.length < chunk ? undefined : rows.at(-1)) : last?.results[0];
  return { rows, end: edgeRow === undefined ? null : keyOf(edgeRow) };
};

/** One page of events that a filter means. */
export const walkEvents = async (db: D1Database, filter: HistoryFilter, walk: Walk, now: number): Promise<Walked> => {
  const code = needsCode(filter);
  const patterns = patternsOf(filter);
  const wanted = walk.limit + 1;
  const isPlain = whereOf(filter, now).sql === "1" && !code;
  const chunk = code ? CODE_CHUNK : isPlain ? wanted : MAX_CANDIDATES;
  const rows: EventRow[] = [];
  let after = walk.after;
  for (let seen = 0; seen < MAX_CANDIDATES; seen += chunk) {
    const part = await fetchChunk(db, filter, { ...walk, after }, chunk, code ? chunk : wanted, now);
    for (const row of part.rows) {
      const labels = (): Record<string, string> => JSON.parse(row.labels) as Record<string, string>;
      const annotations = (): Record<string, string> => JSON.parse(row.annotations) as Record<string, string>;
      const event = { alertname: row.alertname, labels: labels(), annotations: annotations() };
      if (!code || matchesCode(patterns, filter.search, event)) rows.push(row);
      if (rows.length === wanted) break;
    }
    if (rows.length === wanted) {
      const page = rows.slice(0, walk.limit);
      return { rows: page, resume: keyOf(page.at(-1)!), truncated: false };
    }
    if (part.end === null) return { rows, resume: null, truncated: false };
    after = part.end;
    if (isPlain) break;
  }
  return { rows, resume: after, truncated: true };
};

/** How many of the newest candidates a filter means; capped where there are more candidates than are counted. */
export const countEvents = async (
  db: D1Database,
  filter: HistoryFilter,
  now: number,
): Promise<{ total: number; capped: boolean }> => {
  const where = whereOf(filter, now);
  const columns = where.sql === "1" ? "1" : "*";
  const inner = candidates(columns, filter, { limit: 0, after: null, descending: true });
  const row = await db
    .prepare(`SELECT count(*) AS seen, coalesce(sum(${where.sql}), 0) AS hits FROM (${inner.sql}) AS e`)
    .bind(...where.values, ...inner.values, MAX_CANDIDATES + 1)
    .first<{ seen: number; hits: number }>();
  const seen = row?.seen ?? 0;
  return { total: Math.min(row?.hits ?? 0, MAX_CANDIDATES), capped: seen > MAX_CANDIDATES };
};

/** A page by its number among the newest candidates, for old clients; patterns and free text are not for it. */
export const pageEvents = async (
  db: D1Database,
  filter: HistoryFilter,
  page: { limit: number; offset: number; sort: SortField; descending: boolean },
  now: number,
): Promise<EventRow[]> => {
  const where = whereOf(filter, now);
  const isByTime = page.sort === "received_at";
  const inner = candidates("*", filter, { limit: 0, after: null, descending: !isByTime || page.descending });
  const way = page.descending ? "DESC" : "ASC";
  const order = isByTime ? "" : `ORDER BY ${page.sort} ${way}, received_at DESC, fingerprint, seq`;
  const { results } = await db
    .prepare(`SELECT * FROM (${inner.sql}) AS e WHERE ${where.sql} ${order} LIMIT ? OFFSET ?`)
    .bind(...inner.values, MAX_CANDIDATES, ...where.values, page.limit, page.offset)
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

/** Keys of the group notifications an event's trace names, each `at`, subject, sequence and target. */
const groupKeys = ({ trace }: Pick<EventRow, "trace">): readonly (readonly [number, string, number, string])[] =>
  (JSON.parse(trace) as TraceStep[]).flatMap(({ at, notification, target }) => {
    const [subject, seq] = notification?.split(":") ?? [];
    return subject?.startsWith("g") && target !== undefined ? [[at, subject, Number(seq), target] as const] : [];
  });

/** What is to be told of an event and has no row yet, as it will look. */
const untold = (event: EventRow, known: readonly NotificationRow[]): NotificationRow[] => {
  const targets = JSON.parse(event.targets ?? "{}") as Record<string, string | null>;
  const missing = Object.entries(targets).filter(([name]) => !known.some(({ target }) => target === name));
  return missing.map(([target, fallback]) => ({
    at: event.received_at,
    subject: event.fingerprint,
    seq: event.seq,
    target,
    replay: 0,
    state: "pending",
    status: event.status,
    severity: event.severity,
    alertname: event.alertname,
    attempts: "[]",
    reason: null,
    error: null,
    next_attempt_at: null,
    completed_at: null,
    payload: null,
    fallback,
    replayed_at: null,
  }));
};

/** The deliveries that told of these events, alone or in a group, by `fingerprint:seq`. */
export const deliveriesOf = async (
  db: D1Database,
  events: readonly EventRow[],
): Promise<Map<string, NotificationRow[]>> => {
  const wanted = new Map<string, string[]>();
  const want = (key: string, event: EventRow): void => {
    const id = `${event.fingerprint}:${event.seq}`;
    wanted.set(key, [...(wanted.get(key) ?? []), id]);
  };
  const keys = new Map<string, readonly [number, string, number]>();
  for (const event of events) {
    keys.set(`${event.fingerprint}:${event.seq}`, [event.received_at, event.fingerprint, event.seq]);
    for (const [at, subject, seq, target] of groupKeys(event)) {
      keys.set(`${subject}:${seq}`, [at, subject, seq]);
      want(`${subject}:${seq}:${target}`, event);
    }
  }
  const { results } = await db
    .prepare(DELIVERIES)
    .bind(JSON.stringify([...keys.values()]))
    .all<NotificationRow>();
  const found = new Map<string, NotificationRow[]>();
  for (const row of results) {
    const ids = wanted.get(`${row.subject}:${row.seq}:${row.target}`) ?? [`${row.subject}:${row.seq}`];
    for (const id of ids) found.set(id, [...(found.get(id) ?? []), row]);
  }
  for (const event of events) {
    const id = `${event.fingerprint}:${event.seq}`;
    const own = found.get(id) ?? [];
    const more = untold(event, own);
    if (more.length > 0) found.set(id, [...own, ...more]);
  }
  return found;
};

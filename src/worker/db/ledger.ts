/** Reads of the ledger of notifications: each follows a key or a partial index and looks at a bounded number of rows. */
import type { NotificationRow } from "../views.ts";

/** The key of one row, as its id says it. */
export interface LedgerKey {
  readonly at: number;
  readonly subject: string;
  readonly seq: number;
  readonly target: string;
  readonly replay: number;
}

/** The id of a row: `<at>.<seq>.<replay>.<target>.<subject>`; no part but the last has a dot. */
export const ledgerId = ({ at, seq, replay, target, subject }: LedgerKey): string =>
  `${at}.${seq}.${replay}.${target}.${subject}`;

/** null for what is no id of ours. */
export const readLedgerId = (text: string): LedgerKey | null => {
  const [at, seq, replay, target, ...subject] = text.split(".");
  const key = {
    at: Number(at),
    seq: Number(seq),
    replay: Number(replay),
    target: target ?? "",
    subject: subject.join("."),
  };
  const numbers = [key.at, key.seq, key.replay];
  return key.subject !== "" && numbers.every((n) => Number.isSafeInteger(n) && n >= 0) ? key : null;
};

export interface LedgerQuery {
  readonly limit: number;
  readonly before: LedgerKey | null;
  readonly target: string | null;
  /** Any of these; null: every one. */
  readonly states: readonly string[] | null;
  readonly reason: string | null;
  readonly fingerprint: string | null;
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

export interface LedgerPage {
  readonly rows: NotificationRow[];
  /** Where the next page begins; null: there is none. */
  readonly next: LedgerKey | null;
}

/** Rows one page looks at, at most: a filter that matches little answers a short page and where to go on. */
const MAX_SCANNED = 5_000;

const KEY = "at, subject, seq, target, replay";
const ORDER = "ORDER BY at DESC, subject DESC, seq DESC, target DESC, replay DESC";
const FILTER = `(?6 IS NULL OR target = ?6) AND (?7 IS NULL OR state IN (SELECT value FROM json_each(?7)))
  AND (?8 IS NULL OR reason = ?8) AND at >= ?9 AND at < ?10`;
/** After the cursor, from the one range that the key serves. */
const SCANNED = `FROM notifications WHERE (${KEY}) < (?1, ?2, ?3, ?4, ?5) AND at >= ?9 AND at < ?10 ${ORDER}`;
const OF_ALERT = `SELECT n.* FROM events e CROSS JOIN notifications n
    ON n.at = e.received_at AND n.subject = e.fingerprint AND n.seq = e.seq WHERE e.fingerprint = ?12`;
const DEAD = "SELECT * FROM notifications INDEXED BY notifications_dead WHERE state = 'dead'";
const WAITING =
  "SELECT * FROM notifications INDEXED BY notifications_waiting WHERE state IN ('retry', 'deferred') AND target = ?6";

/** What the rows are taken from: the narrowest way there is. */
const sourceOf = (query: LedgerFilter): string | null => {
  if (query.fingerprint !== null) return OF_ALERT;
  const [state, ...others] = query.states ?? [];
  if (others.length > 0) return null;
  if (state === "dead") return DEAD;
  const waits = state === "retry" || state === "deferred";
  return waits && query.target !== null ? WAITING : null;
};

/** ?1 to ?11, and ?12 where the source needs it. */
const boundOf = (query: LedgerQuery): (string | number | null)[] => {
  const { before, fingerprint } = query;
  const toMs = query.toMs ?? Number.MAX_SAFE_INTEGER;
  return [
    before?.at ?? Number.MAX_SAFE_INTEGER,
    before?.subject ?? "",
    before?.seq ?? 0,
    before?.target ?? "",
    before?.replay ?? 0,
    query.target,
    query.states === null ? null : JSON.stringify(query.states),
    query.reason,
    query.fromMs ?? 0,
    before === null ? toMs : Math.min(toMs, before.at + 1),
    query.limit + 1,
    ...(fingerprint === null ? [] : [fingerprint]),
  ];
};

/** Newest first. */
export const listLedger = async (db: D1Database, query: LedgerQuery): Promise<LedgerPage> => {
  const values = boundOf(query);
  const source = sourceOf(query);
  if (source !== null) {
    const sql = `SELECT * FROM (${source}) WHERE (${KEY}) < (?1, ?2, ?3, ?4, ?5) AND ${FILTER} ${ORDER} LIMIT ?11`;
    const { results } = await db
      .prepare(sql)
      .bind(...values)
      .all<NotificationRow>();
    const rows = results.slice(0, query.limit);
    return { rows, next: results.length > query.limit ? (rows.at(-1) ?? null) : null };
  }
  const [found, edge] = await db.batch<NotificationRow>([
    db
      .prepare(`SELECT * FROM (SELECT * ${SCANNED} LIMIT ${MAX_SCANNED}) WHERE ${FILTER} ${ORDER} LIMIT ?11`)
      .bind(...values),
    db.prepare(`SELECT ${KEY} ${SCANNED} LIMIT 1 OFFSET ${MAX_SCANNED - 1}`).bind(...values.slice(0, 10)),
  ]);
  const results = found?.results ?? [];
  const rows = results.slice(0, query.limit);
  const more = results.length > query.limit ? rows.at(-1) : edge?.results[0];
  return { rows, next: more ?? null };
};

/** The rows of these ids that exist. */
export const loadLedger = async (db: D1Database, keys: readonly LedgerKey[]): Promise<NotificationRow[]> => {
  const list = JSON.stringify(keys.map(({ at, subject, seq, target, replay }) => [at, subject, seq, target, replay]));
  const { results } = await db
    .prepare(
      `SELECT n.* FROM json_each(?1) AS k CROSS JOIN notifications AS n ON n.at = k.value->>0 AND n.subject = k.value->>1
         AND n.seq = k.value->>2 AND n.target = k.value->>3 AND n.replay = k.value->>4`,
    )
    .bind(list)
    .all<NotificationRow>();
  return results;
};

/** Dead letters counted, the newest of them at most. */
export const MAX_COUNTED = 10_000;

export interface DeadCount {
  readonly target: string;
  readonly reason: string | null;
  readonly severity: string;
  readonly status: string;
  readonly n: number;
  readonly replayed: number;
}

export const countDead = async (db: D1Database): Promise<DeadCount[]> =>
  (
    await db
      .prepare(
        `SELECT target, reason, severity, status, count(*) AS n, count(replayed_at) AS replayed
         FROM (SELECT * FROM notifications INDEXED BY notifications_dead WHERE state = 'dead'
               ORDER BY at DESC LIMIT ${MAX_COUNTED})
         GROUP BY target, reason, severity, status`,
      )
      .all<DeadCount>()
  ).results;

/** What tells notifications apart, without what they hold. */
export interface LedgerHead extends LedgerKey {
  readonly reason: string | null;
  readonly severity: string;
  readonly status: string;
  readonly replayed_at: number | null;
}

/** What filters look at, before anybody says how much of it they want to see. */
export type LedgerFilter = Omit<LedgerQuery, "limit" | "before">;

const HEAD = `${KEY}, reason, severity, status, replayed_at`;

/**
 * Which of the newest MAX_COUNTED notifications a filter means, newest first: old clients count them and page by number.
 * `edge` is the last of those, where there are older ones.
 */
export const ledgerHeads = async (
  db: D1Database,
  query: LedgerFilter,
): Promise<{ heads: LedgerHead[]; edge: LedgerKey | null }> => {
  const values = boundOf({ ...query, limit: 0, before: null });
  // ?11 is not asked for; a later one makes it count.
  const bound = query.fingerprint === null ? values.slice(0, 10) : values;
  const source = sourceOf(query) ?? "SELECT * FROM notifications";
  const { results } = await db
    .prepare(
      `SELECT ${HEAD}, place, (${FILTER}) AS fits FROM
         (SELECT *, row_number() OVER () AS place FROM
           (SELECT * FROM (${source}) WHERE at >= ?9 AND at < ?10 ${ORDER} LIMIT ${MAX_COUNTED + 1}))
       WHERE fits OR place >= ${MAX_COUNTED} ORDER BY place`,
    )
    .bind(...bound)
    .all<LedgerHead & { place: number; fits: number }>();
  const edge = results.at(-1)?.place === MAX_COUNTED + 1 ? (results.at(-2) ?? null) : null;
  return { heads: results.filter(({ place, fits }) => fits === 1 && place <= MAX_COUNTED), edge };
};

/** Takes dead letters out of the list for good; answers how many there were. */
export const discardDead = async (db: D1Database, keys: readonly LedgerKey[]): Promise<number> => {
  const { meta } = await db
    .prepare(
      `UPDATE notifications SET state = 'discarded' WHERE state = 'dead' AND (at, subject, seq, target, replay) IN
         (SELECT value->>0, value->>1, value->>2, value->>3, value->>4 FROM json_each(?1))`,
    )
    .bind(JSON.stringify(keys.map(({ at, subject, seq, target, replay }) => [at, subject, seq, target, replay])))
    .run();
  return meta.changes > 0 ? keys.length : 0;
};

/** The same for those that failed before a time. */
export const purgeDead = async (db: D1Database, beforeMs: number): Promise<number> => {
  const { results } = await db
    .prepare(
      `UPDATE notifications SET state = 'discarded' WHERE (at, subject, seq, target, replay) IN
         (SELECT ${KEY} FROM notifications INDEXED BY notifications_dead WHERE state = 'dead' AND at < ?1
          AND completed_at < ?1 ORDER BY at LIMIT 5000) RETURNING 1 AS gone`,
    )
    .bind(beforeMs)
    .all();
  return results.length;
};

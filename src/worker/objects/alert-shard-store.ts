/** SQLite of one AlertShard: entries, outbox, and the lazily written signs of life of duplicates. */
import type { Labels, Millis } from "../../core/alert/alert.ts";
import type { Entry } from "../../core/dedup/decide.ts";
import type { Change } from "../../core/messages.ts";

/** What a duplicate changed since its entry was last written whole: last report, count, expiry. */
export type Sign = readonly [lastReceivedAt: Millis, receiveCount: number, expiresAt: Millis | null];

export interface OutboxRow {
  readonly fingerprint: string;
  readonly seq: number;
  readonly at: Millis;
  readonly change: Change;
}

interface EntryRow extends Record<string, SqlStorageValue> {
  fingerprint: string;
  seq: number;
  status: string;
  labels: string;
  annotations: string;
  starts_at: number;
  ends_at: number | null;
  expires_at: number | null;
  generator_url: string;
  first_seen: number;
  last_received_at: number;
  receive_count: number;
  episode_seq: number;
  source: string | null;
  saved_at: number;
}

const readEntry = (row: EntryRow): Entry => ({
  fingerprint: row.fingerprint,
  seq: row.seq,
  status: row.status === "firing" ? "firing" : "resolved",
  labels: JSON.parse(row.labels) as Labels,
  annotations: JSON.parse(row.annotations) as Labels,
  startsAt: row.starts_at,
  endsAt: row.ends_at,
  expiresAt: row.expires_at,
  generatorURL: row.generator_url,
  firstSeen: row.first_seen,
  lastReceivedAt: row.last_received_at,
  receiveCount: row.receive_count,
  episodeSeq: row.episode_seq,
  source: row.source,
  savedAt: row.saved_at,
});

/** Creates the tables; run once per object start, inside blockConcurrencyWhile. */
export const createTables = (sql: SqlStorage): void => {
  sql.exec(`CREATE TABLE IF NOT EXISTS entries (
    fingerprint TEXT PRIMARY KEY, seq INTEGER NOT NULL, status TEXT NOT NULL, labels TEXT NOT NULL,
    annotations TEXT NOT NULL, starts_at INTEGER NOT NULL, ends_at INTEGER, expires_at INTEGER,
    generator_url TEXT NOT NULL, first_seen INTEGER NOT NULL, last_received_at INTEGER NOT NULL,
    receive_count INTEGER NOT NULL, episode_seq INTEGER NOT NULL, source TEXT, grace INTEGER NOT NULL DEFAULT 0,
    saved_at INTEGER NOT NULL) WITHOUT ROWID`);
  // Only alerts that can expire are in it, so webhook alerts cost no index row.
  sql.exec(
    `CREATE INDEX IF NOT EXISTS entries_expiring ON entries (expires_at) WHERE status = 'firing' AND expires_at IS NOT NULL`,
  );
  sql.exec(`CREATE TABLE IF NOT EXISTS outbox (
    fingerprint TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, receipt_id TEXT, change TEXT NOT NULL,
    PRIMARY KEY (fingerprint, seq)) WITHOUT ROWID`);
  sql.exec(`CREATE TABLE IF NOT EXISTS signs (chunk TEXT PRIMARY KEY, signs TEXT NOT NULL) WITHOUT ROWID`);
};

export const countOutbox = (sql: SqlStorage): number => Number(sql.exec("SELECT count(*) AS n FROM outbox").one()["n"]);

/** Rows looked at for the age of the outbox: where it is stuck, any of them is old. */
const AGE_SAMPLE_ROWS = 10;

/** When the oldest of some unconfirmed changes came in; null without any. */
export const oldestOf = (sql: SqlStorage): Millis | null =>
  sql.exec<{ at: number | null }>(`SELECT min(at) AS at FROM (SELECT at FROM outbox LIMIT ${AGE_SAMPLE_ROWS})`).one()
    .at;

export const loadEntries = (sql: SqlStorage, fingerprints: readonly string[]): Entry[] =>
  sql
    .exec<EntryRow>(
      "SELECT * FROM entries WHERE fingerprint IN (SELECT value FROM json_each(?))",
      JSON.stringify(fingerprints),
    )
    .toArray()
    .map(readEntry);

/** Every alert that can expire, as it was last written whole. */
export const loadExpiries = (sql: SqlStorage): { fingerprint: string; expires_at: Millis; grace: number }[] =>
  sql
    .exec<{ fingerprint: string; expires_at: number; grace: number }>(
      "SELECT fingerprint, expires_at, grace FROM entries WHERE status = 'firing' AND expires_at IS NOT NULL",
    )
    .toArray();

export const saveEntry = (sql: SqlStorage, e: Entry): void => {
  sql.exec(
    `INSERT INTO entries VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,0,?)
     ON CONFLICT (fingerprint) DO UPDATE SET seq=excluded.seq, status=excluded.status, annotations=excluded.annotations,
       starts_at=excluded.starts_at, ends_at=excluded.ends_at, expires_at=excluded.expires_at,
       generator_url=excluded.generator_url, last_received_at=excluded.last_received_at,
       receive_count=excluded.receive_count, episode_seq=excluded.episode_seq, source=excluded.source, grace=0, saved_at=excluded.saved_at`,
    e.fingerprint,
    e.seq,
    e.status,
    JSON.stringify(e.labels),
    JSON.stringify(e.annotations),
    e.startsAt,
    e.endsAt,
    e.expiresAt,
    e.generatorURL,
    e.firstSeen,
    e.lastReceivedAt,
    e.receiveCount,
    e.episodeSeq,
    e.source,
    e.savedAt,
  );
};

/** Gives an alert one more stretch to be reported in; `grace` keeps it from ever getting a second. */
export const postponeExpiry = (sql: SqlStorage, fingerprint: string, expiresAt: Millis): void => {
  sql.exec("UPDATE entries SET expires_at = ?, grace = 1 WHERE fingerprint = ?", expiresAt, fingerprint);
};

export const addToOutbox = (sql: SqlStorage, row: OutboxRow, receiptId: string | null): void => {
  sql.exec(
    "INSERT INTO outbox (fingerprint, seq, at, receipt_id, change) VALUES (?,?,?,?,?)",
    row.fingerprint,
    row.seq,
    row.at,
    receiptId,
    JSON.stringify(row.change),
  );
};

/** The oldest unconfirmed change of each fingerprint: the next must not overtake it. */
export const outboxHeads = (sql: SqlStorage, limit: number): OutboxRow[] =>
  sql
    .exec<{ fingerprint: string; seq: number; at: number; change: string }>(
      "SELECT fingerprint, min(seq) AS seq, at, change FROM outbox GROUP BY fingerprint LIMIT ?",
      limit,
    )
    .toArray()
    .map((row) => ({ ...row, change: JSON.parse(row.change) as Change }));

export const headsOf = (sql: SqlStorage, fingerprints: readonly string[]): OutboxRow[] =>
  sql
    .exec<{ fingerprint: string; seq: number; at: number; change: string }>(
      `SELECT fingerprint, min(seq) AS seq, at, change FROM outbox
       WHERE fingerprint IN (SELECT value FROM json_each(?)) GROUP BY fingerprint`,
      JSON.stringify(fingerprints),
    )
    .toArray()
    .map((row) => ({ ...row, change: JSON.parse(row.change) as Change }));

export const loadChanges = (sql: SqlStorage, ids: readonly (readonly [string, number])[]): Change[] =>
  sql
    .exec<{ change: string }>(
      `SELECT change FROM outbox WHERE (fingerprint, seq) IN (SELECT value->>0, value->>1 FROM json_each(?))`,
      JSON.stringify(ids),
    )
    .toArray()
    .map((row) => JSON.parse(row.change) as Change);

/** Removes confirmed changes; answers how many rows went. */
export const removeFromOutbox = (sql: SqlStorage, ids: readonly (readonly [string, number])[]): number =>
  sql.exec(
    `DELETE FROM outbox WHERE (fingerprint, seq) IN (SELECT value->>0, value->>1 FROM json_each(?))`,
    JSON.stringify(ids),
  ).rowsWritten;

export const hasReceipt = (sql: SqlStorage, receiptId: string): boolean =>
  sql.exec("SELECT 1 FROM outbox WHERE receipt_id = ? LIMIT 1", receiptId).toArray().length > 0;

/** Up to this many signs, about 45 characters each, are one row; more are spread over 16, by first hex digit. */
const MAX_SIGNS_TOGETHER = 2_000;
const TOGETHER = "all";
const CHUNKS = [..."0123456789abcdef"];

export const chunkOf = (fingerprint: string): string => fingerprint.slice(0, 1);

export const loadSigns = (sql: SqlStorage): Map<string, Sign> =>
  new Map(
    sql
      .exec<{ signs: string }>("SELECT signs FROM signs")
      .toArray()
      .flatMap((row) => JSON.parse(row.signs) as [string, Sign][]),
  );

/** Writes all signs in as few rows as they fit; of many, only the chunks that changed. Call it within a transaction. */
export const saveSigns = (
  sql: SqlStorage,
  signs: ReadonlyMap<string, Sign>,
  changed: ReadonlySet<string>,
  maxTogether = MAX_SIGNS_TOGETHER,
): void => {
  const save = (chunk: string, list: readonly (readonly [string, Sign])[]): void => {
    sql.exec(
      "INSERT INTO signs VALUES (?, ?) ON CONFLICT (chunk) DO UPDATE SET signs = excluded.signs",
      chunk,
      JSON.stringify(list),
    );
  };
  if (signs.size <= maxTogether) {
    sql.exec("DELETE FROM signs WHERE chunk <> ?", TOGETHER);
    save(TOGETHER, [...signs]);
    return;
  }
  const wereTogether = sql.exec("DELETE FROM signs WHERE chunk = ?", TOGETHER).rowsWritten > 0;
  const byChunk = Map.groupBy(signs, ([fingerprint]) => chunkOf(fingerprint));
  for (const chunk of wereTogether ? CHUNKS : changed) save(chunk, byChunk.get(chunk) ?? []);
};

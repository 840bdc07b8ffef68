/** SQLite of one AlertShard: what is known of each alert, written one by one or taken over from the rows of the outbox. */
import type { Labels, Millis } from "../../core/alert/alert.ts";
import { fingerprint as hashLabels } from "../../core/alert/fingerprint.ts";
import type { Entry } from "../../core/dedup/decide.ts";
import type { State } from "./alert-shard-change.ts";
import { createOutbox } from "./alert-shard-outbox.ts";
import { createSigns } from "./alert-shard-signs.ts";

interface EntryRow extends Record<string, SqlStorageValue> {
  key: string;
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

/**
 * Where an entry is stored: alerts of one name stand together, so that a group's touch few pages of the file. Spread by
 * fingerprint, each would cost a page of its own.
 */
export const keyOf = (fingerprint: string, labels: Labels): string =>
  `${placeOf(labels["alertname"] ?? fingerprint)}${fingerprint}`;

const PLACE_CHARACTERS = 8;
let lastName = "";
let lastPlace = "";

/** Alerts of a request mostly share their name. */
const placeOf = (name: string): string => {
  if (name !== lastName) {
    lastPlace = hashLabels({ name }).slice(0, PLACE_CHARACTERS);
    lastName = name;
  }
  return lastPlace;
};

const fingerprintOf = (key: string): string => key.slice(PLACE_CHARACTERS);

const readEntry = (row: EntryRow): Entry => ({
  fingerprint: fingerprintOf(row.key),
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
  sql.exec(`CREATE TABLE IF NOT EXISTS known (
    key TEXT PRIMARY KEY, seq INTEGER NOT NULL, status TEXT NOT NULL, labels TEXT NOT NULL,
    annotations TEXT NOT NULL, starts_at INTEGER NOT NULL, ends_at INTEGER, expires_at INTEGER,
    generator_url TEXT NOT NULL, first_seen INTEGER NOT NULL, last_received_at INTEGER NOT NULL,
    receive_count INTEGER NOT NULL, episode_seq INTEGER NOT NULL, source TEXT, grace INTEGER NOT NULL DEFAULT 0,
    saved_at INTEGER NOT NULL) WITHOUT ROWID`);
  // Only alerts that can expire are in it, so webhook alerts cost no index row.
  sql.exec(
    `CREATE INDEX IF NOT EXISTS known_expiring ON known (expires_at) WHERE status = 'firing' AND expires_at IS NOT NULL`,
  );
  moveEntries(sql);
  createOutbox(sql);
  createSigns(sql);
  takeOver(sql);
};

/** Rows moved with one statement. */
const MOVED_ROWS = 500;

/** An older version kept entries by fingerprint alone. */
const moveEntries = (sql: SqlStorage): void => {
  if (sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'entries'").toArray().length === 0) return;
  for (let after = ""; ; ) {
    const rows = sql
      .exec<{ fingerprint: string; labels: string }>(
        "SELECT fingerprint, labels FROM entries WHERE fingerprint > ? ORDER BY fingerprint LIMIT ?",
        after,
        MOVED_ROWS,
      )
      .toArray();
    if (rows.length === 0) break;
    sql.exec(
      `INSERT INTO known SELECT j.value->>1, seq, status, labels, annotations, starts_at, ends_at, expires_at, generator_url,
         first_seen, last_received_at, receive_count, episode_seq, source, grace, saved_at
       FROM json_each(?) AS j JOIN entries ON entries.fingerprint = j.value->>0`,
      JSON.stringify(
        rows.map(({ fingerprint, labels }) => [fingerprint, keyOf(fingerprint, JSON.parse(labels) as Labels)]),
      ),
    );
    after = rows.at(-1)!.fingerprint;
  }
  sql.exec("DROP TABLE entries");
};

export const loadEntries = (sql: SqlStorage, keys: readonly string[]): Entry[] =>
  sql
    .exec<EntryRow>("SELECT * FROM known WHERE key IN (SELECT value FROM json_each(?))", JSON.stringify(keys))
    .toArray()
    .map(readEntry);

/** An alert that can expire, as it was last written whole. */
export interface Stored {
  readonly fingerprint: string;
  readonly key: string;
  readonly expiresAt: Millis;
  readonly lastReceivedAt: Millis;
  /** It was given its one more stretch, which ends then. */
  readonly grace: boolean;
}

export const loadExpiries = (sql: SqlStorage): Stored[] =>
  sql
    .exec<{ key: string; expires_at: number; last_received_at: number; grace: number }>(
      "SELECT key, expires_at, last_received_at, grace FROM known WHERE status = 'firing' AND expires_at IS NOT NULL",
    )
    .toArray()
    .map(({ key, expires_at, last_received_at, grace }) => ({
      fingerprint: fingerprintOf(key),
      key,
      expiresAt: expires_at,
      lastReceivedAt: last_received_at,
      grace: grace === 1,
    }));

/** What is on disk already and at least as new stays. */
const UPSERT = `ON CONFLICT (key) DO UPDATE SET seq=excluded.seq, status=excluded.status, annotations=excluded.annotations,
    starts_at=excluded.starts_at, ends_at=excluded.ends_at, expires_at=excluded.expires_at,
    generator_url=excluded.generator_url, last_received_at=excluded.last_received_at,
    receive_count=excluded.receive_count, episode_seq=excluded.episode_seq, source=excluded.source, grace=0,
    saved_at=excluded.saved_at
  WHERE excluded.seq > known.seq`;

export const saveEntry = (sql: SqlStorage, e: Entry): void => {
  sql.exec(
    `INSERT INTO known VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,0,?) ${UPSERT}`,
    keyOf(e.fingerprint, e.labels),
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

/** What an event does not say of the entry it made. */
export const stateOf = (e: Entry): State => [
  keyOf(e.fingerprint, e.labels),
  e.expiresAt,
  e.firstSeen,
  e.lastReceivedAt,
  e.receiveCount,
  e.source,
];

/**
 * Writes entries from the outbox rows that brought them, of all rows where none are named. One statement for many alerts, and
 * away from the answer to a sender: whoever acknowledges has the row of the outbox on disk and needs no more.
 */
export const takeOver = (sql: SqlStorage, rows: readonly number[] | null = null): void => {
  const place = `c.value->'$[1]'`;
  const event = `c.value->'$[0].event'`;
  sql.exec(
    `INSERT INTO known
     SELECT s->>0, e->>'seq', e->>'status', e->'labels', e->'annotations', e->>'startsAt', e->>'endsAt', s->>1,
       e->>'generatorURL', s->>2, s->>3, s->>4, e->>'episodeSeq', s->>5, 0, e->>'receivedAt'
     FROM (SELECT ${event} AS e, ${place} AS s FROM acknowledged AS a, json_each(a.changes) AS c
       WHERE ${rows === null ? "" : "a.id IN (SELECT value FROM json_each(?)) AND"} json_type(c.value, '$[1]') = 'array'
       ORDER BY a.id, c.key)
     WHERE true ${UPSERT}`,
    ...(rows === null ? [] : [JSON.stringify(rows)]),
  );
};

/** Gives an alert one more stretch to be reported in; `grace` keeps it from ever getting a second. */
export const postponeExpiry = (sql: SqlStorage, key: string, expiresAt: Millis): void => {
  sql.exec("UPDATE known SET expires_at = ?, grace = 1 WHERE key = ?", expiresAt, key);
};

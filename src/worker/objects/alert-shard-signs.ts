/** Signs of life: what reports that only repeated changed of an alert. Kept in memory, and written together now and then. */
import type { Millis } from "../../core/alert/alert.ts";
import type { Entry } from "../../core/dedup/decide.ts";
import type { Stored } from "./alert-shard-store.ts";

/** What a duplicate changed since its entry was last written whole: last report, count, expiry. */
export type Sign = readonly [lastReceivedAt: Millis, receiveCount: number, expiresAt: Millis | null];

/** Up to this many signs, about 45 characters each, are one row; more are spread over 16, by first hex digit. */
const MAX_SIGNS_TOGETHER = 2_000;
const TOGETHER = "all";
const CHUNKS = [..."0123456789abcdef"];

const chunkOf = (fingerprint: string): string => fingerprint.slice(0, 1);

/** An idle object leaves memory after about 10 s: signs of life are written before that. */
const FLUSH_DELAY_MS = 5_000;
/** Under steady traffic signs are written at most this often. */
const FLUSH_INTERVAL_MS = 60_000;
/** Entries held until they are written; beyond it only their signs are. */
const MAX_HELD = 20_000;

export const createSigns = (sql: SqlStorage): void => {
  sql.exec(`CREATE TABLE IF NOT EXISTS signs (chunk TEXT PRIMARY KEY, signs TEXT NOT NULL) WITHOUT ROWID`);
};

export class Signs {
  readonly #sql: SqlStorage;
  readonly #signs: Map<string, Sign>;
  readonly #changed = new Set<string>();
  /** Entries whose signs are newer than what is above: told apart only when they are needed. */
  readonly #held = new Map<string, Entry>();
  #flushedAt: Millis = 0;

  /** Reads back what was written. */
  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#signs = new Map(
      sql
        .exec<{ signs: string }>("SELECT signs FROM signs")
        .toArray()
        .flatMap((row) => JSON.parse(row.signs) as [string, Sign][]),
    );
  }

  /** When an alert ends as far as is on disk: a sign is newer than its entry, but for the stretch that it was given since. */
  applyToExpiry(stored: Stored): Stored {
    const expiresAt = this.#newerThan(stored)?.[2] ?? null;
    if (expiresAt === null || (stored.grace && expiresAt <= stored.expiresAt)) return stored;
    return { ...stored, expiresAt, grace: false };
  }

  /** An entry as it was read from disk, with what its signs say. */
  applyTo(entry: Entry): Entry {
    const held = this.#held.get(entry.fingerprint);
    if (held !== undefined) return held;
    const sign = this.#newerThan(entry);
    return sign === null ? entry : { ...entry, lastReceivedAt: sign[0], receiveCount: sign[1], expiresAt: sign[2] };
  }

  /** Takes note of an entry that need not be written whole; answers by when its sign is to be written. */
  note(entry: Entry, now: Millis): Millis {
    this.#held.set(entry.fingerprint, entry);
    if (this.#held.size > MAX_HELD) this.#settle();
    return Math.max(now + FLUSH_DELAY_MS, this.#flushedAt + FLUSH_INTERVAL_MS);
  }

  /** An entry was written whole: what its sign said is in it. */
  forget(fingerprint: string): void {
    this.#held.delete(fingerprint);
    if (this.#signs.delete(fingerprint)) this.#changed.add(chunkOf(fingerprint));
  }

  /** Writes signs that changed, within the transaction of its caller. */
  flush(now: Millis): void {
    this.#settle();
    if (this.#changed.size === 0) return;
    save(this.#sql, this.#signs, this.#changed);
    this.#changed.clear();
    this.#flushedAt = now;
  }

  /** A sign may be older than its entry: a crash came between writing that whole and striking out its sign. */
  #newerThan({ fingerprint, lastReceivedAt }: Pick<Entry, "fingerprint" | "lastReceivedAt">): Sign | null {
    const sign = this.#signs.get(fingerprint);
    return sign === undefined || sign[0] < lastReceivedAt ? null : sign;
  }

  #settle(): void {
    for (const [fingerprint, { lastReceivedAt, receiveCount, expiresAt }] of this.#held) {
      this.#signs.set(fingerprint, [lastReceivedAt, receiveCount, expiresAt]);
      this.#changed.add(chunkOf(fingerprint));
    }
    this.#held.clear();
  }
}

/** Writes all signs in as few rows as they fit; of many, only the chunks that changed. */
const save = (sql: SqlStorage, signs: ReadonlyMap<string, Sign>, changed: ReadonlySet<string>): void => {
  const write = (chunk: string, list: readonly (readonly [string, Sign])[]): void => {
    sql.exec(
      "INSERT INTO signs VALUES (?, ?) ON CONFLICT (chunk) DO UPDATE SET signs = excluded.signs",
      chunk,
      JSON.stringify(list),
    );
  };
  if (signs.size <= MAX_SIGNS_TOGETHER) {
    sql.exec("DELETE FROM signs WHERE chunk <> ?", TOGETHER);
    write(TOGETHER, [...signs]);
    return;
  }
  const wereTogether = sql.exec("DELETE FROM signs WHERE chunk = ?", TOGETHER).rowsWritten > 0;
  const byChunk = Map.groupBy(signs, ([fingerprint]) => chunkOf(fingerprint));
  for (const chunk of wereTogether ? CHUNKS : changed) write(chunk, byChunk.get(chunk) ?? []);
};

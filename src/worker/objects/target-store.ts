/** SQLite of one target: what was last told of each alert, and what still waits to be told. */
import type { Millis } from "../../core/alert/alert.ts";
import type { PendingNotification } from "../../core/messages.ts";
import type { Receipt } from "../../core/publish/outcome.ts";

export type FinalState = "delivered" | "superseded" | "dead" | "canceled";

/** One HTTP try. */
export interface Attempt {
  readonly number: number;
  readonly at: Millis;
  readonly durationMs: number;
  readonly statusCode: number | null;
  readonly reason: string | null;
  readonly error: string | null;
}

/** How one notification ended, as D1 is to hold it. */
export interface Result {
  readonly at: Millis;
  readonly subject: string;
  readonly seq: number;
  readonly replay: number;
  readonly state: FinalState | "retry";
  readonly reason: string | null;
  readonly error: string | null;
  readonly attempts: readonly Attempt[];
  readonly nextAttemptAt: Millis | null;
  readonly completedAt: Millis | null;
}

/** What is remembered per subject. */
export interface Told {
  readonly subject: string;
  readonly seq: number;
  readonly receipt: Receipt | null;
  /** The last results, newest first: reported again when D1 did not hear them. */
  readonly results: readonly Result[];
}

/** One notification that waits for its next attempt. */
export interface Waiting {
  readonly item: PendingNotification;
  readonly attempts: readonly Attempt[];
  readonly stepsDone: readonly string[];
  readonly firstAttemptAt: Millis;
  readonly nextAttemptAt: Millis;
}

/** Results kept per subject: enough for the sweep to hear again what a crash swallowed. */
const KEPT_RESULTS = 4;

export const createTables = (sql: SqlStorage): void => {
  sql.exec(`CREATE TABLE IF NOT EXISTS told (
    subject TEXT PRIMARY KEY, seq INTEGER NOT NULL, at INTEGER NOT NULL, receipt TEXT, results TEXT NOT NULL) WITHOUT ROWID`);
  sql.exec(`CREATE TABLE IF NOT EXISTS waiting (
    subject TEXT NOT NULL, seq INTEGER NOT NULL, next_at INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (subject, seq)) WITHOUT ROWID`);
  sql.exec("CREATE INDEX IF NOT EXISTS waiting_by_time ON waiting (next_at)");
};

export const loadTold = (sql: SqlStorage, subject: string): Told | null => {
  const row = sql
    .exec<{ seq: number; receipt: string | null; results: string }>(
      "SELECT seq, receipt, results FROM told WHERE subject = ?",
      subject,
    )
    .toArray()[0];
  return row === undefined
    ? null
    : {
        subject,
        seq: row.seq,
        receipt: row.receipt === null ? null : (JSON.parse(row.receipt) as Receipt),
        results: JSON.parse(row.results) as Result[],
      };
};

/** Remembers a result; the subject's sequence never goes back. */
export const saveTold = (sql: SqlStorage, told: Told | null, result: Result, receipt: Receipt | null): void => {
  const results = [result, ...(told?.results ?? []).filter((r) => r.seq !== result.seq)].slice(0, KEPT_RESULTS);
  sql.exec(
    `INSERT INTO told VALUES (?,?,?,?,?) ON CONFLICT (subject) DO UPDATE SET
       seq = max(seq, excluded.seq), at = excluded.at, receipt = excluded.receipt, results = excluded.results`,
    result.subject,
    result.seq,
    result.completedAt ?? result.at,
    receipt === null ? null : JSON.stringify(receipt),
    JSON.stringify(results),
  );
};

export const saveWaiting = (sql: SqlStorage, waiting: Waiting): void => {
  sql.exec(
    `INSERT INTO waiting VALUES (?,?,?,?) ON CONFLICT (subject, seq) DO UPDATE SET next_at = excluded.next_at, body = excluded.body`,
    waiting.item.subject,
    waiting.item.seq,
    waiting.nextAttemptAt,
    JSON.stringify(waiting),
  );
};

export const dropWaiting = (sql: SqlStorage, subject: string, seq: number): void => {
  sql.exec("DELETE FROM waiting WHERE subject = ? AND seq = ?", subject, seq);
};

export const loadWaiting = (sql: SqlStorage, subject: string): Waiting[] =>
  sql
    .exec<{ body: string }>("SELECT body FROM waiting WHERE subject = ? ORDER BY seq", subject)
    .toArray()
    .map((row) => JSON.parse(row.body) as Waiting);

export const loadDue = (sql: SqlStorage, now: Millis, limit: number): Waiting[] =>
  sql
    .exec<{ body: string }>("SELECT body FROM waiting WHERE next_at <= ? ORDER BY next_at LIMIT ?", now, limit)
    .toArray()
    .map((row) => JSON.parse(row.body) as Waiting);

export const nextDue = (sql: SqlStorage): Millis | null =>
  sql.exec<{ at: number | null }>("SELECT min(next_at) AS at FROM waiting").one().at;

/** SQLite of one target: what was last told of each alert, what still waits, and what D1 is still to hear. */
import type { Millis } from "../../core/alert/alert.ts";
import type { PendingNotification } from "../../core/messages.ts";
import { LANES, type Lane } from "../../core/publish/lane.ts";
import type { LineEntry, Opened } from "../../core/publish/line.ts";
import type { Receipt } from "../../core/publish/outcome.ts";
import type { Attempt, FinalState, NotificationHead, Result, WaitState } from "./target-result.ts";

export type { Attempt, FinalState, NotificationHead, Result, WaitState };

/** What is remembered per subject. */
export interface Told {
  readonly seq: number;
  readonly opened: Opened;
  readonly receipt: Receipt | null;
  /** The last results, newest first: reported again when D1 did not hear them. */
  readonly results: readonly Result[];
}

/** One notification that is not told yet. */
export interface Entry extends LineEntry {
  readonly item: PendingNotification;
  readonly attempts: readonly Attempt[];
  readonly stepsDone: readonly string[];
  /** What its steps so far left; absent: what is remembered of the subject. */
  readonly receipt?: Receipt | null;
  readonly nextAttemptAt: Millis;
  readonly lane: Lane;
  /** Whether it lies in `waiting`, and as what D1 was told of it. */
  readonly stored: boolean;
  readonly state: "pending" | WaitState;
  readonly reason: string | null;
  readonly error: string | null;
  /** When its fallback target is told as well; null: never, or done. */
  readonly fallbackAt: Millis | null;
}

/** Results kept per subject: enough for the sweep to hear again what a crash swallowed. */
const KEPT_RESULTS = 4;

export const loadTold = (sql: SqlStorage, subject: string): Told | null => {
  const row = sql
    .exec<{ seq: number; opened: string; receipt: string | null; results: string }>(
      "SELECT seq, opened, receipt, results FROM told WHERE subject = ?",
      subject,
    )
    .toArray()[0];
  return row === undefined
    ? null
    : {
        seq: row.seq,
        opened: row.opened as Opened,
        receipt: row.receipt === null ? null : (JSON.parse(row.receipt) as Receipt),
        results: JSON.parse(row.results) as Result[],
      };
};

const isSame = (a: Result, b: Result): boolean => a.seq === b.seq && a.replay === b.replay;

/** Remembers a result; the subject's sequence never goes back. */
export const saveTold = (
  sql: SqlStorage,
  told: Told | null,
  result: Result,
  opened: Opened,
  receipt: Receipt | null,
): void => {
  const { head: _head, ...kept } = result;
  const results = [kept, ...(told?.results ?? []).filter((r) => !isSame(r, result))].slice(0, KEPT_RESULTS);
  sql.exec(
    `INSERT INTO told VALUES (?,?,?,?,?,?) ON CONFLICT (subject) DO UPDATE SET seq = excluded.seq,
       opened = excluded.opened, at = excluded.at, receipt = excluded.receipt, results = excluded.results`,
    result.subject,
    Math.max(result.seq, told?.seq ?? 0),
    opened,
    result.completedAt ?? result.at,
    receipt === null ? null : JSON.stringify(receipt),
    JSON.stringify(results),
  );
};

export const countOpen = (sql: SqlStorage): number =>
  sql.exec<{ n: number }>("SELECT count(*) AS n FROM told WHERE opened = 'open'").one().n;

/** Forgets subjects of which nothing was told since: closed ones before `closed`, open ones before `open`. */
export const forgetTold = (sql: SqlStorage, closed: Millis, open: Millis): void => {
  sql.exec("DELETE FROM told WHERE at < ? AND (opened != 'open' OR at < ?)", closed, open);
  sql.exec("DELETE FROM handed WHERE at < ?", open);
};

export const saveWaiting = (sql: SqlStorage, entry: Entry, missed: boolean): void => {
  sql.exec(
    `INSERT INTO waiting (subject, seq, replay, lane, next_at, since, missed, fallback_at, done, retrying, body)
     VALUES (?,?,?,?,?,?,?,?,0,?,?) ON CONFLICT (subject, seq, replay) DO UPDATE SET next_at = excluded.next_at,
       missed = excluded.missed, fallback_at = excluded.fallback_at, retrying = excluded.retrying, body = excluded.body`,
    entry.item.subject,
    entry.seq,
    entry.replay,
    entry.lane,
    entry.nextAttemptAt,
    entry.since,
    missed ? 1 : 0,
    entry.fallbackAt,
    entry.state === "retry" ? 1 : 0,
    JSON.stringify(entry),
  );
};

/** Its row stays as the result until D1 has it. */
export const markDone = (sql: SqlStorage, result: Result): void => {
  sql.exec(
    "UPDATE waiting SET done = 1, fallback_at = NULL, body = ? WHERE subject = ? AND seq = ? AND replay = ?",
    JSON.stringify(result),
    result.subject,
    result.seq,
    result.replay,
  );
};

export const loadDone = (sql: SqlStorage): Result[] =>
  sql
    .exec<{ body: string }>("SELECT body FROM waiting WHERE done = 1")
    .toArray()
    .map((row) => JSON.parse(row.body) as Result);

/** Answers how many there were. */
export const dropDone = (sql: SqlStorage, results: readonly Result[]): number => {
  const keys = JSON.stringify(results.map(({ subject, seq, replay }) => [subject, seq, replay]));
  return sql
    .exec(
      `DELETE FROM waiting WHERE done = 1 AND (subject, seq, replay) IN
         (SELECT value->>0, value->>1, value->>2 FROM json_each(?)) RETURNING 1`,
      keys,
    )
    .toArray().length;
};

const readEntry = ({ body }: { body: string }): Entry => ({ ...(JSON.parse(body) as Entry), stored: true });

export const loadWaiting = (sql: SqlStorage, subject: string): Entry[] =>
  sql
    .exec<{ body: string }>("SELECT body FROM waiting WHERE subject = ? AND done = 0 ORDER BY seq, replay", subject)
    .toArray()
    .map(readEntry);

/** The result of an entry whose row still waits for D1, if there is one. */
export const loadUnreported = (sql: SqlStorage, subject: string, seq: number, replay: number): Result | null => {
  const row = sql
    .exec<{ body: string }>(
      "SELECT body FROM waiting WHERE subject = ? AND seq = ? AND replay = ? AND done = 1",
      subject,
      seq,
      replay,
    )
    .toArray()[0];
  return row === undefined ? null : (JSON.parse(row.body) as Result);
};

/** The subject of a lane that is due first and not one of `except`. */
export const dueSubject = (
  sql: SqlStorage,
  lane: Lane,
  now: Millis,
  except: { readonly has: (subject: string) => boolean; readonly size: number },
): string | null => {
  // A subject has at most a few rows in its line, so this many always reach past those under way.
  const rows = sql.exec<{ subject: string }>(
    "SELECT subject FROM waiting WHERE done = 0 AND lane = ? AND next_at <= ? ORDER BY next_at LIMIT ?",
    lane,
    now,
    except.size * 4 + 1,
  );
  for (const { subject } of rows) if (!except.has(subject)) return subject;
  return null;
};

export const postpone = (sql: SqlStorage, subject: string, at: Millis): void => {
  sql.exec("UPDATE waiting SET next_at = max(next_at, ?) WHERE subject = ? AND done = 0", at, subject);
};

export const countWaiting = (sql: SqlStorage): number =>
  sql.exec<{ n: number }>("SELECT count(*) AS n FROM waiting WHERE done = 0").one().n;

export const anyWaits = (sql: SqlStorage): boolean =>
  sql.exec("SELECT 1 FROM waiting WHERE done = 0 LIMIT 1").toArray().length > 0;

/** When the next waiting entry outside of `except`, which are under way, is due. */
export const nextDue = (sql: SqlStorage, except: ReadonlySet<string>): Millis | null => {
  const first = LANES.flatMap((lane) => {
    // A subject has at most a few rows in its line, so this many always reach past those under way.
    const rows = sql.exec<{ subject: string; next_at: number }>(
      "SELECT subject, next_at FROM waiting WHERE done = 0 AND lane = ? ORDER BY next_at LIMIT ?",
      lane,
      except.size * 4 + 1,
    );
    for (const { subject, next_at } of rows) if (!except.has(subject)) return [next_at];
    return [];
  });
  return first.length === 0 ? null : Math.min(...first);
};

export const nextFallback = (sql: SqlStorage): Millis | null =>
  sql.exec<{ at: number | null }>("SELECT min(fallback_at) AS at FROM waiting WHERE fallback_at IS NOT NULL").one().at;

export const loadFallbackDue = (sql: SqlStorage, now: Millis, limit: number): Entry[] =>
  sql
    .exec<{ body: string }>("SELECT body FROM waiting WHERE fallback_at <= ? ORDER BY fallback_at LIMIT ?", now, limit)
    .toArray()
    .map(readEntry);

export const clearFallback = (sql: SqlStorage, { item, seq, replay }: Entry): void => {
  sql.exec(
    `UPDATE waiting SET fallback_at = NULL, body = json_set(body, '$.fallbackAt', NULL)
     WHERE subject = ? AND seq = ? AND replay = ?`,
    item.subject,
    seq,
    replay,
  );
};

/** Entries that wait since before `since`, oldest first. */
export const loadOverdue = (sql: SqlStorage, since: Millis, limit: number): Entry[] =>
  sql
    .exec<{ body: string }>(
      "SELECT body FROM waiting WHERE done = 0 AND since <= ? ORDER BY since, subject, seq LIMIT ?",
      since,
      limit,
    )
    .toArray()
    .map(readEntry);

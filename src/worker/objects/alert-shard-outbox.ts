/**
 * What a shard has acknowledged and D1 has not confirmed yet: one row per request, appended in the transaction of its
 * entries. Which changes wait, in what order for each alert, is kept in memory, so that ringing reads nothing back.
 */
import type { Millis } from "../../core/alert/alert.ts";
import { type Change, MAX_MESSAGE_CHARS } from "../../core/messages.ts";

/** How long a change may stay unconfirmed before its bell is rung again; a busy consumer needs some seconds. */
export const OUTBOX_GRACE_MS = 15_000;
/** UTF-16 units of JSON per row: a row may have 2 MB, and a unit takes up to three bytes. */
const MAX_ROW_CHARS = 400_000;

export type ChangeId = readonly [fingerprint: string, seq: number];

/** One change on its way; several of one alert wait behind each other. */
export interface Waiting {
  readonly row: number;
  readonly fingerprint: string;
  readonly seq: number;
  readonly at: Millis;
  /** UTF-16 units of its JSON; 0 where it was read back and is not known. */
  readonly size: number;
  /** Its bell may have been rung by an earlier life of the object. */
  readonly recovered: boolean;
  /** null once it was rung, or was read back: the row still holds it. */
  change: Change | null;
  rungAt: Millis;
}

interface Row {
  readonly at: Millis;
  readonly receiptId: string | null;
  unconfirmed: number;
}

const idOf = (change: Change): ChangeId => {
  const { fingerprint, seq } =
    change.kind === "event" ? change.event : change.kind === "update" ? change.update : change;
  return [fingerprint, seq];
};

export class Outbox {
  readonly #sql: SqlStorage;
  readonly #rows = new Map<number, Row>();
  readonly #queues = new Map<string, Waiting[]>();
  #size = 0;

  /** Reads back what an earlier life of the object left. */
  constructor(sql: SqlStorage) {
    this.#sql = sql;
    const rows = sql.exec<{ id: number; at: number; receipt_id: string | null; ids: string }>(
      "SELECT id, at, receipt_id, ids FROM acknowledged ORDER BY id",
    );
    for (const { id, at, receipt_id, ids } of rows) {
      this.#keep(
        (JSON.parse(ids) as ChangeId[]).map(([fingerprint, seq]) => ({
          row: id,
          fingerprint,
          seq,
          at,
          size: 0,
          recovered: true,
          change: null,
          rungAt: 0,
        })),
        receipt_id,
      );
    }
  }

  /** Changes that wait for their confirmation. */
  get size(): number {
    return this.#size;
  }

  /** When the oldest of them came in; null without any. */
  get oldest(): Millis | null {
    return this.#rows.values().next().value?.at ?? null;
  }

  /** Writes changes down. Call it within a transaction, and `add` what it answers once that has been committed. */
  append(changes: readonly Change[], at: Millis, receiptId: string | null): Waiting[] {
    const waiting: Waiting[] = [];
    let texts: string[] = [];
    let size = 0;
    let from = 0;
    const flush = (to: number): void => {
      const ids = changes.slice(from, to).map(idOf);
      const { id } = this.#sql
        .exec<{ id: number }>(
          "INSERT INTO acknowledged (at, receipt_id, ids, changes) VALUES (?,?,?,?) RETURNING id",
          at,
          receiptId,
          JSON.stringify(ids),
          `[${texts.join(",")}]`,
        )
        .one();
      ids.forEach(([fingerprint, seq], i) => {
        const change = changes[from + i]!;
        waiting.push({ row: id, fingerprint, seq, at, size: texts[i]!.length, recovered: false, change, rungAt: 0 });
      });
      from = to;
      texts = [];
      size = 0;
    };
    changes.forEach((change, i) => {
      const text = JSON.stringify(change);
      if (texts.length > 0 && size + text.length > MAX_ROW_CHARS) flush(i);
      texts.push(text);
      size += text.length;
    });
    if (texts.length > 0) flush(changes.length);
    return waiting;
  }

  /** Takes note of what has been written. */
  add(waiting: readonly Waiting[], receiptId: string | null): void {
    this.#keep(waiting, receiptId);
  }

  /** Removes confirmed changes; a row goes with the last of its own. */
  confirm(ids: readonly ChangeId[]): void {
    const done: number[] = [];
    for (const [fingerprint, seq] of ids) {
      const queue = this.#queues.get(fingerprint);
      const at = queue?.findIndex((waiting) => waiting.seq === seq) ?? -1;
      if (queue === undefined || at < 0) continue;
      const { row } = queue[at]!;
      if (queue.length === 1) this.#queues.delete(fingerprint);
      else queue.splice(at, 1);
      this.#size -= 1;
      const left = this.#rows.get(row)!;
      left.unconfirmed -= 1;
      if (left.unconfirmed === 0) {
        this.#rows.delete(row);
        done.push(row);
      }
    }
    if (done.length === 0) return;
    this.#sql.exec("DELETE FROM acknowledged WHERE id IN (SELECT value FROM json_each(?))", JSON.stringify(done));
  }

  /** The oldest unconfirmed change of each alert, where its bell has to be rung: the next must not overtake it. */
  due(now: Millis, fingerprints: Iterable<string> = this.#queues.keys(), limit = Number.POSITIVE_INFINITY): Waiting[] {
    const found: Waiting[] = [];
    for (const fingerprint of fingerprints) {
      const head = this.#queues.get(fingerprint)?.[0];
      if (head !== undefined && now - head.rungAt >= OUTBOX_GRACE_MS) found.push(head);
      if (found.length >= limit) break;
    }
    return found;
  }

  /** Each as it travels, with its size: itself, or only its name where it would not fit a message. */
  travelling(waiting: readonly Waiting[]): { readonly waiting: Waiting; readonly change: Change; size: number }[] {
    const stored = this.#stored(waiting.filter(({ change }) => change === null));
    return waiting.flatMap((one) => {
      const { fingerprint, seq } = one;
      const change = one.change ?? stored.get(`${fingerprint}:${seq}`);
      if (change === undefined) return [];
      const size = one.change === null ? JSON.stringify(change).length : one.size;
      return size <= MAX_MESSAGE_CHARS
        ? [{ waiting: one, change, size }]
        : [{ waiting: one, change: { kind: "ref" as const, fingerprint, seq }, size: 100 }];
    });
  }

  /** Changes by their ids, as far as they still wait. */
  load(ids: readonly ChangeId[]): Change[] {
    const waiting = ids.flatMap(
      ([fingerprint, seq]) => this.#queues.get(fingerprint)?.filter((one) => one.seq === seq) ?? [],
    );
    return [...this.#stored(waiting).values()];
  }

  holdsReceipt(receiptId: string): boolean {
    return [...this.#rows.values()].some((row) => row.receiptId === receiptId);
  }

  #keep(waiting: readonly Waiting[], receiptId: string | null): void {
    for (const one of waiting) {
      const row = this.#rows.get(one.row);
      if (row === undefined) this.#rows.set(one.row, { at: one.at, receiptId, unconfirmed: 1 });
      else row.unconfirmed += 1;
      const queue = this.#queues.get(one.fingerprint);
      if (queue === undefined) this.#queues.set(one.fingerprint, [one]);
      else {
        // It travels later than now, and its row holds it: twice would only fill memory.
        one.change = null;
        queue.push(one);
      }
    }
    this.#size += waiting.length;
  }

  #stored(waiting: readonly Waiting[]): Map<string, Change> {
    if (waiting.length === 0) return new Map();
    const wanted = new Set(waiting.map(({ fingerprint, seq }) => `${fingerprint}:${seq}`));
    const found = new Map<string, Change>();
    for (const { changes } of this.#sql.exec<{ changes: string }>(
      "SELECT changes FROM acknowledged WHERE id IN (SELECT value FROM json_each(?))",
      JSON.stringify([...new Set(waiting.map(({ row }) => row))]),
    )) {
      for (const change of JSON.parse(changes) as Change[]) {
        const id = idOf(change).join(":");
        if (wanted.has(id)) found.set(id, change);
      }
    }
    return found;
  }
}

/** Creates its table; what an older version kept one row per change moves into it. */
export const createOutbox = (sql: SqlStorage): void => {
  sql.exec(`CREATE TABLE IF NOT EXISTS acknowledged (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, receipt_id TEXT, ids TEXT NOT NULL, changes TEXT NOT NULL)`);
  if (sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'outbox'").toArray().length === 0) return;
  sql.exec(`INSERT INTO acknowledged (at, receipt_id, ids, changes)
    SELECT at, receipt_id, json_array(json_array(fingerprint, seq)), '[' || change || ']'
    FROM outbox ORDER BY fingerprint, seq`);
  sql.exec("DROP TABLE outbox");
};

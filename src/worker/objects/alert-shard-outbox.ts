/**
 * What a shard has acknowledged and D1 has not confirmed yet: one row per request, which is also the only place where the
 * state that its events left their alerts in is on disk, until that is taken over. Which changes wait, in what order for
 * each alert, is kept in memory, so that ringing reads nothing back.
 */
import type { Millis } from "../../core/alert/alert.ts";
import { type Change, MAX_MESSAGE_CHARS } from "../../core/messages.ts";
import type { State } from "./alert-shard-change.ts";

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
  /** Its bell may have been rung by an earlier life of the object. */
  readonly recovered: boolean;
  /** Its JSON; null once it was rung, or was read back: the row still holds it. */
  text: string | null;
  rungAt: Millis;
}

/** A change, and the state it left its alert in, unless that is written apart. */
export interface Kept {
  readonly change: Change;
  readonly state: State | null;
}

interface Row {
  readonly at: Millis;
  readonly receiptId: string | null;
  unconfirmed: number;
  /** Its states are the newest on disk. */
  holdsStates: boolean;
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

  /** Reads back what an earlier life of the object left; its states have been taken over by then. */
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
          recovered: true,
          text: null,
          rungAt: 0,
        })),
        receipt_id,
        false,
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
  append(kept: readonly Kept[], at: Millis, receiptId: string | null): Waiting[] {
    const waiting: Waiting[] = [];
    const texts = kept.map(({ change }) => JSON.stringify(change));
    for (let from = 0, to = 0; from < kept.length; from = to) {
      const parts: string[] = [];
      for (let size = 0; to < kept.length && (to === from || size + texts[to]!.length <= MAX_ROW_CHARS); to++) {
        size += texts[to]!.length;
        parts.push(`[${texts[to]},${JSON.stringify(kept[to]!.state)}]`);
      }
      const ids = kept.slice(from, to).map(({ change }) => idOf(change));
      const { id } = this.#sql
        .exec<{ id: number }>(
          "INSERT INTO acknowledged (at, receipt_id, ids, changes) VALUES (?,?,?,?) RETURNING id",
          at,
          receiptId,
          JSON.stringify(ids),
          `[${parts.join(",")}]`,
        )
        .one();
      ids.forEach(([fingerprint, seq], i) => {
        waiting.push({ row: id, fingerprint, seq, at, recovered: false, text: texts[from + i]!, rungAt: 0 });
      });
    }
    return waiting;
  }

  /** Takes note of what has been written. */
  add(waiting: readonly Waiting[], receiptId: string | null): void {
    this.#keep(waiting, receiptId, true);
  }

  /** Of what waits of these alerts, the rows that alone hold the states it left. */
  rowsWithStates(fingerprints: Iterable<string>): number[] {
    const rows = new Set<number>();
    for (const fingerprint of fingerprints) {
      for (const { row } of this.#queues.get(fingerprint) ?? []) {
        if (this.#rows.get(row)?.holdsStates === true) rows.add(row);
      }
    }
    return [...rows];
  }

  /** The states of these rows have been taken over. */
  statesTaken(rows: readonly number[]): void {
    for (const id of rows) {
      const row = this.#rows.get(id);
      if (row !== undefined) row.holdsStates = false;
    }
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

  /** Each as the JSON it travels as: of itself, or only of its name where it would not fit a message. */
  travelling(waiting: readonly Waiting[]): { readonly waiting: Waiting; readonly text: string }[] {
    const stored = this.#stored(waiting.filter(({ text }) => text === null));
    return waiting.flatMap((one) => {
      const { fingerprint, seq } = one;
      const text = one.text ?? JSON.stringify(stored.get(`${fingerprint}:${seq}`));
      if (text === undefined) return [];
      const ref = { kind: "ref", fingerprint, seq } satisfies Change;
      return [{ waiting: one, text: text.length <= MAX_MESSAGE_CHARS ? text : JSON.stringify(ref) }];
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

  #keep(waiting: readonly Waiting[], receiptId: string | null, holdsStates: boolean): void {
    for (const one of waiting) {
      const row = this.#rows.get(one.row);
      if (row === undefined) this.#rows.set(one.row, { at: one.at, receiptId, unconfirmed: 1, holdsStates });
      else row.unconfirmed += 1;
      const queue = this.#queues.get(one.fingerprint);
      if (queue === undefined) this.#queues.set(one.fingerprint, [one]);
      else {
        // It travels later than now, and its row holds it: twice would only fill memory.
        one.text = null;
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
      for (const kept of JSON.parse(changes) as (Change | readonly [Change, State | null])[]) {
        // Rows of an older version hold changes alone.
        const change = "kind" in kept ? kept : kept[0];
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

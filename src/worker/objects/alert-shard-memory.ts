/**
 * What a shard knows of its alerts: the entries in memory, each with a number for the state it is in, and where the others
 * are read from. Entries are written here as well, but only their caller knows when.
 */
import type { Labels, Millis } from "../../core/alert/alert.ts";
import type { Dedup, Entry } from "../../core/dedup/decide.ts";
import { Recent } from "../recent.ts";
import type { Outbox } from "./alert-shard-outbox.ts";
import { Signs } from "./alert-shard-signs.ts";
import { keyOf, loadEntries, takeOver } from "./alert-shard-store.ts";

interface Held {
  entry: Entry;
  /** Changes with what the entry says; begins anew above any that was given out before. */
  version: number;
}

/** Entries kept in memory: one to two kB each, and several objects may share the 128 MB of an isolate. */
const MAX_ENTRIES = 10_000;
/** More states than one object can go through in a millisecond. */
const VERSIONS_PER_MS = 1_000;

export class Memory {
  readonly #sql: SqlStorage;
  readonly #outbox: Outbox;
  readonly #held = new Recent<Held>(MAX_ENTRIES);
  /** Numbers of states up to this one were given out by an earlier life of the object. */
  readonly life = Date.now() * VERSIONS_PER_MS;
  #lastVersion = this.life;
  readonly signs: Signs;

  constructor(sql: SqlStorage, outbox: Outbox) {
    this.#sql = sql;
    this.#outbox = outbox;
    this.signs = new Signs(sql);
  }

  get size(): number {
    return this.#held.size;
  }

  /** The entry of an alert, where it is in memory. */
  get(fingerprint: string): Entry | null {
    return this.#held.get(fingerprint)?.entry ?? null;
  }

  /** The number of the state an alert is in; null where that is not in memory. */
  versionOf(fingerprint: string): number | null {
    return this.#held.get(fingerprint)?.version ?? null;
  }

  /** Brings the entries of alerts into memory; where one is stored follows from its labels, or is given. */
  load(alerts: readonly { readonly fingerprint: string; readonly labels?: Labels; readonly key?: string }[]): void {
    const missing = alerts.filter(({ fingerprint }) => !this.#held.has(fingerprint));
    if (missing.length === 0) return;
    this.takeOver(missing.map(({ fingerprint }) => fingerprint));
    const keys = missing.map(({ fingerprint, labels = {}, key }) => key ?? keyOf(fingerprint, labels));
    for (const entry of loadEntries(this.#sql, keys)) {
      this.#held.set(entry.fingerprint, { entry: this.signs.applyTo(entry), version: ++this.#lastVersion });
    }
  }

  /** Writes the entries that only rows of the outbox hold, before those rows go or are looked for here. */
  takeOver(fingerprints: Iterable<string>): void {
    const rows = this.#outbox.rowsWithStates(fingerprints);
    if (rows.length === 0) return;
    takeOver(this.#sql, rows);
    this.#outbox.statesTaken(rows);
  }

  /** Keeps what was decided of an alert; answers the number of the state it is in now. */
  remember({ entry, outcome, durable }: Dedup): number {
    const held = this.#held.get(entry.fingerprint);
    if (durable) this.signs.forget(entry.fingerprint);
    if (held === undefined) {
      this.#held.set(entry.fingerprint, { entry, version: ++this.#lastVersion });
      return this.#lastVersion;
    }
    held.entry = entry;
    if (outcome !== "duplicate") held.version = ++this.#lastVersion;
    return held.version;
  }

  /** An alert whose renewals may have been lost is given until then. */
  postpone(fingerprint: string, expiresAt: Millis): void {
    const held = this.#held.get(fingerprint);
    if (held !== undefined) held.entry = { ...held.entry, expiresAt };
  }

  /** Takes note that the signs of an alert changed, and nothing else; answers by when they are to be written. */
  noteSign(entry: Entry, now: Millis): Millis {
    return this.signs.note(entry, now);
  }
}

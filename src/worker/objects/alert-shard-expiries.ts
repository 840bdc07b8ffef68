/** When alerts of a shard end unless somebody reports them again, and which of those may still have been renewed unseen. */
import type { Millis } from "../../core/alert/alert.ts";
import type { Stored } from "./alert-shard-store.ts";

interface Expiry {
  readonly key: string;
  readonly at: Millis;
  /** Reported since this object came into memory: its expiry is known, not read back. */
  readonly heard: boolean;
  /** Was given its one more stretch. */
  readonly graced: boolean;
}

export class Expiries {
  readonly #byFingerprint = new Map<string, Expiry>();

  /** Begins with what is on disk. */
  constructor(stored: Iterable<Stored>) {
    for (const { fingerprint, key, expiresAt, grace } of stored) {
      this.#byFingerprint.set(fingerprint, { key, at: expiresAt, heard: false, graced: grace });
    }
  }

  /** An alert was reported, or came to its end: null. */
  set(fingerprint: string, key: string, at: Millis | null): void {
    if (at === null) this.#byFingerprint.delete(fingerprint);
    else this.#byFingerprint.set(fingerprint, { key, at, heard: true, graced: false });
  }

  /** Gives an alert its one more stretch. */
  postpone(fingerprint: string, key: string, at: Millis): void {
    this.#byFingerprint.set(fingerprint, { key, at, heard: false, graced: true });
  }

  delete(fingerprint: string): void {
    this.#byFingerprint.delete(fingerprint);
  }

  /** Alerts whose time has come. `unsure`: renewals may have been lost with the memory of an earlier life. */
  due(now: Millis): { readonly fingerprint: string; readonly key: string; readonly unsure: boolean }[] {
    const due: { fingerprint: string; key: string; unsure: boolean }[] = [];
    for (const [fingerprint, { key, at, heard, graced }] of this.#byFingerprint) {
      if (at <= now) due.push({ fingerprint, key, unsure: !heard && !graced });
    }
    return due;
  }

  /** When the next one comes; null without any. */
  next(): Millis | null {
    let next = Number.POSITIVE_INFINITY;
    for (const { at } of this.#byFingerprint.values()) next = Math.min(next, at);
    return Number.isFinite(next) ? next : null;
  }
}

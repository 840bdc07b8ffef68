/**
 * The books of one target object: ends an entry, keeps it for later, collapses what overflows, hands it to a fallback.
 * Each of these is one transaction with its report owed to D1, so a crash never leaves half of it.
 */
import { notificationId } from "../../core/history/event.ts";
import type { PendingNotification } from "../../core/messages.ts";
import { overdueAfterMs } from "../../core/publish/backoff.ts";
import { collapseOf, digestOf } from "../../core/publish/digest.ts";
import type { Format } from "../../core/publish/format.ts";
import { openedAfter, stepLine } from "../../core/publish/line.ts";
import type { Notification } from "../../core/publish/notification.ts";
import type { Receipt } from "../../core/publish/outcome.ts";
import { headOf } from "../db/notifications.ts";
import type { Addressed } from "../ring.ts";
import { type Counted, Counter, loadBacklog } from "./target-backlog.ts";
import { keyOf, newEntry, waitingResult } from "./target-entry.ts";
import * as owed from "./target-owed.ts";
import type { Reporter } from "./target-reporter.ts";
import type { TargetState } from "./target-state.ts";
import * as store from "./target-store.ts";

/** Notifications that one digest stands for at most: about 20 MB in memory while it is made. */
const MAX_COLLAPSED = 5_000;
const DAY_MS = 86_400_000;
/** A replay or a late repeat comes within days; something still open may stay so for months. */
const KEEP_CLOSED_MS = 7 * DAY_MS;
const KEEP_OPEN_MS = 90 * DAY_MS;
/** Only problems that wait at least this often are looked at for collapsing. */
const MIN_BACKLOG = 6;

/** A line whose front is to be told, as `tell`. */
export interface SettledLine {
  readonly line: readonly store.Entry[];
  readonly tell: Notification | null;
}

export interface Received {
  readonly waiting: readonly store.Entry[];
  readonly fresh: readonly store.Entry[];
}

export interface Ending {
  readonly state: store.FinalState;
  readonly reason: string | null;
  readonly error: string | null;
  readonly attempts: readonly store.Attempt[];
  /** Undefined: what is remembered stays. */
  readonly receipt?: Receipt | null;
}

export class Desk {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  readonly #name: string;
  readonly #state: TargetState;
  readonly #reporter: Reporter;
  readonly #counter: Counter;
  /** Entries that lie in `waiting` and are not done. */
  waiting: number;

  constructor(storage: DurableObjectStorage, name: string, state: TargetState, reporter: Reporter) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#name = name;
    this.#state = state;
    this.#reporter = reporter;
    this.#counter = new Counter(this.#sql);
    this.waiting = store.countWaiting(this.#sql);
  }

  /** What waits, as it was a moment ago. */
  counted(now: number): Counted {
    return this.#counter.count(this.waiting, now);
  }

  /**
   * Sorts out what comes in for one subject: what is known is only reported again, what is new is answered together
   * with what waits on disk already. `line` is what is in memory.
   */
  receive(subject: string, items: readonly PendingNotification[], line: readonly store.Entry[], now: number): Received {
    const told = store.loadTold(this.#sql, subject);
    const waiting = this.waiting > 0 ? store.loadWaiting(this.#sql, subject) : [];
    const fresh: store.Entry[] = [];
    for (const item of items) {
      const replay = item.replay ?? 0;
      const isThis = (known: { readonly seq: number; readonly replay: number }): boolean =>
        known.seq === item.seq && known.replay === replay;
      const kept = waiting.find(isThis);
      const done = told?.results.find(isThis) ?? store.loadUnreported(this.#sql, subject, item.seq, replay);
      if (done !== null) this.#reporter.add({ ...done, head: headOf(item) });
      // Two bells of one batch may bring the same.
      else if (line.some(isThis) || fresh.some(isThis)) continue;
      else if (kept !== undefined) this.#reporter.add(waitingResult(kept, now));
      else fresh.push(this.entryOf(item, now));
    }
    return { waiting, fresh };
  }

  /** A notification as it stands in the queue for the first time. */
  entryOf(item: PendingNotification, now: number): store.Entry {
    const entry = newEntry(item, now);
    // Who was told of the problem by the fallback hears of its end there, too.
    const ends = item.fallback !== undefined && item.notification.status === "resolved";
    if (!ends || !owed.takeHanded(this.#sql, item.subject)) return entry;
    this.#hand(item, now);
    return { ...entry, fallbackAt: null };
  }

  /** An entry came to its end. */
  finish(entry: store.Entry, ending: Ending, now: number): void {
    const { item } = entry;
    const { receipt, ...rest } = ending;
    const result = { ...keyOf(entry), ...rest, nextAttemptAt: null, completedAt: now } satisfies store.Result;
    this.#storage.transactionSync(() => {
      const told = store.loadTold(this.#sql, item.subject);
      const opened = openedAfter(told?.opened ?? "none", {
        status: item.notification.status,
        state: ending.state,
        attempted: entry.attempted,
        isNewest: entry.seq > (told?.seq ?? 0),
      });
      store.saveTold(this.#sql, told, result, opened, receipt === undefined ? (told?.receipt ?? null) : receipt);
      if (entry.stored) {
        store.markDone(this.#sql, result);
        this.waiting -= 1;
      }
      if (ending.state === "dead" && entry.fallbackAt !== null) this.#hand(item, now);
    });
    this.#reporter.add(result, entry.stored);
  }

  /** Ends what stands at the front of a line and is not to be told; answers what is left, and how it is told. */
  settle(subject: string, line: readonly store.Entry[], audience: Format["audience"], now: number): SettledLine {
    let rest = line;
    for (;;) {
      const step = stepLine(rest, store.loadTold(this.#sql, subject), audience);
      if (step.kind === "empty") return { line: [], tell: null };
      if (step.kind === "tell") return { line: [step.entry, ...step.rest], tell: step.notification };
      const { state, reason, entry } = step;
      const kept = entry.receipt === undefined ? {} : { receipt: entry.receipt };
      this.finish(entry, { state, reason, error: null, attempts: entry.attempts, ...kept }, now);
      rest = step.rest;
    }
  }

  /** A settled line has to wait; D1 hears of it where it is news. */
  keep({ line, tell }: SettledLine, now: number): void {
    let earliest = 0;
    this.#storage.transactionSync(() => {
      for (const [i, entry] of line.entries()) {
        // Nothing overtakes what stands before it in its own line.
        earliest = Math.max(earliest, entry.nextAttemptAt);
        const state = entry.state === "pending" ? "deferred" : entry.state;
        const kept: store.Entry = { ...entry, nextAttemptAt: earliest, state, stored: true };
        store.saveWaiting(this.#sql, kept, i === 0 && tell?.kind === "missed");
        if (!entry.stored) this.waiting += 1;
        if (!entry.stored || entry.state === "retry") this.#reporter.add(waitingResult(kept, now));
      }
    });
  }

  /** Ends entries that waited for longer than the target's window although it failed again just now. */
  expire(windowSeconds: number, error: string, except: (subject: string) => boolean, now: number): void {
    for (const entry of store.loadOverdue(this.#sql, now - overdueAfterMs(windowSeconds), 500)) {
      if (except(entry.item.subject)) continue;
      const last = entry.attempts.at(-1);
      const ending = { reason: last?.reason ?? "server_error", error: last?.error ?? error, attempts: entry.attempts };
      this.finish(entry, { state: "dead", ...ending }, now);
    }
  }

  /** Once a day forgets what nobody will ask for again. */
  clean(now: number): void {
    if (now - this.#state.cleanedAt < DAY_MS) return;
    store.forgetTold(this.#sql, now - KEEP_CLOSED_MS, now - KEEP_OPEN_MS);
    this.#state.cleanedAt = now;
    this.#state.save(now);
  }

  /** Tells fallbacks of what waits for too long. */
  handOverdue(now: number): void {
    for (const entry of store.loadFallbackDue(this.#sql, now, 500)) {
      this.#storage.transactionSync(() => {
        this.#hand(entry.item, now);
        store.clearFallback(this.#sql, entry);
      });
    }
  }

  #hand(item: PendingNotification, now: number): void {
    if (item.fallback === undefined || item.fallback === this.#name) return;
    const { fallback, fallbackAfterMs: _, ...rest } = item;
    const id = notificationId(item.subject, item.seq, fallback, item.replay);
    const notification = { ...item.notification, id };
    this.#reporter.addExtra({ target: fallback, item: { ...rest, notification } } satisfies Addressed);
    if (notification.status === "firing") owed.markHanded(this.#sql, item.subject, now);
  }

  /** Makes one digest of what this target cannot work off; answers how many notifications it stands for. */
  collapse(format: Format, publicUrl: string, except: (subject: string) => boolean, now: number): number {
    if (this.waiting < MIN_BACKLOG) return 0;
    const how = collapseOf(this.counted(now).backlog, format.pace, format.audience, now);
    if (how === "none") return 0;
    const entries = loadBacklog(this.#sql, how, format.audience, MAX_COLLAPSED, except);
    if (entries.length < 2) return 0;
    const digests = this.#state.digests + 1;
    const subject = `digest:${digests}`;
    const notification = digestOf(
      entries.map((entry) => entry.notification),
      { id: notificationId(subject, 1, this.#name), target: this.#name, publicUrl, at: now },
    );
    const item: PendingNotification = { subject, seq: 1, at: now, notification };
    this.#storage.transactionSync(() => {
      this.#state.digests = digests;
      this.#state.save(now);
      this.#reporter.addExtra({ target: this.#name, item });
      this.keep({ line: [{ ...this.entryOf(item, now), reason: "pacing" }], tell: notification }, now);
      for (const entry of entries) {
        this.finish(entry, { state: "digested", reason: subject, error: null, attempts: entry.attempts }, now);
      }
    });
    return entries.length;
  }
}

/**
 * One shard of dedup: remembers every alert whose hash leads here and commits each change together with its outbox
 * row. Answering `ingest` means the change is on disk: the output gate holds the reply until then. A queue message is
 * only a doorbell; the outbox row goes when the consumer confirms, and the alarm rings again until it does.
 */

import { DurableObject } from "cloudflare:workers";
import type { Labels, Millis } from "../../core/alert/alert.ts";
import { type Dedup, type DedupOutcome, decide, type Entry, expire, repeat } from "../../core/dedup/decide.ts";
import type { Change } from "../../core/messages.ts";
import type { Bindings } from "../env.ts";
import type { Repeat } from "../known-alerts.ts";
import { logError } from "../log.ts";
import { type HandedOver, handOver, takeCounts } from "../metrics/count.ts";
import { countReports } from "../metrics/reports.ts";
import { inSpan } from "../span.ts";
import { numberOf } from "../variables.ts";
import { type IngestBatch, readBatch } from "./alert-shard-batch.ts";
import { Bell } from "./alert-shard-bell.ts";
import { changeOf, type ReportContext } from "./alert-shard-change.ts";
import { Expiries } from "./alert-shard-expiries.ts";
import { Memory } from "./alert-shard-memory.ts";
import { type ChangeId, OUTBOX_GRACE_MS, Outbox, type Waiting } from "./alert-shard-outbox.ts";
import { RepeatCounter } from "./alert-shard-repeats.ts";
import * as store from "./alert-shard-store.ts";

export type IngestAnswer =
  | {
      readonly ok: true;
      readonly outcomes: readonly DedupOutcome[];
      /** A number for the state each report left its alert in: while it holds, the same report changes nothing. */
      readonly versions: readonly number[];
      /** Numbers up to this one are of an earlier life of the object and mean nothing to it. */
      readonly life: number;
    }
  | { readonly ok: false; readonly reason: "overloaded" };

/** Unconfirmed changes above which ingest is refused with 503: at 2 kB each, about 40 MB waiting in this shard. */
const MAX_UNCONFIRMED = 20_000;
/** An object that comes into memory with unconfirmed changes rings for them this soon. */
const RECOVERY_MS = 1_000;

const countBy = (outcomes: readonly DedupOutcome[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
};

export class AlertShard extends DurableObject<Bindings> {
  readonly #sql = this.ctx.storage.sql;
  readonly #name = this.ctx.id.name ?? null;
  readonly #repeats = new RepeatCounter();
  #outbox!: Outbox;
  #memory!: Memory;
  #expiries!: Expiries;
  #bell!: Bell;
  #alarmAt: Millis | null = null;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    void ctx.blockConcurrencyWhile(async () => {
      store.createTables(this.#sql);
      this.#outbox = new Outbox(this.#sql);
      this.#memory = new Memory(this.#sql, this.#outbox);
      this.#bell = new Bell(ctx, env, this.#outbox);
      const { signs } = this.#memory;
      this.#expiries = new Expiries(store.loadExpiries(this.#sql).map((stored) => signs.applyToExpiry(stored)));
      this.#alarmAt = await ctx.storage.getAlarm();
      // What an earlier life left unconfirmed need not wait for the grace its bells were given.
      if (this.#outbox.size > 0) this.#alarmBy(Date.now() + RECOVERY_MS);
    });
  }

  /** Commits every change of a batch (`writeBatch`) and its outbox row in one transaction. What only repeats writes nothing. */
  ingest(text: string): IngestAnswer {
    const batch = readBatch(text);
    const { receiptId, source, alerts } = batch;
    return inSpan("dedup", { shard: this.#name, receiptId, source, alerts: alerts.length }, (note) => {
      const answer = this.#ingest(batch);
      note(answer.ok ? countBy(answer.outcomes) : { reason: answer.reason });
      return answer;
    });
  }

  #ingest(batch: IngestBatch): IngestAnswer {
    if (this.#outbox.size >= MAX_UNCONFIRMED) return { ok: false, reason: "overloaded" };
    const now = Date.now();
    this.#memory.load(batch.alerts);
    const decided: Dedup[] = [];
    const pending = new Map<string, Entry>();
    for (const alert of batch.alerts) {
      const known = pending.get(alert.fingerprint) ?? this.#memory.get(alert.fingerprint);
      const result = decide(known, alert, now, batch.source);
      pending.set(alert.fingerprint, result.entry);
      decided.push(result);
    }
    const durable = decided.flatMap((d, i) =>
      d.durable ? [{ d, report: { ...batch, alert: batch.alerts[i]!, now } }] : [],
    );
    if (durable.length > 0) {
      this.#commit(durable, now, batch.receiptId);
      this.#alarmBy(now + OUTBOX_GRACE_MS);
    }
    const versions = decided.map((d) => this.#remember(d, now));
    countReports(decided);
    if (durable.length > 0) this.#bell.ringFor(durable.map(({ d }) => d.entry.fingerprint));
    return { ok: true, outcomes: decided.map((d) => d.outcome), versions, life: this.#memory.life };
  }

  /** Reports that say what they said before; false, and nothing done, where one of them may mean something by now. */
  repeat(repeats: readonly Repeat[]): boolean {
    if (!repeats.every(([fingerprint, version]) => this.#memory.versionOf(fingerprint) === version)) return false;
    return inSpan("dedup", { shard: this.#name, alerts: repeats.length, duplicate: repeats.length }, () => {
      const now = Date.now();
      const decided = repeats.map(([fingerprint, , expiresAt]) => {
        const d = repeat(this.#memory.get(fingerprint)!, expiresAt, now);
        this.#remember(d, now);
        return d;
      });
      countReports(decided);
      return true;
    });
  }

  /** The consumer holds these changes in D1: their outbox rows go, and what waited behind them is rung. */
  confirm(ids: readonly ChangeId[]): void {
    this.#memory.takeOver(ids.map(([fingerprint]) => fingerprint));
    this.#outbox.confirm(ids);
    this.#bell.confirmed(ids);
  }

  /** Changes whose message only refers to them. */
  load(ids: readonly ChangeId[]): Change[] {
    return this.#outbox.load(ids);
  }

  /** True while a change of this receipt waits for the consumer. */
  holdsReceipt(receiptId: string): boolean {
    return this.#outbox.holdsReceipt(receiptId);
  }

  /** Live counts of one alert, duplicates included; null where this shard never saw it. */
  seen(
    fingerprint: string,
    labels: Labels,
  ): { readonly firstSeen: Millis; readonly lastReceivedAt: Millis; readonly receiveCount: number } | null {
    this.#memory.load([{ fingerprint, labels }]);
    const entry = this.#memory.get(fingerprint);
    return entry === null
      ? null
      : { firstSeen: entry.firstSeen, lastReceivedAt: entry.lastReceivedAt, receiveCount: entry.receiveCount };
  }

  /** What waits here: for readiness and metrics. */
  status(): { readonly outboxRows: number; readonly entriesInMemory: number } {
    return { outboxRows: this.#outbox.size, entriesInMemory: this.#memory.size };
  }

  /** For a scrape: what waits here, and what was counted here since the last. */
  collect(): { readonly taken: HandedOver; readonly outboxRows: number; readonly outboxOldest: Millis | null } {
    return { taken: takeCounts(), outboxRows: this.#outbox.size, outboxOldest: this.#outbox.oldest };
  }

  override async alarm(): Promise<void> {
    this.#alarmAt = null;
    const now = Date.now();
    try {
      this.#expire(now);
      this.ctx.storage.transactionSync(() => this.#memory.signs.flush(now));
      await this.#bell.ringDue();
      await this.#repeats.report(this.env.DB, now);
    } catch (error) {
      // A failing alarm is retried six times and then given up for good; this one always comes again.
      logError("shard.alarm", error);
    }
    if (this.#outbox.size > 0) this.#alarmBy(now + OUTBOX_GRACE_MS);
    await handOver(this.env);
    const next = this.#expiries.next();
    if (next !== null) this.#alarmBy(Math.max(next, now + 1000));
  }

  /** What the consumer has to hear and the states behind it, in one transaction; what only updates is written apart. */
  #commit(durable: readonly { d: Dedup; report: ReportContext }[], now: Millis, receiptId: string | null): void {
    const kept = durable.map(({ d, report }) => ({
      change: changeOf(d, report),
      state: d.transition === null ? null : store.stateOf(d.entry),
    }));
    let waiting: readonly Waiting[] = [];
    this.ctx.storage.transactionSync(() => {
      for (const { d } of durable) if (d.transition === null) store.saveEntry(this.#sql, d.entry);
      waiting = this.#outbox.append(kept, now, receiptId);
    });
    this.#outbox.add(waiting, receiptId);
  }

  /** Answers the number of the state it is in now. */
  #remember(d: Dedup, now: Millis): number {
    const { fingerprint, labels, expiresAt, status } = d.entry;
    const version = this.#memory.remember(d);
    if (status === "firing" && expiresAt !== null) {
      this.#expiries.set(fingerprint, store.keyOf(fingerprint, labels), expiresAt);
      this.#alarmBy(Math.max(expiresAt, now + 1000));
    } else this.#expiries.delete(fingerprint);
    if (d.outcome === "duplicate") this.#repeats.count(fingerprint, now);
    if (!d.durable) this.#alarmBy(this.#memory.noteSign(d.entry, now));
    return version;
  }

  #expire(now: Millis): void {
    const due = this.#expiries.due(now);
    if (due.length === 0) return;
    this.#memory.load(due);
    const graceUntil = now + numberOf(this.env, "RESOLVE_TIMEOUT") * 1000;
    const ended: { d: Dedup; report: ReportContext }[] = [];
    for (const { fingerprint, key, unsure } of due) {
      const entry = this.#memory.get(fingerprint);
      if (entry === null || entry.status !== "firing" || entry.expiresAt === null) {
        this.#expiries.delete(fingerprint);
      } else if (unsure) {
        // Read back: the last renewal may have gone with the memory, and the next is as far off as its sender likes.
        store.postponeExpiry(this.#sql, key, graceUntil);
        this.#expiries.postpone(fingerprint, key, graceUntil);
        this.#memory.postpone(fingerprint, graceUntil);
      } else {
        const { source } = entry;
        const report = { alert: null, now, receiptId: null, source, format: "prometheus", upstream: null } as const;
        ended.push({ d: expire(entry, now), report });
      }
    }
    if (ended.length === 0) return;
    this.#commit(ended, now, null);
    for (const { d } of ended) this.#remember(d, now);
  }

  #alarmBy(at: Millis): void {
    if (this.#alarmAt !== null && this.#alarmAt <= at) return;
    this.#alarmAt = at;
    void this.ctx.storage.setAlarm(at);
  }
}

/**
 * One shard of dedup: remembers every alert whose hash leads here and commits each change together with its outbox
 * row. Answering `ingest` means the change is on disk: the output gate holds the reply until then. A queue message is
 * only a doorbell; the outbox row goes when the consumer confirms, and the alarm rings again until it does.
 */

import { DurableObject } from "cloudflare:workers";
import type { Alert, IngestFormat, Millis, UpstreamGroup } from "../../core/alert/alert.ts";
import { type Dedup, type DedupOutcome, decide, type Entry, expire } from "../../core/dedup/decide.ts";
import { type AlertsMessage, type Change, MAX_BATCH_CHARS, MAX_MESSAGE_CHARS, pack } from "../../core/messages.ts";
import type { Bindings } from "../env.ts";
import { logError } from "../log.ts";
import { type HandedOver, handOver, takeCounts } from "../metrics/count.ts";
import { countReports } from "../metrics/reports.ts";
import { numberOf } from "../variables.ts";
import { changeOf, messageChange, type ReportContext } from "./alert-shard-change.ts";
import { RepeatCounter } from "./alert-shard-repeats.ts";
import * as store from "./alert-shard-store.ts";

export interface IngestBatch {
  readonly alerts: readonly Alert[];
  readonly receiptId: string;
  readonly source: string | null;
  readonly format: IngestFormat;
  readonly upstream: UpstreamGroup | null;
}
export type IngestAnswer =
  | { readonly ok: true; readonly outcomes: readonly DedupOutcome[] }
  | { readonly ok: false; readonly reason: "overloaded" };

/** Unconfirmed changes above which ingest is refused with 503: at 2 kB each, about 40 MB waiting in this shard. */
const MAX_OUTBOX_ROWS = 20_000;
/** How long a change may stay unconfirmed before its bell is rung again; a busy consumer needs some seconds. */
const OUTBOX_GRACE_MS = 15_000;
/** An object that comes into memory with unconfirmed changes rings for them this soon. */
const RECOVERY_MS = 1_000;
/** Changes rung in one go: bounds memory and the time of one drain. */
const DRAIN_ROWS = 500;
/** An idle object leaves memory after about 10 s: signs of life are written before that. */
const FLUSH_DELAY_MS = 5_000;
/** Under steady traffic signs are written at most this often. */
const FLUSH_INTERVAL_MS = 60_000;
/** Entries kept in memory: about 1 kB each. */
const MAX_CACHED_ENTRIES = 20_000;

export class AlertShard extends DurableObject<Bindings> {
  readonly #sql = this.ctx.storage.sql;
  readonly #entries = new Map<string, Entry>();
  readonly #expiries = new Map<string, Millis>();
  /** Alerts heard of since this object came into memory: their expiry is known, not read back. */
  readonly #heard = new Set<string>();
  readonly #graced = new Set<string>();
  readonly #rungAt = new Map<string, Millis>();
  readonly #dirtyChunks = new Set<string>();
  #signs = new Map<string, store.Sign>();
  #outboxRows = 0;
  #alarmAt: Millis | null = null;
  #flushedAt: Millis = 0;
  readonly #repeats = new RepeatCounter();
  readonly #toRing = new Set<string>();
  #ringing: Promise<void> | null = null;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    void ctx.blockConcurrencyWhile(async () => {
      store.createTables(this.#sql);
      this.#outboxRows = store.countOutbox(this.#sql);
      this.#signs = store.loadSigns(this.#sql);
      for (const row of store.loadExpiries(this.#sql)) {
        this.#expiries.set(row.fingerprint, this.#signs.get(row.fingerprint)?.[2] ?? row.expires_at);
        if (row.grace === 1) this.#graced.add(row.fingerprint);
      }
      this.#alarmAt = await ctx.storage.getAlarm();
      // What an earlier life left unconfirmed need not wait for the grace its bells were given.
      if (this.#outboxRows > 0) this.#alarmBy(Date.now() + RECOVERY_MS);
    });
  }

  /** Commits every change of these alerts and its outbox row in one transaction. What only repeats writes nothing. */
  ingest(batch: IngestBatch): IngestAnswer {
    if (this.#outboxRows >= MAX_OUTBOX_ROWS) return { ok: false, reason: "overloaded" };
    const now = Date.now();
    this.#load(batch.alerts.map((alert) => alert.fingerprint));
    const decided: Dedup[] = [];
    const pending = new Map<string, Entry>();
    for (const alert of batch.alerts) {
      const known = pending.get(alert.fingerprint) ?? this.#entries.get(alert.fingerprint) ?? null;
      const result = decide(known, alert, now, batch.source);
      pending.set(alert.fingerprint, result.entry);
      decided.push(result);
    }
    const changes = decided.filter((d) => d.durable);
    if (changes.length > 0) {
      const context = batch.alerts.map((alert) => ({ ...batch, alert, now }));
      this.ctx.storage.transactionSync(() => {
        decided.forEach((d, i) => {
          if (d.durable) this.#commit(d, context[i]!);
        });
      });
      this.#outboxRows += changes.length;
      this.#alarmBy(now + OUTBOX_GRACE_MS);
    }
    for (const d of decided) this.#remember(d, now);
    countReports(decided);
    if (changes.length > 0) this.#ringFor(changes.map((d) => d.entry.fingerprint));
    return { ok: true, outcomes: decided.map((d) => d.outcome) };
  }

  /** The consumer holds these changes in D1: their outbox rows go, and what waited behind them is rung. */
  confirm(ids: readonly (readonly [fingerprint: string, seq: number])[]): void {
    this.#outboxRows -= store.removeFromOutbox(this.#sql, ids);
    for (const [fingerprint, seq] of ids) this.#rungAt.delete(`${fingerprint}:${seq}`);
    if (this.#outboxRows > 0) this.#ringFor(ids.map(([fingerprint]) => fingerprint));
  }

  /** Changes whose message only refers to them. */
  load(ids: readonly (readonly [fingerprint: string, seq: number])[]): Change[] {
    return store.loadChanges(this.#sql, ids);
  }

  /** True while a change of this receipt waits for the consumer. */
  holdsReceipt(receiptId: string): boolean {
    return store.hasReceipt(this.#sql, receiptId);
  }

  /** Live counts of one alert, duplicates included; null where this shard never saw it. */
  seen(
    fingerprint: string,
  ): { readonly firstSeen: Millis; readonly lastReceivedAt: Millis; readonly receiveCount: number } | null {
    this.#load([fingerprint]);
    const entry = this.#entries.get(fingerprint);
    return entry === undefined
      ? null
      : { firstSeen: entry.firstSeen, lastReceivedAt: entry.lastReceivedAt, receiveCount: entry.receiveCount };
  }

  /** What waits here: for readiness and metrics. */
  status(): { readonly outboxRows: number; readonly entriesInMemory: number } {
    return { outboxRows: this.#outboxRows, entriesInMemory: this.#entries.size };
  }

  /** For a scrape: what waits here, and what was counted here since the last. */
  collect(): { readonly taken: HandedOver; readonly outboxRows: number; readonly outboxOldest: Millis | null } {
    return { taken: takeCounts(), outboxRows: this.#outboxRows, outboxOldest: store.oldestOf(this.#sql) };
  }

  override async alarm(): Promise<void> {
    this.#alarmAt = null;
    const now = Date.now();
    try {
      this.#expire(now);
      this.#flushSigns(now);
      await this.#ring(store.outboxHeads(this.#sql, DRAIN_ROWS));
      await this.#repeats.report(this.env.DB, now);
    } catch (error) {
      // A failing alarm is retried six times and then given up for good; this one always comes again.
      logError("shard.alarm", error);
    }
    if (this.#outboxRows > 0) this.#alarmBy(now + OUTBOX_GRACE_MS);
    await handOver(this.env);
    const next = Math.min(...this.#expiries.values());
    if (Number.isFinite(next)) this.#alarmBy(Math.max(next, now + 1000));
  }

  #load(fingerprints: readonly string[]): void {
    const missing = [...new Set(fingerprints)].filter((fingerprint) => !this.#entries.has(fingerprint));
    if (missing.length === 0) return;
    for (const entry of store.loadEntries(this.#sql, missing)) {
      const sign = this.#signs.get(entry.fingerprint);
      const known =
        sign === undefined ? entry : { ...entry, lastReceivedAt: sign[0], receiveCount: sign[1], expiresAt: sign[2] };
      this.#entries.set(entry.fingerprint, known);
    }
  }

  #commit(d: Dedup, report: ReportContext): void {
    store.saveEntry(this.#sql, d.entry);
    const change = changeOf(d, report);
    store.addToOutbox(
      this.#sql,
      { fingerprint: d.entry.fingerprint, seq: d.entry.seq, at: report.now, change },
      report.receiptId,
    );
  }

  #remember(d: Dedup, now: Millis): void {
    const { fingerprint, expiresAt, status } = d.entry;
    this.#entries.delete(fingerprint);
    this.#entries.set(fingerprint, d.entry);
    if (this.#entries.size > MAX_CACHED_ENTRIES) this.#entries.delete(this.#entries.keys().next().value!);
    this.#heard.add(fingerprint);
    if (status === "firing" && expiresAt !== null) {
      this.#expiries.set(fingerprint, expiresAt);
      this.#alarmBy(Math.max(expiresAt, now + 1000));
    } else this.#expiries.delete(fingerprint);
    if (d.outcome === "duplicate") this.#repeats.count(fingerprint, now);
    if (!d.durable) {
      this.#signs.set(fingerprint, [d.entry.lastReceivedAt, d.entry.receiveCount, expiresAt]);
      this.#dirtyChunks.add(store.chunkOf(fingerprint));
      this.#alarmBy(Math.max(now + FLUSH_DELAY_MS, this.#flushedAt + FLUSH_INTERVAL_MS));
    } else if (this.#signs.delete(fingerprint)) this.#dirtyChunks.add(store.chunkOf(fingerprint));
  }

  #expire(now: Millis): void {
    const due = [...this.#expiries].filter(([, at]) => at <= now).map(([fingerprint]) => fingerprint);
    if (due.length === 0) return;
    this.#load(due);
    const graceUntil = now + numberOf(this.env, "RESOLVE_TIMEOUT") * 1000;
    this.ctx.storage.transactionSync(() => {
      for (const fingerprint of due) {
        const entry = this.#entries.get(fingerprint);
        if (entry === undefined || entry.status !== "firing" || entry.expiresAt === null) {
          this.#expiries.delete(fingerprint);
        } else if (!this.#heard.has(fingerprint) && !this.#graced.has(fingerprint)) {
          // Read back after a restart: renewals may have been lost with the memory, so it gets one more stretch.
          store.postponeExpiry(this.#sql, fingerprint, graceUntil);
          this.#graced.add(fingerprint);
          this.#expiries.set(fingerprint, graceUntil);
          this.#entries.set(fingerprint, { ...entry, expiresAt: graceUntil });
        } else {
          const ended = expire(entry, now);
          this.#commit(ended, {
            alert: null,
            now,
            receiptId: null,
            source: entry.source,
            format: "prometheus",
            upstream: null,
          });
          this.#outboxRows += 1;
          this.#remember(ended, now);
        }
      }
    });
  }

  #flushSigns(now: Millis): void {
    if (this.#dirtyChunks.size === 0) return;
    this.ctx.storage.transactionSync(() => store.saveSigns(this.#sql, this.#signs, this.#dirtyChunks));
    this.#dirtyChunks.clear();
    this.#flushedAt = now;
  }

  #alarmBy(at: Millis): void {
    if (this.#alarmAt !== null && this.#alarmAt <= at) return;
    this.#alarmAt = at;
    void this.ctx.storage.setAlarm(at);
  }

  /** Rings for the heads of these fingerprints; what comes in while a bell rings shares the next one. */
  #ringFor(fingerprints: readonly string[]): void {
    for (const fingerprint of fingerprints) this.#toRing.add(fingerprint);
    this.#ringing ??= this.#ringAll().finally(() => {
      this.#ringing = null;
    });
    this.ctx.waitUntil(this.#ringing);
  }

  async #ringAll(): Promise<void> {
    while (this.#toRing.size > 0) {
      const fingerprints = [...this.#toRing];
      this.#toRing.clear();
      await this.#ring(store.headsOf(this.#sql, fingerprints));
    }
  }

  async #ring(rows: readonly store.OutboxRow[]): Promise<void> {
    const now = Date.now();
    const idOf = (row: store.OutboxRow): string => `${row.fingerprint}:${row.seq}`;
    const due = rows.filter((row) => now - (this.#rungAt.get(idOf(row)) ?? 0) >= OUTBOX_GRACE_MS);
    if (due.length === 0) return;
    for (const row of due) this.#rungAt.set(idOf(row), now);
    const shard = this.ctx.id.name ?? "";
    const messages: AlertsMessage[] = pack(due, MAX_MESSAGE_CHARS).map((run) => ({
      v: 1,
      shard,
      again: run.some((row) => now - row.at >= OUTBOX_GRACE_MS),
      changes: run.map((row) => messageChange(row)),
    }));
    try {
      for (const run of pack(messages, MAX_BATCH_CHARS)) {
        await this.env.ALERTS.sendBatch(run.map((body) => ({ body })));
      }
    } catch (error) {
      // The rows stay; the alarm rings again after the grace.
      logError("shard.ring", error, { shard, changes: due.length });
      for (const row of due) this.#rungAt.delete(idOf(row));
    }
  }
}

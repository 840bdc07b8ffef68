/**
 * One shard of dedup: remembers every alert whose hash leads here and commits each change together with its outbox
 * row. Answering `ingest` means the change is on disk: the output gate holds the reply until then. A queue message is
 * only a doorbell; the outbox row goes when the consumer confirms, and the alarm rings again until it does.
 */

import { DurableObject } from "cloudflare:workers";
import type { Alert, IngestFormat, Labels, Millis, UpstreamGroup } from "../../core/alert/alert.ts";
import { type Dedup, type DedupOutcome, decide, type Entry, expire, repeat } from "../../core/dedup/decide.ts";
import type { Inhibitor } from "../../core/filter/inhibition.ts";
import type { Change } from "../../core/messages.ts";
import type { Bindings } from "../env.ts";
import type { Repeat } from "../known-alerts.ts";
import { logError } from "../log.ts";
import { type HandedOver, handOver, takeCounts } from "../metrics/count.ts";
import { countReports } from "../metrics/reports.ts";
import { inSpan } from "../span.ts";
import { numberOf } from "../variables.ts";
import { Bell } from "./alert-shard-bell.ts";
import { changeOf, type ReportContext } from "./alert-shard-change.ts";
import { type ChangeId, OUTBOX_GRACE_MS, Outbox, type Waiting } from "./alert-shard-outbox.ts";
import { RepeatCounter } from "./alert-shard-repeats.ts";
import * as store from "./alert-shard-store.ts";

export interface IngestBatch {
  readonly alerts: readonly Alert[];
  readonly receiptId: string;
  readonly source: string | null;
  readonly format: IngestFormat;
  readonly upstream: UpstreamGroup | null;
  /** By fingerprint, which alerts of the whole request inhibit it; absent: none does. */
  readonly inhibitors?: ReadonlyMap<string, readonly Inhibitor[]>;
}
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
/** An idle object leaves memory after about 10 s: signs of life are written before that. */
const FLUSH_DELAY_MS = 5_000;
/** Under steady traffic signs are written at most this often. */
const FLUSH_INTERVAL_MS = 60_000;
/** Entries kept in memory: about 1 kB each. */
const MAX_CACHED_ENTRIES = 20_000;
/** More states than one object can go through in a millisecond. */
const VERSIONS_PER_MS = 1_000;

const countBy = (outcomes: readonly DedupOutcome[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
};

export class AlertShard extends DurableObject<Bindings> {
  readonly #sql = this.ctx.storage.sql;
  readonly #name = this.ctx.id.name ?? null;
  readonly #entries = new Map<string, Entry>();
  /** A number per entry in memory that changes with what it says; begins anew above any that was given out before. */
  readonly #versions = new Map<string, number>();
  readonly #life = Date.now() * VERSIONS_PER_MS;
  #lastVersion = this.#life;
  readonly #expiries = new Map<string, { readonly key: string; readonly at: Millis }>();
  /** Alerts heard of since this object came into memory: their expiry is known, not read back. */
  readonly #heard = new Set<string>();
  readonly #graced = new Set<string>();
  readonly #dirtyChunks = new Set<string>();
  #signs = new Map<string, store.Sign>();
  #alarmAt: Millis | null = null;
  #flushedAt: Millis = 0;
  readonly #repeats = new RepeatCounter();
  #outbox!: Outbox;
  #bell!: Bell;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    void ctx.blockConcurrencyWhile(async () => {
      store.createTables(this.#sql);
      this.#outbox = new Outbox(this.#sql);
      this.#bell = new Bell(ctx, env, this.#outbox);
      this.#signs = store.loadSigns(this.#sql);
      for (const { fingerprint, key, expiresAt, grace } of store.loadExpiries(this.#sql)) {
        this.#expiries.set(fingerprint, { key, at: this.#signs.get(fingerprint)?.[2] ?? expiresAt });
        if (grace) this.#graced.add(fingerprint);
      }
      this.#alarmAt = await ctx.storage.getAlarm();
      // What an earlier life left unconfirmed need not wait for the grace its bells were given.
      if (this.#outbox.size > 0) this.#alarmBy(Date.now() + RECOVERY_MS);
    });
  }

  /** Commits every change of these alerts and its outbox row in one transaction. What only repeats writes nothing. */
  ingest(batch: IngestBatch): IngestAnswer {
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
    this.#load(batch.alerts.map(({ fingerprint, labels }) => [fingerprint, store.keyOf(fingerprint, labels)]));
    const decided: Dedup[] = [];
    const pending = new Map<string, Entry>();
    for (const alert of batch.alerts) {
      const known = pending.get(alert.fingerprint) ?? this.#entries.get(alert.fingerprint) ?? null;
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
    return { ok: true, outcomes: decided.map((d) => d.outcome), versions, life: this.#life };
  }

  /** Reports that say what they said before; false, and nothing done, where one of them may mean something by now. */
  repeat(repeats: readonly Repeat[]): boolean {
    if (!repeats.every(([fingerprint, version]) => this.#versions.get(fingerprint) === version)) return false;
    return inSpan("dedup", { shard: this.#name, alerts: repeats.length, duplicate: repeats.length }, () => {
      const now = Date.now();
      const decided = repeats.map(([fingerprint, , expiresAt]) => {
        const d = repeat(this.#entries.get(fingerprint)!, expiresAt, now);
        this.#remember(d, now);
        return d;
      });
      countReports(decided);
      return true;
    });
  }

  /** The consumer holds these changes in D1: their outbox rows go, and what waited behind them is rung. */
  confirm(ids: readonly ChangeId[]): void {
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
    this.#load([[fingerprint, store.keyOf(fingerprint, labels)]]);
    const entry = this.#entries.get(fingerprint);
    return entry === undefined
      ? null
      : { firstSeen: entry.firstSeen, lastReceivedAt: entry.lastReceivedAt, receiveCount: entry.receiveCount };
  }

  /** What waits here: for readiness and metrics. */
  status(): { readonly outboxRows: number; readonly entriesInMemory: number } {
    return { outboxRows: this.#outbox.size, entriesInMemory: this.#entries.size };
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
      this.#flushSigns(now);
      await this.#bell.ringDue();
      await this.#repeats.report(this.env.DB, now);
    } catch (error) {
      // A failing alarm is retried six times and then given up for good; this one always comes again.
      logError("shard.alarm", error);
    }
    if (this.#outbox.size > 0) this.#alarmBy(now + OUTBOX_GRACE_MS);
    await handOver(this.env);
    let next = Number.POSITIVE_INFINITY;
    for (const { at } of this.#expiries.values()) next = Math.min(next, at);
    if (Number.isFinite(next)) this.#alarmBy(Math.max(next, now + 1000));
  }

  /** Brings entries into memory; each is asked for by its fingerprint and where it is stored. */
  #load(alerts: readonly (readonly [fingerprint: string, key: string])[]): void {
    const missing = alerts.flatMap(([fingerprint, key]) => (this.#entries.has(fingerprint) ? [] : [key]));
    if (missing.length === 0) return;
    for (const entry of store.loadEntries(this.#sql, missing)) {
      const sign = this.#signs.get(entry.fingerprint);
      const known =
        sign === undefined ? entry : { ...entry, lastReceivedAt: sign[0], receiveCount: sign[1], expiresAt: sign[2] };
      this.#entries.set(entry.fingerprint, known);
    }
  }

  /** Entries and what the consumer has to hear, in one transaction. */
  #commit(durable: readonly { d: Dedup; report: ReportContext }[], now: Millis, receiptId: string | null): void {
    const changes = durable.map(({ d, report }) => changeOf(d, report));
    let waiting: readonly Waiting[] = [];
    this.ctx.storage.transactionSync(() => {
      for (const { d } of durable) store.saveEntry(this.#sql, d.entry);
      waiting = this.#outbox.append(changes, now, receiptId);
    });
    this.#outbox.add(waiting, receiptId);
  }

  /** Answers the number of the state it is in now. */
  #remember(d: Dedup, now: Millis): number {
    const { fingerprint, expiresAt, status } = d.entry;
    this.#entries.delete(fingerprint);
    this.#entries.set(fingerprint, d.entry);
    if (this.#entries.size > MAX_CACHED_ENTRIES) this.#forget(this.#entries.keys().next().value!);
    let version = this.#versions.get(fingerprint);
    if (version === undefined || d.outcome !== "duplicate") {
      version = ++this.#lastVersion;
      this.#versions.set(fingerprint, version);
    }
    this.#heard.add(fingerprint);
    if (status === "firing" && expiresAt !== null) {
      this.#expiries.set(fingerprint, { key: store.keyOf(fingerprint, d.entry.labels), at: expiresAt });
      this.#alarmBy(Math.max(expiresAt, now + 1000));
    } else this.#expiries.delete(fingerprint);
    if (d.outcome === "duplicate") this.#repeats.count(fingerprint, now);
    if (!d.durable) {
      this.#signs.set(fingerprint, [d.entry.lastReceivedAt, d.entry.receiveCount, expiresAt]);
      this.#dirtyChunks.add(store.chunkOf(fingerprint));
      this.#alarmBy(Math.max(now + FLUSH_DELAY_MS, this.#flushedAt + FLUSH_INTERVAL_MS));
    } else if (this.#signs.delete(fingerprint)) this.#dirtyChunks.add(store.chunkOf(fingerprint));
    return version;
  }

  #forget(fingerprint: string): void {
    this.#entries.delete(fingerprint);
    this.#versions.delete(fingerprint);
  }

  #expire(now: Millis): void {
    const due = [...this.#expiries].filter(([, { at }]) => at <= now);
    if (due.length === 0) return;
    this.#load(due.map(([fingerprint, { key }]) => [fingerprint, key]));
    const graceUntil = now + numberOf(this.env, "RESOLVE_TIMEOUT") * 1000;
    const ended: { d: Dedup; report: ReportContext }[] = [];
    for (const [fingerprint, { key }] of due) {
      const entry = this.#entries.get(fingerprint);
      if (entry === undefined || entry.status !== "firing" || entry.expiresAt === null) {
        this.#expiries.delete(fingerprint);
      } else if (!this.#heard.has(fingerprint) && !this.#graced.has(fingerprint)) {
        // Read back after a restart: renewals may have been lost with the memory, so it gets one more stretch.
        store.postponeExpiry(this.#sql, key, graceUntil);
        this.#graced.add(fingerprint);
        this.#expiries.set(fingerprint, { key, at: graceUntil });
        this.#entries.set(fingerprint, { ...entry, expiresAt: graceUntil });
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
}

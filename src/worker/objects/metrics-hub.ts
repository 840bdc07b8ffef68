/**
 * Keeps the counters of all isolates and objects, so that every scrape tells the same whoever answers it. A scrape
 * writes what it is about to tell, so no counter ever falls behind what was told, restarts included; between scrapes
 * counts are written at the latest every minute. What open dashboards are to hear comes the same way and goes on at once.
 */
import { DurableObject } from "cloudflare:workers";
import type { Millis } from "../../core/alert/alert.ts";
import { pack } from "../../core/messages.ts";
import type { Bindings } from "../env.ts";
import { logError } from "../log.ts";
import { Cardinality, targetOf } from "../metrics/cardinality.ts";
import type { Counts, HandedOver, Levels } from "../metrics/count.ts";
import { ours } from "../metrics/families.ts";
import { seriesOf } from "../metrics/text.ts";
import { allShards } from "../shards.ts";
import { Alarm } from "./alarm.ts";
import { LiveRelay } from "./live-relay.ts";

/** An idle object leaves memory after about 10 s: counts are written before that. */
const FLUSH_DELAY_MS = 5_000;
const FLUSH_INTERVAL_MS = 60_000;
/** Bounds memory and what is written at once, whatever labels come: 1 000 targets with their counters fit twice. */
const MAX_SERIES = 20_000;
/** UTF-16 units of one row's JSON: at three bytes each below the 2 MB a row may have. */
const MAX_ROW_CHARS = 500_000;
/** An isolate that has not been heard of for this long has no request open any more. */
const PRESENT_MS = 60_000;
/** Isolates remembered at once; the oldest go first. */
const MAX_ISOLATES = 1_000;

const DROPPED = ours("metrics_dropped_total");
const FOLDED = ours("metrics_folded_total");

/** What a scrape is told. */
export interface Collected {
  readonly counts: Counts;
  /** What only their writers know, as last told. */
  readonly levels: Counts;
  readonly openHistoryRequests: number;
  /** Shards that did not answer: what they hold is missing from this scrape. */
  readonly silentShards: number;
  readonly outboxRows: number;
  readonly outboxOldest: Millis | null;
  readonly cronAt: Millis | null;
  readonly startedAt: Millis;
}

/** One row; the first has the key `main`, more of them where it would be too long. */
interface Kept {
  readonly totals: readonly (readonly [series: string, value: number])[];
  readonly levels?: readonly (readonly [series: string, value: number])[];
  readonly marks: Marks;
}

interface Marks {
  cronAt: Millis | null;
  version: string | null;
  startedAt: Millis | null;
}

const keyOfRow = (i: number): string => (i === 0 ? "main" : `main-${i}`);

export class MetricsHub extends DurableObject<Bindings> {
  readonly #sql = this.ctx.storage.sql;
  readonly #totals = new Map<string, number>();
  readonly #levels = new Map<string, number>();
  /** Requests open per isolate, as last told: true for a moment only, so in memory only. */
  readonly #present = new Map<string, { readonly at: Millis; readonly open: number }>();
  readonly #cardinality = new Cardinality();
  #rows = 0;
  readonly #live = new LiveRelay(this.env);
  #marks: Marks = { cronAt: null, version: null, startedAt: null };
  #isDirty = false;
  #flushedAt: Millis = 0;
  readonly #alarm = new Alarm(this.ctx.storage);

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    void ctx.blockConcurrencyWhile(async () => {
      this.#sql.exec("CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
      for (const { value } of this.#sql.exec<{ value: string }>("SELECT value FROM kept")) {
        const { totals, levels = [], marks } = JSON.parse(value) as Kept;
        for (const [series, n] of totals) this.#add(series, n);
        for (const [series, n] of levels) this.#levels.set(series, n);
        this.#marks = marks;
        this.#rows += 1;
      }
      await this.#alarm.load();
    });
  }

  /** Adds to the totals and takes the newest levels; answers whether a dashboard is open. */
  add(taken: HandedOver): boolean {
    this.#take(taken, Date.now());
    this.#touch();
    return this.#live.isWatched;
  }

  /** A dashboard is open. */
  watch(): void {
    this.#live.watch();
  }

  /** The cron has run. */
  ticked(at: Millis): void {
    this.#marks = { ...this.#marks, cronAt: at };
    this.#touch();
  }

  /** Everything counted so far, by every shard too; it is on disk before the answer leaves. */
  async collect(version: string, own: HandedOver): Promise<Collected> {
    this.#take(own, Date.now());
    const answers = await Promise.all(
      allShards(this.env).map(async (name) => {
        try {
          return await this.env.SHARDS.getByName(name).collect();
        } catch (error) {
          // Its counts come with the next scrape.
          logError("metrics.shard", error, { shard: name });
          return null;
        }
      }),
    );
    const shards = answers.filter((answer) => answer !== null);
    const now = Date.now();
    for (const { taken } of shards) this.#take(taken, now);
    if (this.#marks.version !== version) this.#marks = { ...this.#marks, version, startedAt: now };
    this.#flush(now);
    const oldest = shards.flatMap(({ outboxOldest }) => (outboxOldest === null ? [] : [outboxOldest]));
    return {
      counts: Object.fromEntries(this.#totals),
      levels: Object.fromEntries(this.#levels),
      openHistoryRequests: this.#openRequests(now),
      silentShards: answers.length - shards.length,
      outboxRows: shards.reduce((sum, { outboxRows }) => sum + outboxRows, 0),
      outboxOldest: oldest.length === 0 ? null : Math.min(...oldest),
      cronAt: this.#marks.cronAt,
      startedAt: this.#marks.startedAt ?? now,
    };
  }

  /** Totals of these series, in their order, without what others have yet to hand over. */
  totals(series: readonly string[]): number[] {
    return series.map((one) => this.#totals.get(one) ?? 0);
  }

  override alarm(): void {
    this.#alarm.passed();
    try {
      if (this.#isDirty) this.#flush(Date.now());
    } catch (error) {
      // A failing alarm is retried six times and then given up for good; the next count sets one again.
      logError("metrics.alarm", error);
    }
  }

  #take({ counts, levels, presence, live }: HandedOver, now: Millis): void {
    if (live !== null) this.#live.tell(live);
    for (const [series, by] of Object.entries(counts)) this.#add(series, by);
    this.#setLevels(levels);
    this.#present.delete(presence.isolate);
    this.#present.set(presence.isolate, { at: now, open: presence.openHistoryRequests });
    if (this.#present.size > MAX_ISOLATES) this.#present.delete(this.#present.keys().next().value!);
  }

  #setLevels(levels: Levels): void {
    for (const [series, value] of Object.entries(levels)) {
      if (value === null) this.#forget(series);
      else if (this.#levels.has(series) || this.#levels.size < MAX_SERIES) this.#levels.set(series, value);
    }
  }

  #openRequests(now: Millis): number {
    for (const [isolate, { at }] of this.#present) if (now - at > PRESENT_MS) this.#present.delete(isolate);
    return [...this.#present.values()].reduce((sum, { open }) => sum + open, 0);
  }

  /** A target that is gone leaves its place to others. */
  #forget(level: string): void {
    this.#levels.delete(level);
    const target = targetOf(level);
    if (target === null) return;
    this.#cardinality.forgetTarget(target);
    for (const series of this.#totals.keys()) if (targetOf(series) === target) this.#totals.delete(series);
  }

  #add(series: string, by: number): void {
    const folded = this.#cardinality.fold(series);
    if (folded !== null) this.#add(seriesOf(FOLDED, { label: folded.label }), 1);
    const key = folded?.into ?? series;
    const known = this.#totals.get(key);
    if (known === undefined && this.#totals.size >= MAX_SERIES && series !== DROPPED) {
      this.#add(DROPPED, 1);
      return;
    }
    this.#totals.set(key, (known ?? 0) + by);
  }

  #touch(): void {
    this.#isDirty = true;
    const at = Math.max(Date.now() + FLUSH_DELAY_MS, this.#flushedAt + FLUSH_INTERVAL_MS);
    this.#alarm.by(at);
  }

  #flush(now: Millis): void {
    const entries = [
      ...[...this.#totals].map((entry) => ({ is: "total", entry })),
      ...[...this.#levels].map((entry) => ({ is: "level", entry })),
    ];
    const runs = entries.length === 0 ? [[]] : pack(entries, MAX_ROW_CHARS);
    this.ctx.storage.transactionSync(() => {
      for (const [i, run] of runs.entries()) {
        const of = (is: string) => run.flatMap((one) => (one.is === is ? [one.entry] : []));
        const kept: Kept = { totals: of("total"), levels: of("level"), marks: this.#marks };
        this.#sql.exec(
          "INSERT INTO kept VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
          keyOfRow(i),
          JSON.stringify(kept),
        );
      }
      for (let i = runs.length; i < this.#rows; i++) this.#sql.exec("DELETE FROM kept WHERE key = ?", keyOfRow(i));
    });
    this.#rows = runs.length;
    this.#isDirty = false;
    this.#flushedAt = now;
  }
}

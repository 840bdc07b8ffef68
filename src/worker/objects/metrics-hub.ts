/**
 * Keeps the counters of all isolates and objects, so that every scrape tells the same whoever answers it. A scrape
 * writes what it is about to tell, so no counter ever falls behind what was told, restarts included; between scrapes
 * counts are written at the latest every minute. What open dashboards are to hear comes the same way and goes on at once.
 */
import { DurableObject } from "cloudflare:workers";
import type { Millis } from "../../core/alert/alert.ts";
import type { Bindings } from "../env.ts";
import { logError } from "../log.ts";
import type { Counts, HandedOver, Levels } from "../metrics/count.ts";
import { ours } from "../metrics/families.ts";
import { allShards } from "../shards.ts";
import { LiveRelay } from "./live-relay.ts";

/** An idle object leaves memory after about 10 s: counts are written before that. */
const FLUSH_DELAY_MS = 5_000;
const FLUSH_INTERVAL_MS = 60_000;
/** Alertnames with a series of their own; the others share `other` (contracts 14). */
const MAX_ALERT_NAMES = 500;
/** Bounds memory and the one row all of it is written to, whatever labels come. */
const MAX_SERIES = 10_000;
/** An isolate that has not been heard of for this long has no request open any more. */
const PRESENT_MS = 60_000;
/** Isolates remembered at once; the oldest go first. */
const MAX_ISOLATES = 1_000;

const DROPPED = ours("metrics_dropped_total");
const ALERT_NAME = /alertname="((?:[^"\\]|\\.)*)"/;

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

interface Marks {
  cronAt: Millis | null;
  version: string | null;
  startedAt: Millis | null;
}

export class MetricsHub extends DurableObject<Bindings> {
  readonly #sql = this.ctx.storage.sql;
  readonly #totals = new Map<string, number>();
  readonly #levels = new Map<string, number>();
  /** Requests open per isolate, as last told: true for a moment only, so in memory only. */
  readonly #present = new Map<string, { readonly at: Millis; readonly open: number }>();
  readonly #alertNames = new Set<string>();
  readonly #live = new LiveRelay(this.env);
  #marks: Marks = { cronAt: null, version: null, startedAt: null };
  #isDirty = false;
  #flushedAt: Millis = 0;
  #alarmAt: Millis | null = null;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    void ctx.blockConcurrencyWhile(async () => {
      this.#sql.exec("CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
      for (const { value } of this.#sql.exec<{ value: string }>("SELECT value FROM kept WHERE key = 'main'")) {
        const kept = JSON.parse(value) as { totals: [string, number][]; levels?: [string, number][]; marks: Marks };
        const { totals, levels = [], marks } = kept;
        for (const [series, n] of totals) this.#add(series, n);
        for (const [series, n] of levels) this.#levels.set(series, n);
        this.#marks = marks;
      }
      this.#alarmAt = await ctx.storage.getAlarm();
    });
  }

  /** Adds to the totals and takes the newest levels. */
  add(taken: HandedOver): void {
    this.#take(taken, Date.now());
    this.#touch();
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
    this.#alarmAt = null;
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
      if (value === null) this.#levels.delete(series);
      else if (this.#levels.has(series) || this.#levels.size < MAX_SERIES) this.#levels.set(series, value);
    }
  }

  #openRequests(now: Millis): number {
    for (const [isolate, { at }] of this.#present) if (now - at > PRESENT_MS) this.#present.delete(isolate);
    return [...this.#present.values()].reduce((sum, { open }) => sum + open, 0);
  }

  #add(series: string, by: number): void {
    const key = this.#bounded(series);
    const known = this.#totals.get(key);
    if (known === undefined && this.#totals.size >= MAX_SERIES && series !== DROPPED) {
      this.#add(DROPPED, 1);
      return;
    }
    this.#totals.set(key, (known ?? 0) + by);
  }

  #bounded(series: string): string {
    const name = ALERT_NAME.exec(series)?.[1];
    if (name === undefined || this.#alertNames.has(name)) return series;
    if (this.#alertNames.size >= MAX_ALERT_NAMES) return series.replace(ALERT_NAME, 'alertname="other"');
    this.#alertNames.add(name);
    return series;
  }

  #touch(): void {
    this.#isDirty = true;
    const at = Math.max(Date.now() + FLUSH_DELAY_MS, this.#flushedAt + FLUSH_INTERVAL_MS);
    if (this.#alarmAt !== null && this.#alarmAt <= at) return;
    this.#alarmAt = at;
    void this.ctx.storage.setAlarm(at);
  }

  #flush(now: Millis): void {
    this.#sql.exec(
      "INSERT INTO kept VALUES ('main', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
      JSON.stringify({ totals: [...this.#totals], levels: [...this.#levels], marks: this.#marks }),
    );
    this.#isDirty = false;
    this.#flushedAt = now;
  }
}

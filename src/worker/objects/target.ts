/**
 * The single writer for one destination. It keeps, per alert, the last sequence told and what the other side gave
 * back, so that nothing is told twice and no firing follows its own resolve. `accept` answers at once: what can be
 * sent is sent from here, what has to wait is on disk with an alarm, and every result goes to D1 from one place.
 */
import { DurableObject } from "cloudflare:workers";
import type { Millis } from "../../core/alert/alert.ts";
import type { PendingNotification } from "../../core/messages.ts";
import type { Format } from "../../core/publish/format.ts";
import type { Hold, HoldReason } from "../../core/publish/gate.ts";
import { formatOf } from "../../core/publish/index.ts";
import { compareEntries } from "../../core/publish/line.ts";
import type { Target } from "../../core/route/target.ts";
import { publicUrl } from "../context.ts";
import type { Bindings } from "../env.ts";
import { logError } from "../log.ts";
import type { HandedOver } from "../metrics/count.ts";
import { isMetricsOnlyForced, METRICS_ONLY_MS } from "../mode.ts";
import { registry } from "../registry.ts";
import { Alarm } from "./alarm.ts";
import { type Counted, countAll } from "./target-backlog.ts";
import { Desk } from "./target-desk.ts";
import { RETRY_MS, Reporter } from "./target-reporter.ts";
import { TargetState } from "./target-state.ts";
import { showStatus, type TargetStatus } from "./target-status.ts";
import * as store from "./target-store.ts";
import { createTables } from "./target-tables.ts";
import { Turns } from "./target-turns.ts";
import { workLine } from "./target-work.ts";

/** Requests under way at once: the platform allows six connections to an object that waits for headers. */
const MAX_IN_FLIGHT = 6;
/** Lines that wait in memory for a free connection; more are safer on disk. */
const MAX_READY = 200;
/** While lines are under way their ends go on; the alarm is only there for a crash. */
const SAFETY_MS = 30_000;
/** The gate's own times are exact; this only keeps an alarm from chasing itself. */
const MIN_WAIT_MS = 5;
/** A line that failed for a reason of ours, or a definition that cannot be read, is looked at again after this. */
const POSTPONE_MS = 60_000;

export class TargetObject extends DurableObject<Bindings> {
  readonly #sql = this.ctx.storage.sql;
  readonly #name = this.ctx.id.name ?? "";
  #state!: TargetState;
  #reporter!: Reporter;
  #desk!: Desk;
  /** Lines under way, and lines that wait for a connection, by subject. */
  readonly #active = new Map<string, store.Entry[]>();
  readonly #ready = new Map<string, store.Entry[]>();
  readonly #turns = new Turns();
  #pumping: Promise<void> | null = null;
  #pumpAgain = false;
  #mostInFlight = 1;
  /** False: no key opens its definition, so nothing can be sent. */
  #isWhole = true;
  readonly #alarm = new Alarm(this.ctx.storage);

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    void ctx.blockConcurrencyWhile(async () => {
      createTables(this.#sql);
      this.#state = new TargetState(this.#sql, env, Date.now());
      const standing = (): TargetStatus => this.#standing(this.#desk.counted(Date.now()));
      this.#reporter = new Reporter(env, this.#sql, this.#name, this.#alarm, this.#state, standing);
      this.#desk = new Desk(ctx.storage, this.#name, this.#state, this.#reporter);
      await this.#alarm.load();
      // An earlier life may have died between keeping something and setting the alarm for it.
      if (this.#desk.waiting > 0 || this.#reporter.owesAlone) this.#alarm.by(this.#alarm.at ?? Date.now() + RETRY_MS);
    });
  }

  /**
   * Takes notifications up, which are safe in D1 already; the sweep brings back what a crash took from memory. `collects`:
   * the caller comes soon for what was counted. Answers whether nothing can be told for now, by more than its pace.
   */
  accept(items: readonly PendingNotification[], { collects = false } = {}): boolean {
    const now = Date.now();
    if (collects) this.#reporter.leaveCounts(now);
    for (const [subject, list] of Map.groupBy(items, (item) => item.subject)) this.#take(subject, list, now);
    this.#soon();
    return (this.#hold(now)?.reason ?? "pacing") !== "pacing";
  }

  /** The same, and waits for the next word on each, at most `waitMs`; null: none came. */
  async deliver(items: readonly PendingNotification[], waitMs: number): Promise<(store.Result | null)[]> {
    const results = items.map((item) => this.#reporter.next({ ...item, replay: item.replay ?? 0 }, waitMs));
    this.accept(items);
    return Promise.all(results);
  }

  /** What was counted here and waits to be fetched; null: nothing. */
  collect(): HandedOver | null {
    return this.#reporter.collectCounts();
  }

  /** Alerts and groups whose beginning it was told and whose end it was not. */
  openCount(): number {
    return store.countOpen(this.#sql);
  }

  status(): TargetStatus {
    return this.#standing(countAll(this.#sql));
  }

  #standing(counted: Counted): TargetStatus {
    const memory = { inFlight: this.#active.size, ready: this.#ready.size, hold: this.#hold(Date.now()) };
    return showStatus(counted, this.#state, { ...memory, alarmAt: this.#alarm.at, owes: this.#reporter.owes });
  }

  override async alarm(): Promise<void> {
    this.#alarm.passed();
    try {
      const now = Date.now();
      this.#desk.handOverdue(now);
      this.#desk.clean(now);
      await this.#reporter.flush();
      await this.#pump();
    } catch (error) {
      // A failing alarm is retried six times and then given up for good; this one always comes again.
      logError("target.alarm", error, { target: this.#name });
      this.#alarm.by(Date.now() + RETRY_MS);
    }
  }

  #take(subject: string, items: readonly PendingNotification[], now: Millis): void {
    const line = this.#active.get(subject) ?? this.#ready.get(subject);
    const { waiting, fresh } = this.#desk.receive(subject, items, line ?? [], now);
    if (fresh.length === 0) return;
    if (line === undefined) this.#ready.set(subject, [...waiting, ...fresh].sort(compareEntries));
    else line.splice(0, line.length, ...[...line, ...fresh].sort(compareEntries));
  }

  #soon(): void {
    this.ctx.waitUntil(Promise.all([this.#pump(), this.#reporter.flush()]));
  }

  #hold(now: Millis): Hold | null {
    if (isMetricsOnlyForced(this.env)) return { reason: "metrics_only", at: now + METRICS_ONLY_MS };
    return this.#isWhole ? this.#state.hold(now) : { reason: "unreadable", at: now + POSTPONE_MS };
  }

  /** Starts what may start and puts the rest where it survives; one run at a time, and once more for late comers. */
  #pump(): Promise<void> {
    this.#pumpAgain = true;
    this.#pumping ??= this.#pumpAll();
    return this.#pumping;
  }

  async #pumpAll(): Promise<void> {
    while (this.#pumpAgain) {
      this.#pumpAgain = false;
      try {
        await this.#pumpOnce();
      } catch (error) {
        logError("target.pump", error, { target: this.#name });
        this.#alarm.by(Date.now() + RETRY_MS);
      }
    }
    this.#arm();
    // In the same breath as the last look, so that nobody relies on a run that is over.
    this.#pumping = null;
  }

  async #pumpOnce(): Promise<void> {
    if (this.#ready.size === 0 && this.#desk.waiting === 0) return;
    const { target = null, isWhole = true } = (await registry(this.env).getEnabled(this.#name)) ?? {};
    this.#isWhole = isWhole;
    const now = Date.now();
    const format = target === null ? null : formatOf(target);
    if (format !== null) {
      this.#state.pace = format.pace;
      // A crash repeats what is under way where the receiver takes no key.
      this.#mostInFlight = format.keyed ? MAX_IN_FLIGHT : 1;
      this.#collapse(format, now);
    }
    const held = (): Hold | null => (target === null ? null : this.#hold(now));
    while (this.#active.size < this.#mostInFlight && held() === null) {
      const subject = this.#turns.next(this.#sql, this.#desk.waiting > 0, this.#active, this.#ready, now);
      if (subject === null) break;
      this.#start(subject, target, now);
    }
    if (format === null) return;
    const hold = held();
    if (hold !== null) this.#spill([...this.#ready.keys()], hold.reason, format, now);
    else if (this.#ready.size > MAX_READY) this.#spill([...this.#ready.keys()].slice(MAX_READY), "pacing", format, now);
  }

  #collapse(format: Format, now: Millis): void {
    const hold = this.#hold(now);
    // During an outage what waits may still become untrue; a digest is for a target that takes what it can.
    if (this.#state.breaker.state !== "closed" || (hold !== null && hold.reason !== "pacing")) return;
    // What is ready belongs to the backlog as well once there is one.
    if (this.#desk.waiting > 0 && hold !== null) this.#spill([...this.#ready.keys()], hold.reason, format, now);
    this.#desk.collapse(format, publicUrl(this.env), this.#isBusy, now);
  }

  readonly #isBusy = (subject: string): boolean => this.#active.has(subject) || this.#ready.has(subject);

  #start(subject: string, target: Target | null, now: Millis): void {
    const line = this.#ready.get(subject) ?? store.loadWaiting(this.#sql, subject);
    this.#ready.delete(subject);
    this.#active.set(subject, line);
    const pass = target === null ? null : this.#state.enter(now);
    const shop = {
      env: this.env,
      name: this.#name,
      sql: this.#sql,
      state: this.#state,
      desk: this.#desk,
      reporter: this.#reporter,
      hold: () => this.#hold(Date.now()),
      isBusy: this.#isBusy,
    };
    this.ctx.waitUntil(
      workLine(shop, subject, line, target, pass)
        .catch((error: unknown) => {
          // A bug of ours with this line must not keep the others from theirs.
          logError("target.work", error, { target: this.#name, subject });
          store.postpone(this.#sql, subject, Date.now() + POSTPONE_MS);
        })
        .finally(() => {
          this.#active.delete(subject);
          this.#soon();
        }),
    );
  }

  /** Ready lines go to disk. */
  #spill(subjects: readonly string[], reason: HoldReason, { audience }: Format, now: Millis): void {
    for (const subject of subjects) {
      const line = this.#ready.get(subject) ?? [];
      this.#ready.delete(subject);
      const deferred = line.map((entry) => (entry.stored ? entry : { ...entry, reason }));
      this.#desk.keep(this.#desk.settle(subject, deferred, audience, now), now);
    }
    if (subjects.length > 0) this.ctx.waitUntil(this.#reporter.flush());
  }

  /** The alarm for what waits: when the gate opens, when a retry is due, or in case this object dies at work. */
  #arm(): void {
    const now = Date.now();
    if (this.#reporter.owesAlone) this.#alarm.by(now + RETRY_MS);
    if (this.#desk.waiting === 0) return;
    const fallback = store.nextFallback(this.#sql);
    if (fallback !== null) this.#alarm.by(Math.max(fallback, now + 1));
    const due = this.#active.size < this.#mostInFlight ? store.nextDue(this.#sql, new Set(this.#active.keys())) : null;
    this.#alarm.by(due === null ? now + SAFETY_MS : Math.max(due, this.#hold(now)?.at ?? now, now + MIN_WAIT_MS));
  }
}

/**
 * The single writer for one destination. It keeps, per alert, the last sequence told and what the other side gave
 * back, so that nothing is told twice and no firing follows its own resolve. `accept` answers at once: what can be
 * sent is sent from here, what has to wait is on disk with an alarm, and every result goes to D1 from one place.
 */
import { DurableObject } from "cloudflare:workers";
import type { Millis } from "../../core/alert/alert.ts";
import type { PendingNotification } from "../../core/messages.ts";
import { nextAttemptAt } from "../../core/publish/backoff.ts";
import { formatOf } from "../../core/publish/index.ts";
import type { Outcome, Receipt } from "../../core/publish/outcome.ts";
import type { Target } from "../../core/route/target.ts";
import { saveResults } from "../db/notifications.ts";
import type { Bindings } from "../env.ts";
import { logError, logInfo } from "../log.ts";
import { registry } from "../registry.ts";
import { send } from "../send.ts";
import * as store from "./target-store.ts";

/** Requests under way at once: the platform allows six connections to an object that waits for headers. */
const MAX_IN_FLIGHT = 6;
/** Waiting notifications taken up by one alarm. */
const DUE_PER_ALARM = 200;
/** How soon what D1 did not take is offered again. */
const REPORT_RETRY_MS = 5_000;

export class TargetObject extends DurableObject<Bindings> {
  readonly #sql = this.ctx.storage.sql;
  /** Per subject what is to be told, in order; only the first is under way. */
  readonly #lines = new Map<string, store.Waiting[]>();
  readonly #queue: string[] = [];
  #inFlight = 0;
  readonly #unreported: store.Result[] = [];
  #reporting = false;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    void ctx.blockConcurrencyWhile(async () => store.createTables(this.#sql));
  }

  /** Takes notifications up. They are safe in D1 already; the sweep brings back what a crash took from memory. */
  accept(items: readonly PendingNotification[]): void {
    const now = Date.now();
    for (const item of items)
      this.#take({ item, attempts: [], stepsDone: [], firstAttemptAt: now, nextAttemptAt: now });
    this.#pump();
  }

  status(): { readonly inFlight: number; readonly queued: number; readonly nextDue: Millis | null } {
    return { inFlight: this.#inFlight, queued: this.#queue.length, nextDue: store.nextDue(this.#sql) };
  }

  override async alarm(): Promise<void> {
    try {
      const now = Date.now();
      for (const waiting of store.loadDue(this.#sql, now, DUE_PER_ALARM)) this.#take(waiting);
      this.#pump();
      await this.#report();
    } catch (error) {
      // A failing alarm is retried six times and then given up for good; this one always comes again.
      logError("target.alarm", error);
    }
    const next = store.nextDue(this.#sql);
    if (next !== null) await this.ctx.storage.setAlarm(Math.max(next, Date.now() + 1000));
    else if (this.#unreported.length > 0) await this.ctx.storage.setAlarm(Date.now() + REPORT_RETRY_MS);
  }

  #take(waiting: store.Waiting): void {
    const { subject, seq } = waiting.item;
    const told = store.loadTold(this.#sql, subject);
    if (told !== null && told.seq >= seq) {
      this.#reportAgain(told, waiting);
      return;
    }
    const line = this.#lines.get(subject);
    if (line === undefined) {
      const kept = store.loadWaiting(this.#sql, subject).find((w) => w.item.seq === seq);
      // Rung for again by the sweep while its retry is already planned here.
      if (kept !== undefined && kept.nextAttemptAt > Date.now()) return;
      const older = store.loadWaiting(this.#sql, subject).filter((w) => w.item.seq < seq);
      this.#lines.set(subject, [...older, kept ?? waiting]);
      this.#queue.push(subject);
    } else if (!line.some((w) => w.item.seq === seq)) {
      line.push(waiting);
      line.sort((a, b) => a.item.seq - b.item.seq);
    }
  }

  #reportAgain(told: store.Told, { item, attempts }: store.Waiting): void {
    const known = told.results.find((result) => result.seq === item.seq);
    const now = Date.now();
    store.dropWaiting(this.#sql, item.subject, item.seq);
    this.#unreported.push(known ?? this.#result(item, attempts, "superseded", "superseded", null, now));
    this.ctx.waitUntil(this.#report());
  }

  #pump(): void {
    while (this.#inFlight < MAX_IN_FLIGHT && this.#queue.length > 0) {
      const subject = this.#queue.shift()!;
      this.#inFlight += 1;
      this.ctx.waitUntil(
        this.#work(subject)
          .catch((error: unknown) => logError("target.work", error, { subject }))
          .finally(() => {
            this.#inFlight -= 1;
            this.#pump();
          }),
      );
    }
  }

  /** Tells one subject's line from the front until it is empty or has to wait. */
  async #work(subject: string): Promise<void> {
    const line = this.#lines.get(subject);
    try {
      while (line !== undefined && line.length > 0) {
        const registered = await registry(this.env).get(this.ctx.id.name ?? "");
        for (const old of line.filter((w, i) => isSuperseded(w, line.slice(i + 1)))) {
          line.splice(line.indexOf(old), 1);
          this.#finish(old, "superseded", "superseded", null, null);
        }
        const waiting = line[0]!;
        if (registered === null || !registered.target.enabled) {
          this.#finish(waiting, "canceled", registered === null ? "target_gone" : "target_disabled", null, null);
        } else await this.#attempt(waiting, registered.target);
        line.splice(line.indexOf(waiting), 1);
      }
    } finally {
      this.#lines.delete(subject);
    }
  }

  async #attempt(waiting: store.Waiting, target: Target): Promise<void> {
    const { item } = waiting;
    const format = formatOf(target);
    let receipt = store.loadTold(this.#sql, item.subject)?.receipt ?? null;
    let { attempts } = waiting;
    const stepsDone = [...waiting.stepsDone];
    for (;;) {
      const now = Date.now();
      const step = format.next(item.notification, target, receipt, stepsDone, now);
      if (!step.ok) return this.#finish({ ...waiting, attempts }, "dead", "payload", step.error.error, receipt);
      if (step.value === "not_opened")
        return this.#finish({ ...waiting, attempts }, "canceled", "not_opened", null, receipt);
      if (step.value === "done") return this.#finish({ ...waiting, attempts }, "delivered", null, null, receipt);
      const answer = await send(this.env, step.value.request, item.notification.id, target.timeoutSeconds * 1000, now);
      if (answer.kind === "blocked")
        return this.#finish({ ...waiting, attempts }, "dead", "blocked_host", answer.error, receipt);
      const outcome = step.value.read(answer, receipt, Date.now());
      attempts = [...attempts, attemptOf(attempts.length + 1, now, Date.now() - now, outcome)];
      logInfo("delivery.attempt", { target: target.name, id: item.notification.id, outcome: outcome.kind });
      if (outcome.kind === "delivered") {
        receipt = merge(receipt, outcome.receipt);
        stepsDone.push(step.value.name);
        continue;
      }
      if (outcome.kind === "rejected")
        return this.#finish({ ...waiting, attempts }, "dead", outcome.reason, outcome.error, receipt);
      return this.#wait({ ...waiting, attempts, stepsDone }, target, outcome, receipt);
    }
  }

  #wait(waiting: store.Waiting, target: Target, outcome: Outcome & { kind: "retry" }, receipt: Receipt | null): void {
    const { item, attempts, firstAttemptAt } = waiting;
    const now = Date.now();
    const at = nextAttemptAt(
      now,
      firstAttemptAt,
      attempts.length,
      target.retryWindowSeconds,
      outcome.afterMs,
      Math.random(),
    );
    if (at === null) {
      this.#finish(waiting, "dead", outcome.reason, outcome.error, receipt);
      return;
    }
    store.saveWaiting(this.#sql, { ...waiting, nextAttemptAt: at });
    this.ctx.waitUntil(this.#alarmBy(at));
    this.#unreported.push({
      at: item.at,
      subject: item.subject,
      seq: item.seq,
      replay: item.replay ?? 0,
      state: "retry",
      reason: outcome.reason,
      error: outcome.error,
      attempts,
      nextAttemptAt: at,
      completedAt: null,
    });
    this.ctx.waitUntil(this.#report());
  }

  #finish(
    waiting: store.Waiting,
    state: store.FinalState,
    reason: string | null,
    error: string | null,
    receipt: Receipt | null,
  ): void {
    const { item, attempts } = waiting;
    const result = this.#result(item, attempts, state, reason, error, Date.now());
    this.ctx.storage.transactionSync(() => {
      const told = store.loadTold(this.#sql, item.subject);
      store.saveTold(this.#sql, told, result, receipt ?? told?.receipt ?? null);
      if (attempts.length > 1 || state !== "delivered") store.dropWaiting(this.#sql, item.subject, item.seq);
    });
    this.#unreported.push(result);
    this.ctx.waitUntil(this.#report());
  }

  #result(
    item: PendingNotification,
    attempts: readonly store.Attempt[],
    state: store.FinalState,
    reason: string | null,
    error: string | null,
    now: Millis,
  ): store.Result {
    const { at, subject, seq, replay = 0 } = item;
    return { at, subject, seq, replay, state, reason, error, attempts, nextAttemptAt: null, completedAt: now };
  }

  /** Writes results to D1, many at once. What D1 refuses is kept and offered again; after a crash the sweep asks. */
  async #report(): Promise<void> {
    if (this.#reporting) return;
    this.#reporting = true;
    try {
      while (this.#unreported.length > 0) {
        const results = this.#unreported.splice(0);
        try {
          await saveResults(this.env.DB, this.ctx.id.name ?? "", results);
        } catch (error) {
          logError("target.report", error, { target: this.ctx.id.name ?? "", results: results.length });
          this.#unreported.unshift(...results);
          await this.#alarmBy(Date.now() + REPORT_RETRY_MS);
          return;
        }
      }
    } finally {
      this.#reporting = false;
    }
  }

  async #alarmBy(at: Millis): Promise<void> {
    const planned = await this.ctx.storage.getAlarm();
    if (planned === null || planned > at) await this.ctx.storage.setAlarm(at);
  }
}

/** A firing is untrue once anything newer is known; a resolve only once a newer resolve says the same. */
const isSuperseded = (waiting: store.Waiting, later: readonly store.Waiting[]): boolean =>
  later.length > 0 &&
  (waiting.item.notification.status === "firing" || later.some((w) => w.item.notification.status === "resolved"));

const merge = (before: Receipt | null, after: Receipt | null): Receipt | null =>
  after === null ? before : { ...before, ...after };

const attemptOf = (number: number, at: Millis, durationMs: number, outcome: Outcome): store.Attempt => ({
  number,
  at,
  durationMs,
  statusCode: outcome.statusCode,
  reason: outcome.kind === "delivered" ? null : outcome.reason,
  error: outcome.kind === "delivered" ? null : outcome.error,
});

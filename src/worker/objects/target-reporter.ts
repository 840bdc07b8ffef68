/**
 * Tells D1 how notifications stand, many at once, and pays what the object owes to others (digests' own rows, bells for
 * a fallback). What D1 refuses is offered again; after a crash the rows kept for it and the sweep bring it back.
 */

import type { Millis } from "../../core/alert/alert.ts";
import { countingDatabase } from "../db/counted.ts";
import { ledgerId } from "../db/ledger.ts";
import { insertPending, saveResults } from "../db/notifications.ts";
import { saveDeliveryHealth } from "../db/target-health.ts";
import type { Bindings } from "../env.ts";
import { noteChange } from "../live.ts";
import { logError } from "../log.ts";
import { type HandedOver, handOver, hasCounts, takeCounts } from "../metrics/count.ts";
import { countResults, noteBreaker, noteHealth, noteStanding } from "../metrics/delivery.ts";
import { ringTargets } from "../ring.ts";
import { inSpan } from "../span.ts";
import type { Alarm } from "./alarm.ts";
import * as owed from "./target-owed.ts";
import type { TargetState } from "./target-state.ts";
import type { TargetStatus } from "./target-status.ts";
import * as store from "./target-store.ts";

/** Results of one statement. */
const RESULTS_PER_STATEMENT = 500;
/** Of a statement's parameter, which may have 2 MB: a character takes up to three bytes, and escapes come on top. */
const CHARS_PER_STATEMENT = 400_000;
/** An attempt without the request it kept; also the rest of a result. */
const ATTEMPT_CHARS = 400;
const EXTRAS_PER_BATCH = 200;
/** How a target stands is found out by looking at all that waits there: in a flood at most this often. */
const STANDING_EVERY_MS = 5_000;

/** What D1 did not take, or a registry that did not answer, is asked again after this. */
export const RETRY_MS = 5_000;
/** Whoever has not fetched the counts by then does not come any more. */
const LEFT_FOR_MS = 10_000;

const charsOf = ({ attempts }: store.Result): number =>
  attempts.reduce((sum, { sent }) => sum + ATTEMPT_CHARS + (sent?.body.length ?? 0), ATTEMPT_CHARS);

/** The first of them that one statement takes; one at least. */
const fitting = (results: readonly store.Result[]): readonly store.Result[] => {
  let chars = 0;
  const end = results.findIndex((result, i) => {
    chars += charsOf(result);
    return i > 0 && (i >= RESULTS_PER_STATEMENT || chars > CHARS_PER_STATEMENT);
  });
  return end < 0 ? results : results.slice(0, end);
};

const keyOf = ({ at, subject, seq, replay }: store.Result): string => `${at}:${subject}:${seq}:${replay}`;

export class Reporter {
  readonly #env: Bindings;
  readonly #sql: SqlStorage;
  readonly #target: string;
  readonly #state: Pick<TargetState, "breaker" | "health">;
  readonly #alarm: Alarm;
  readonly #standing: () => TargetStatus;
  #leftUntil: Millis = 0;
  #notedAt: Millis = 0;
  #notedWaiting = false;
  /** What D1 was told last of breaker and health. */
  #toldHealth: { readonly at: Millis; readonly breaker: TargetStatus["breaker"]; readonly status: string };
  /** Something changed since, and was not looked at. */
  #isNoteDue = false;
  /** By row: only the latest word on each counts. */
  readonly #unreported = new Map<string, store.Result>();
  readonly #listeners = new Map<string, ((result: store.Result) => void)[]>();
  #running: Promise<void> | null = null;
  #again = false;
  #extras: boolean;
  /** Results whose rows in `waiting` are kept until D1 has them. */
  #kept: number;

  constructor(
    env: Bindings,
    sql: SqlStorage,
    target: string,
    alarm: Alarm,
    state: Pick<TargetState, "breaker" | "health">,
    standing: () => TargetStatus,
  ) {
    this.#alarm = alarm;
    this.#env = countingDatabase(env);
    this.#sql = sql;
    this.#target = target;
    this.#standing = standing;
    for (const result of store.loadDone(sql)) this.#unreported.set(keyOf(result), result);
    this.#kept = this.#unreported.size;
    this.#extras = owed.loadExtras(sql, 1).length > 0;
    this.#state = state;
    this.#toldHealth = { at: 0, breaker: state.breaker.state, status: state.health.status };
  }

  /** Counts stay here for a while, because whoever brought the work fetches them. */
  leaveCounts(now: Millis): void {
    this.#leftUntil = now + LEFT_FOR_MS;
  }

  /** Gives them away; what is counted from now on is handed over from here again. */
  collectCounts(): HandedOver | null {
    this.#leftUntil = 0;
    return hasCounts() ? takeCounts() : null;
  }

  get owes(): boolean {
    return this.#unreported.size > 0 || this.#extras;
  }

  /** True where only this object knows: what D1 has as pending is brought again by the sweep. */
  get owesAlone(): boolean {
    return this.#kept > 0 || this.#extras;
  }

  /** Takes a result to be reported by the next `flush`; `kept`: its row waits for that. */
  add(result: store.Result, kept = false): void {
    if (kept) this.#kept += 1;
    const key = keyOf(result);
    this.#unreported.delete(key);
    this.#unreported.set(key, result);
    for (const tell of this.#listeners.get(key) ?? []) tell(result);
    this.#listeners.delete(key);
  }

  addExtra(extra: Parameters<typeof owed.addExtra>[1]): void {
    owed.addExtra(this.#sql, extra);
    this.#extras = true;
  }

  /** The next word on this notification, or null when none comes in time. */
  next(key: Pick<store.Result, "at" | "subject" | "seq" | "replay">, waitMs: number): Promise<store.Result | null> {
    return new Promise((resolve) => {
      const name = keyOf(key as store.Result);
      const late = setTimeout(() => resolve(null), waitMs);
      const tell = (result: store.Result): void => {
        clearTimeout(late);
        resolve(result);
      };
      this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), tell]);
    });
  }

  /** Writes all there is; one run at a time. Never throws: what failed is kept. */
  flush(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<void> {
    // What was added while the last statement was on its way asked for another round.
    while (this.#again) {
      this.#again = false;
      try {
        const isNews = this.owes;
        await this.#flushAll();
        // Whatever changes how the target stands is a result of some notification.
        if (isNews || this.#isNoteDue) this.#noteStanding(Date.now());
        await this.#tellHealth(Date.now());
        if (Date.now() >= this.#leftUntil) await handOver(this.#env);
      } catch (error) {
        logError("target.report", error, { target: this.#target, owed: this.#unreported.size });
      }
    }
    if (this.owes) this.#alarm.by(Date.now() + RETRY_MS);
    // In the same breath as the last look, so that nobody relies on a run that is over.
    this.#running = null;
  }

  /** The breaker at once; how much waits at once where it begins or ends, and else at the latest with the next alarm. */
  #noteStanding(now: Millis): void {
    noteBreaker(this.#target, this.#state.breaker.state);
    const waits = store.anyWaits(this.#sql);
    this.#isNoteDue = waits && this.#notedWaiting && Math.abs(now - this.#notedAt) < STANDING_EVERY_MS;
    if (this.#isNoteDue) return;
    this.#notedAt = now;
    this.#notedWaiting = waits;
    noteStanding(this.#target, this.#standing());
  }

  /** A breaker that moves is told at once, health that comes and goes at most so often; cron tells the counters. */
  async #tellHealth(now: Millis): Promise<void> {
    const { health } = this.#state;
    const breaker = this.#state.breaker.state;
    const before = this.#toldHealth;
    const isDue = Math.abs(now - before.at) >= STANDING_EVERY_MS && health.status !== before.status;
    if (breaker === before.breaker && !isDue) return;
    await saveDeliveryHealth(this.#env.DB, this.#target, { delivery: health, breaker });
    this.#toldHealth = { at: now, breaker, status: health.status };
    noteHealth(this.#target, health);
    noteChange("target", this.#target, breaker === before.breaker ? health.status : `breaker_${breaker}`);
  }

  async #flushAll(): Promise<void> {
    while (this.#extras || this.#unreported.size > 0) {
      // The row of a digest is owed before its result is: it alone says what the digest stands for.
      if (this.#extras) await this.#payExtras();
      else await this.#saveSome();
    }
  }

  async #saveSome(): Promise<void> {
    const results = fitting([...this.#unreported.values()]);
    await inSpan("history.commit", { target: this.#target, results: results.length }, () =>
      saveResults(this.#env.DB, this.#target, results),
    );
    countResults(this.#target, results);
    for (const result of results) {
      noteChange("delivery", ledgerId({ ...result, target: this.#target }), result.state, result.head?.severity);
      // Unless there was news meanwhile.
      if (this.#unreported.get(keyOf(result)) === result) this.#unreported.delete(keyOf(result));
    }
    this.#kept -= store.dropDone(
      this.#sql,
      results.filter((result) => result.completedAt !== null),
    );
  }

  async #payExtras(): Promise<void> {
    const extras = owed.loadExtras(this.#sql, EXTRAS_PER_BATCH);
    const last = extras.at(-1);
    if (last === undefined) {
      this.#extras = false;
      return;
    }
    const addressed = extras.map(({ extra }) => extra);
    // A notice about a target has no event.
    await this.#env.DB.batch(insertPending(this.#env.DB, addressed, Date.now(), { whole: true }));
    // Our own digests are in our own queue already.
    await ringTargets(
      this.#env,
      addressed.filter(({ target }) => target !== this.#target),
    );
    owed.dropExtras(this.#sql, last.id);
  }
}

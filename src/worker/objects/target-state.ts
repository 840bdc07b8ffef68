/** What a target object knows of its target as a whole: gate, health, trouble. Kept in memory, written when it matters. */
import type { Millis } from "../../core/alert/alert.ts";
import {
  enterGate,
  type Gate,
  type Hold,
  holdOf,
  leaveGate,
  openGate,
  type Pass,
  returnPass,
} from "../../core/publish/gate.ts";
import { type Health, recordHealth, UNKNOWN_HEALTH } from "../../core/publish/health.ts";
import type { Outcome } from "../../core/publish/outcome.ts";
import type { Pace } from "../../core/publish/pace.ts";
import { type TargetLimits, targetLimits } from "../delivery-options.ts";
import type { Bindings } from "../env.ts";
import { loadState, saveState } from "./target-owed.ts";

/** A target that refuses us, and who was told of it. */
export interface Trouble {
  readonly since: Millis;
  readonly error: string;
  readonly teller: string;
  readonly seq: number;
}

interface Saved {
  readonly gate: Pick<Gate, "breaker" | "pausedUntil">;
  readonly health: Health;
  readonly trouble: Trouble | null;
  /** Notices about this target and digests so far: their ids count on over restarts. */
  readonly notices: number;
  readonly digests: number;
  readonly cleanedAt: Millis;
  /** Absent in states stored before there was such. */
  readonly savedAt?: Millis;
}

/** Counters alone are written at most this often: the happy path writes one row, and that is not it. */
const FLUSH_INTERVAL_MS = 60_000;

export class TargetState {
  readonly #sql: SqlStorage;
  readonly #limits: TargetLimits;
  #gate: Gate;
  pace: Pace | null = null;
  health: Health;
  trouble: Trouble | null;
  notices: number;
  digests: number;
  cleanedAt: Millis;
  #savedAt: Millis;

  constructor(sql: SqlStorage, env: Bindings, now: Millis) {
    this.#limits = targetLimits(env);
    const saved = loadState<Saved>(sql);
    this.#sql = sql;
    this.#gate = openGate(now, saved?.gate);
    this.health = { ...UNKNOWN_HEALTH, ...saved?.health };
    this.trouble = saved?.trouble ?? null;
    this.notices = saved?.notices ?? 0;
    this.digests = saved?.digests ?? 0;
    this.cleanedAt = saved?.cleanedAt ?? now;
    // A quiet target leaves memory between any two deliveries: its minute goes on from the last time it was written.
    this.#savedAt = saved?.savedAt ?? 0;
  }

  get breaker(): Gate["breaker"] {
    return this.#gate.breaker;
  }

  hold(now: Millis): Hold | null {
    return holdOf(this.#gate, this.pace, now, this.#limits.breaker);
  }

  enter(now: Millis): Pass {
    const { gate, pass } = enterGate(this.#gate, this.pace, now, this.#limits.breaker);
    this.#gate = gate;
    return pass;
  }

  giveBack(pass: Pass): void {
    this.#gate = returnPass(this.#gate, pass, this.pace);
  }

  /** Takes in one request's outcome; `retryAt` is when its notification is tried again. */
  record(pass: Pass, outcome: Outcome, retryAt: Millis, durationMs: number, now: Millis): void {
    const before = this.#gate;
    const { status, refusals } = this.health;
    this.#gate = leaveGate(before, pass, outcome, retryAt, now, this.#limits.breaker);
    this.health = recordHealth(this.health, outcome, durationMs, now, this.#limits.health);
    const changed =
      before.breaker.state !== this.#gate.breaker.state ||
      before.breaker.failures !== this.#gate.breaker.failures ||
      before.pausedUntil !== this.#gate.pausedUntil ||
      refusals !== this.health.refusals ||
      (status === "unhealthy") !== (this.health.status === "unhealthy");
    if (changed || now - this.#savedAt >= FLUSH_INTERVAL_MS) this.save(now);
  }

  save(now: Millis): void {
    const { health, trouble, notices, digests, cleanedAt } = this;
    const { breaker, pausedUntil } = this.#gate;
    this.#savedAt = now;
    saveState(this.#sql, {
      gate: { breaker, pausedUntil },
      health,
      trouble,
      notices,
      digests,
      cleanedAt,
      savedAt: now,
    } satisfies Saved);
  }
}

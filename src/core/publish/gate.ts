/**
 * Whether a target may be sent to right now: its breaker, its documented rate, and the pause it asked for, together.
 * Plain values, so that the target object keeps what must survive and forgets the rest.
 */
import type { Millis } from "../alert/alert.ts";
import {
  admit,
  type Breaker,
  type BreakerOptions,
  CLOSED_BREAKER,
  record,
  release,
  TARGET_BREAKER,
} from "../classify/breaker.ts";
import type { Outcome } from "./outcome.ts";
import { type Bucket, freshBucket, giveToken, nextTokenAt, type Pace, takeToken } from "./pace.ts";

export interface Gate {
  readonly breaker: Breaker;
  readonly pausedUntil: Millis;
  readonly bucket: Bucket;
}

/** Why nothing is sent for now; never a reason to drop anything. */
export type HoldReason = "breaker_open" | "paused" | "pacing" | "metrics_only" | "unreadable";

export interface Hold {
  readonly reason: HoldReason;
  /** When to ask again. */
  readonly at: Millis;
}

/** One request that may be made; handed back with its outcome. */
export interface Pass {
  readonly probe: boolean;
}

export const openGate = (now: Millis, saved?: Pick<Gate, "breaker" | "pausedUntil">): Gate => ({
  breaker: saved?.breaker ?? CLOSED_BREAKER,
  pausedUntil: saved?.pausedUntil ?? 0,
  bucket: freshBucket(now),
});

/** null where a request may go now. */
export const holdOf = (
  gate: Gate,
  pace: Pace | null,
  now: Millis,
  options: BreakerOptions = TARGET_BREAKER,
): Hold | null => {
  if (gate.pausedUntil > now) return { reason: "paused", at: gate.pausedUntil };
  const admission = admit(gate.breaker, now, options);
  if (!admission.allowed) return { reason: "breaker_open", at: admission.retryAt };
  const tokenAt = pace === null ? now : nextTokenAt(gate.bucket, pace, now);
  return tokenAt > now ? { reason: "pacing", at: tokenAt } : null;
};

/** Lets one request through; only where `holdOf` held nothing. */
export const enterGate = (
  gate: Gate,
  pace: Pace | null,
  now: Millis,
  options: BreakerOptions = TARGET_BREAKER,
): { readonly gate: Gate; readonly pass: Pass } => {
  const admission = admit(gate.breaker, now, options);
  return {
    gate: {
      ...gate,
      breaker: admission.breaker,
      bucket: pace === null ? gate.bucket : takeToken(gate.bucket, pace, now),
    },
    pass: { probe: admission.allowed && admission.probe },
  };
};

/** A pass that was not used. */
export const returnPass = (gate: Gate, pass: Pass, pace: Pace | null): Gate => ({
  ...gate,
  breaker: release(gate.breaker, pass.probe),
  bucket: pace === null ? gate.bucket : giveToken(gate.bucket, pace),
});

/**
 * Takes in how a request ended. A rate limit pauses the whole target until `retryAt` and says nothing bad about it; an
 * answer that refuses the payload proves that somebody answers.
 */
export const leaveGate = (
  gate: Gate,
  pass: Pass,
  outcome: Outcome,
  retryAt: Millis,
  now: Millis,
  options: BreakerOptions = TARGET_BREAKER,
): Gate => {
  const asked = outcome.kind === "delivered" ? outcome.pauseMs : outcome.kind === "retry" ? outcome.afterMs : null;
  const limited = outcome.kind === "retry" && outcome.reason === "rate_limited";
  const pausedUntil = Math.max(gate.pausedUntil, limited ? retryAt : 0, asked == null ? 0 : now + asked);
  const breaker = limited
    ? release(gate.breaker, pass.probe)
    : record(gate.breaker, { ok: outcome.kind !== "retry", probe: pass.probe }, now, options);
  return { ...gate, breaker, pausedUntil };
};

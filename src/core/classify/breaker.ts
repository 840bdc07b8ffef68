/**
 * A circuit breaker as data: after failures it refuses for a while, then lets single probes through until enough succeed.
 * Plain values, so its owner may keep it in memory or in a store.
 */
import type { Millis } from "../alert/alert.ts";

export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failures: number;
  readonly openMs: number;
  /** Successful probes in a row that close it. */
  readonly successes: number;
  /** A probe without an outcome after this long no longer holds back the next one: its owner may have died. */
  readonly probeTimeoutMs: number;
  /** Also open when, within `ms`, at least `calls` ended and at least `share` of them failed. */
  readonly rate: { readonly ms: number; readonly calls: number; readonly share: number } | null;
}

/** The model's breaker (contracts 5.3). */
export const MODEL_BREAKER: BreakerOptions = {
  failures: 5,
  openMs: 30_000,
  successes: 1,
  probeTimeoutMs: 30_000,
  rate: { ms: 60_000, calls: 5, share: 0.5 },
};

/** A target's breaker (contracts 10.3). */
export const TARGET_BREAKER: BreakerOptions = {
  failures: 5,
  openMs: 30_000,
  successes: 2,
  probeTimeoutMs: 60_000,
  rate: null,
};

export interface Breaker {
  readonly state: "closed" | "open" | "half_open";
  /** In a row, while closed. */
  readonly failures: number;
  /** In a row, while half open. */
  readonly successes: number;
  /** When an open breaker lets a probe through. */
  readonly openUntil: Millis;
  /** When the probe in flight began. */
  readonly probeAt: Millis | null;
  /** Outcomes within the rate's window, oldest first; empty without a rate. */
  readonly recent: readonly { readonly at: Millis; readonly failed: boolean }[];
}

export const CLOSED_BREAKER: Breaker = {
  state: "closed",
  failures: 0,
  successes: 0,
  openUntil: 0,
  probeAt: null,
  recent: [],
};

/** Outcomes kept for the rate at most; a busy minute holds more, and its last hundred say enough. */
const MAX_RECENT = 100;

export type Admission =
  /** Hand `probe` back with the outcome. */
  | { readonly allowed: true; readonly probe: boolean; readonly breaker: Breaker }
  | { readonly allowed: false; readonly retryAt: Millis; readonly breaker: Breaker };

/** Asks for one attempt. The returned breaker is the new state either way. */
export function admit(breaker: Breaker, now: Millis, options: BreakerOptions): Admission {
  if (breaker.state === "closed") return { allowed: true, probe: false, breaker };
  if (breaker.state === "open" && now < breaker.openUntil) {
    return { allowed: false, retryAt: breaker.openUntil, breaker };
  }
  const probeEnds = breaker.probeAt === null ? now : breaker.probeAt + options.probeTimeoutMs;
  if (breaker.state === "half_open" && now < probeEnds) return { allowed: false, retryAt: probeEnds, breaker };
  const successes = breaker.state === "half_open" ? breaker.successes : 0;
  return { allowed: true, probe: true, breaker: { ...breaker, state: "half_open", successes, probeAt: now } };
}

/**
 * Takes in how an admitted attempt ended. Late news of an attempt from before it opened change nothing: only a probe
 * speaks for the present.
 */
export function record(
  breaker: Breaker,
  outcome: { readonly ok: boolean; readonly probe: boolean },
  now: Millis,
  options: BreakerOptions,
): Breaker {
  if (breaker.state === "closed") return recordClosed(breaker, outcome.ok, now, options);
  if (breaker.state === "open" || !outcome.probe) return breaker;
  if (!outcome.ok) return open(now, options);
  const successes = breaker.successes + 1;
  return successes >= options.successes ? CLOSED_BREAKER : { ...breaker, successes, probeAt: null };
}

/** An attempt that never happened or said nothing about the other side: its probe is free again. */
export const release = (breaker: Breaker, probe: boolean): Breaker =>
  probe && breaker.state === "half_open" ? { ...breaker, probeAt: null } : breaker;

function recordClosed(breaker: Breaker, ok: boolean, now: Millis, options: BreakerOptions): Breaker {
  const failures = ok ? 0 : breaker.failures + 1;
  const { rate } = options;
  const recent = rate
    ? [...breaker.recent.filter(({ at }) => at > now - rate.ms), { at: now, failed: !ok }].slice(-MAX_RECENT)
    : [];
  const failed = recent.filter((outcome) => outcome.failed).length;
  const tooMany = rate !== null && recent.length >= rate.calls && failed >= rate.share * recent.length;
  if (failures >= options.failures || tooMany) return open(now, options);
  return { ...breaker, failures, recent };
}

const open = (now: Millis, options: BreakerOptions): Breaker => ({
  ...CLOSED_BREAKER,
  state: "open",
  openUntil: now + options.openMs,
});

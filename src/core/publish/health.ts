/** What a target's deliveries say about it (contracts 9.6), as plain values; probes are somebody else's. */
import type { Millis } from "../alert/alert.ts";
import type { FailureReason, Outcome } from "./outcome.ts";

export type HealthStatus = "unknown" | "healthy" | "degraded" | "unhealthy";

export interface HealthLimits {
  /** Failures in a row that make a target unhealthy, and refused payloads in a row that make it degraded. */
  readonly failures: number;
  /** A success slower than this is a bad sign. */
  readonly slowMs: Millis;
}

export const HEALTH_LIMITS: HealthLimits = { failures: 3, slowMs: 5_000 };

export interface Health {
  readonly status: HealthStatus;
  readonly consecutiveFailures: number;
  /** Payloads refused since one got through, counted as far as it matters. */
  readonly refusals: number;
  /** They are no longer about one payload: whatever it is told, it refuses. */
  readonly isRefusing: boolean;
  readonly checks: number;
  readonly successes: number;
  readonly failures: number;
  readonly lastCheckAt: Millis | null;
  readonly lastSuccessAt: Millis | null;
  readonly lastFailureAt: Millis | null;
  readonly lastLatencyMs: number | null;
  readonly lastReason: FailureReason | null;
  readonly lastError: string | null;
}

export const UNKNOWN_HEALTH: Health = {
  status: "unknown",
  consecutiveFailures: 0,
  refusals: 0,
  isRefusing: false,
  checks: 0,
  successes: 0,
  failures: 0,
  lastCheckAt: null,
  lastSuccessAt: null,
  lastFailureAt: null,
  lastLatencyMs: null,
  lastReason: null,
  lastError: null,
};

/** Answers about what one request said; every other refusal is about where it went or how. */
const ABOUT_ONE_PAYLOAD: ReadonlySet<number> = new Set([400, 409, 413, 422]);

const isAboutPayload = (outcome: Contact): boolean =>
  outcome.kind === "rejected" &&
  !outcome.unhealthy &&
  // What is refused in the body of an answer, or before there is one, is what was said.
  (outcome.statusCode === null || outcome.statusCode < 300 || ABOUT_ONE_PAYLOAD.has(outcome.statusCode));

/** What health asks of an attempt: whether it got through, otherwise why not. */
export type Contact = { readonly kind: "delivered" } | Exclude<Outcome, { kind: "delivered" }>;

/** One more payload that was refused: nothing about the target, until it takes none. Only one that gets through ends that. */
const recordRefusal = (health: Health, error: string, reason: FailureReason, limits: HealthLimits): Health => {
  const refusals = Math.min(health.refusals + 1, limits.failures);
  if (refusals < limits.failures) return { ...health, refusals };
  return {
    ...health,
    refusals,
    isRefusing: true,
    status: health.status === "unhealthy" ? "unhealthy" : "degraded",
    lastReason: reason,
    lastError: `refused its last ${refusals} deliveries for what they said: ${error}`,
  };
};

/**
 * Takes in one attempt of `durationMs` that ended at `now`. One payload the other side would not take says nothing about
 * it; a refused credential or a target that is gone makes it unhealthy at once, a wrong address after some.
 */
export const recordHealth = (
  health: Health,
  outcome: Contact,
  durationMs: number,
  now: Millis,
  limits: HealthLimits = HEALTH_LIMITS,
): Health => {
  const counted = { ...health, checks: health.checks + 1, lastCheckAt: now, lastLatencyMs: durationMs };
  if (outcome.kind === "delivered") {
    return {
      ...counted,
      status: durationMs >= limits.slowMs ? "degraded" : "healthy",
      consecutiveFailures: 0,
      refusals: 0,
      isRefusing: false,
      successes: health.successes + 1,
      lastSuccessAt: now,
    };
  }
  if (isAboutPayload(outcome)) {
    return recordRefusal({ ...counted, failures: health.failures + 1 }, outcome.error, outcome.reason, limits);
  }
  const consecutiveFailures = health.consecutiveFailures + 1;
  const broken = (outcome.kind === "rejected" && outcome.unhealthy) || consecutiveFailures >= limits.failures;
  return {
    ...counted,
    status: broken ? "unhealthy" : health.status === "unknown" ? "degraded" : health.status,
    consecutiveFailures,
    failures: health.failures + 1,
    lastFailureAt: now,
    lastReason: outcome.reason,
    lastError: outcome.error,
  };
};

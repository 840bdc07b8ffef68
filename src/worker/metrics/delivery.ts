/** What results of a target add to the counters. */
import type { Health } from "../../core/publish/health.ts";
import type { TargetStatus } from "../objects/target-status.ts";
import type { Result } from "../objects/target-store.ts";
import { count, observeLongSeconds, observeSeconds, setLevel } from "./count.ts";
import { ours } from "./families.ts";

/** Counts how notifications of a target stand, and the last attempt of each. */
export const countResults = (target: string, results: readonly Result[]): void => {
  for (const { at, state, reason, attempts, completedAt } of results) {
    const last = attempts.at(-1);
    if (last !== undefined) observeSeconds(ours("publishing_duration_seconds"), last.durationMs, { target });
    const error_type = reason ?? "unknown";
    if (state === "retry") count(ours("publishing_retry_attempts_total"), { target, error_type });
    else if (state !== "deferred") count(ours("publishing_total"), { target, status: state });
    if (completedAt !== null) {
      observeLongSeconds(ours("publishing_job_duration_seconds"), Math.max(0, completedAt - at), { target });
    }
    if (state === "delivered") count(ours("publishing_job_completed_total"), { target });
    if (state === "dead") count(ours("publishing_job_failed_total"), { target, error_type });
  }
};

/** Counts notifications sent by hand that were not taken. */
export const countRejected = (reason: "metrics_only" | "target_disabled", n: number): void => {
  if (n > 0) count(ours("publishing_submissions_rejected_total"), { reason }, n);
};

const BREAKER_STATES: readonly TargetStatus["breaker"][] = ["closed", "half_open", "open"];
const PRIORITIES = ["high", "medium", "low"] as const;

export const noteBreaker = (target: string, breaker: TargetStatus["breaker"]): void =>
  setLevel(ours("publishing_circuit_breaker_state"), { target }, BREAKER_STATES.indexOf(breaker));

/** What waits at a target just now; a scrape adds the queues of all targets up. */
export const noteStanding = (target: string, { waiting, inFlight, ready }: TargetStatus): void => {
  for (const priority of PRIORITIES) {
    setLevel(ours("publishing_queue_size"), { priority, target }, waiting[priority]);
  }
  const isAtWork = inFlight + ready + PRIORITIES.reduce((sum, priority) => sum + waiting[priority], 0) > 0;
  setLevel(ours("publishing_active_workers"), { target }, isAtWork ? 1 : 0);
};

const HEALTH_STATES: readonly Health["status"][] = ["unknown", "healthy", "degraded", "unhealthy"];

/** What deliveries and probes together say of a target. */
export const noteHealth = (target_name: string, { status, consecutiveFailures }: Health): void => {
  setLevel(ours("target_health_status"), { target_name }, HEALTH_STATES.indexOf(status));
  setLevel(ours("target_consecutive_failures"), { target_name }, consecutiveFailures);
};

/** A target that is gone has no state any more. */
export const forgetTarget = (name: string): void => {
  for (const metric of ["target_health_status", "target_consecutive_failures"]) {
    setLevel(ours(metric), { target_name: name }, null);
  }
  for (const priority of PRIORITIES) setLevel(ours("publishing_queue_size"), { priority, target: name }, null);
  for (const metric of ["publishing_circuit_breaker_state", "publishing_active_workers"]) {
    setLevel(ours(metric), { target: name }, null);
  }
};

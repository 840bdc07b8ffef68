/** What results of a target add to the counters. */
import type { Result } from "../objects/target-store.ts";
import { count, observeSeconds } from "./count.ts";
import { ours } from "./families.ts";

/** Counts how notifications of a target stand, and the last attempt of each. */
export const countResults = (target: string, results: readonly Result[]): void => {
  for (const { state, reason, attempts } of results) {
    const last = attempts.at(-1);
    if (last !== undefined) observeSeconds(ours("publishing_duration_seconds"), last.durationMs, { target });
    const error_type = reason ?? "unknown";
    if (state === "retry") count(ours("publishing_retry_attempts_total"), { target, error_type });
    else if (state !== "deferred") count(ours("publishing_total"), { target, status: state });
    if (state === "delivered") count(ours("publishing_job_completed_total"), { target });
    if (state === "dead") count(ours("publishing_job_failed_total"), { target, error_type });
  }
};

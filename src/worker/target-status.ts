/** Asks the objects of all targets how they stand; one that does not answer is left out. */
import { type CombinedHealth, combineHealth } from "../core/publish/probe.ts";
import { loadHealth, NO_HEALTH, type TargetHealth } from "./db/target-health.ts";
import type { Bindings } from "./env.ts";
import { logError } from "./log.ts";
import type { TargetStatus } from "./objects/target-status.ts";
import { type RegisteredTarget, registry } from "./registry.ts";

/** Objects asked at once: the connections a request may have. */
const AT_ONCE = 6;

export interface StandingTarget extends RegisteredTarget {
  readonly status: TargetStatus | null;
  /** What deliveries say by now, and probes where there are none. */
  readonly health: CombinedHealth;
}

export const standingTargets = async (env: Bindings): Promise<StandingTarget[]> => {
  const probed = loadHealth(env.DB).catch((error: unknown) => {
    logError("target.health", error);
    return new Map<string, TargetHealth>();
  });
  const [targets, known] = await Promise.all([registry(env).list(), probed]);
  const standing: StandingTarget[] = [];
  for (let from = 0; from < targets.length; from += AT_ONCE) {
    const some = targets.slice(from, from + AT_ONCE).map(async (entry) => {
      const status = await env.TARGETS.getByName(entry.target.name)
        .status()
        .catch((error: unknown) => {
          logError("target.status", error, { target: entry.target.name });
          return null;
        });
      const before = known.get(entry.target.name) ?? NO_HEALTH;
      return { ...entry, status, health: combineHealth({ ...before, delivery: status?.health ?? before.delivery }) };
    });
    standing.push(...(await Promise.all(some)));
  }
  return standing;
};

const sum = (targets: readonly StandingTarget[], of: (status: TargetStatus) => number): number =>
  targets.reduce((total, { status }) => total + (status === null ? 0 : of(status)), 0);

/** The queues of all targets as one (contracts 2, `/publishing/queue/status`). There is no fixed capacity. */
export const queueStatus = (targets: readonly StandingTarget[], deadLetters: number, now: number) => {
  const lane = (name: "high" | "medium" | "low"): number => sum(targets, ({ waiting }) => waiting[name]);
  const completed = sum(targets, ({ health }) => health.successes);
  const failed = sum(targets, ({ health }) => health.failures);
  const oldest = Math.min(...targets.map(({ status }) => status?.oldestSince ?? now));
  const waiting = lane("high") + lane("medium") + lane("low");
  return {
    total_size: waiting + sum(targets, ({ inFlight, ready }) => inFlight + ready),
    high_priority: lane("high"),
    med_priority: lane("medium"),
    low_priority: lane("low"),
    capacity: null,
    worker_count: targets.length * AT_ONCE,
    active_jobs: sum(targets, ({ inFlight }) => inFlight),
    deferred_jobs: waiting - sum(targets, ({ retrying }) => retrying),
    oldest_job_age_seconds: Math.max(0, (now - oldest) / 1000),
    total_submitted: completed + failed + waiting,
    total_completed: completed,
    total_failed: failed,
    success_rate_percent:
      completed + failed === 0 ? 100 : Number(((100 * completed) / (completed + failed)).toFixed(1)),
    dlq_size: deadLetters,
  };
};

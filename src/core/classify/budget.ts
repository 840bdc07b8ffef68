/**
 * How often a model may be asked: per day, per alert name and hour, at once, and for which severities. Money and patience
 * are finite; where a limit says no the rules answer.
 */
import type { Millis } from "../alert/alert.ts";
import { isMoreUrgent, type Severity } from "../alert/severity.ts";

export interface BudgetLimits {
  /** Calls per UTC day; null: no limit. */
  readonly perDay: number | null;
  /** Calls per alert name and UTC hour; null: no limit. */
  readonly perNamePerHour: number | null;
  /** Alerts whose label says less than this are not shown to the model; null: all are. */
  readonly severityFloor: Severity | null;
  readonly concurrency: number;
  /** A call that was never handed back frees its place after this long: its owner may have died. */
  readonly leaseMs: number;
}

/** 5 000 calls cost about 1 USD with a small model and 35 USD with a large one; one name rarely needs one a minute. */
export const DEFAULT_BUDGET: BudgetLimits = {
  perDay: 5000,
  perNamePerHour: 60,
  severityFloor: null,
  concurrency: 6,
  leaseMs: 10_000,
};

export interface Budget {
  readonly day: number;
  readonly dayCalls: number;
  readonly hour: number;
  readonly hourCalls: ReadonlyMap<string, number>;
  /** When each call in flight loses its place. */
  readonly leases: readonly Millis[];
}
export const EMPTY_BUDGET: Budget = { day: 0, dayCalls: 0, hour: 0, hourCalls: new Map(), leases: [] };

export type BudgetReason = "severity_floor" | "day_budget" | "name_budget" | "busy";

export type Spending =
  /** Hand `lease` back when the call ended. */
  | { readonly allowed: true; readonly budget: Budget; readonly lease: Millis }
  | { readonly allowed: false; readonly reason: BudgetReason };

/** Calls that all isolates together made in the current day and hour. */
export interface CallUsage {
  readonly dayCalls: number;
  readonly hourCalls: readonly (readonly [name: string, calls: number])[];
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Whether an alert of this severity may be shown to the model at all. */
export const isBelowFloor = (severity: Severity, limits: BudgetLimits): boolean =>
  limits.severityFloor !== null && isMoreUrgent(limits.severityFloor, severity);

/** Takes one call, or says which limit forbids it. `busy` passes within seconds, the others do not. */
export function takeCall(
  budget: Budget,
  call: { readonly name: string; readonly severity: Severity },
  now: Millis,
  limits: BudgetLimits,
): Spending {
  if (isBelowFloor(call.severity, limits)) return { allowed: false, reason: "severity_floor" };
  const current = turnOver(budget, now);
  const nameCalls = current.hourCalls.get(call.name) ?? 0;
  if (limits.perDay !== null && current.dayCalls >= limits.perDay) return { allowed: false, reason: "day_budget" };
  if (limits.perNamePerHour !== null && nameCalls >= limits.perNamePerHour) {
    return { allowed: false, reason: "name_budget" };
  }
  const leases = current.leases.filter((until) => until > now);
  if (leases.length >= limits.concurrency) return { allowed: false, reason: "busy" };
  const lease = now + limits.leaseMs;
  return {
    allowed: true,
    lease,
    budget: {
      ...current,
      dayCalls: current.dayCalls + 1,
      hourCalls: new Map(current.hourCalls).set(call.name, nameCalls + 1),
      leases: [...leases, lease],
    },
  };
}

/** Frees the place of a call that ended. */
export function returnCall(budget: Budget, lease: Millis): Budget {
  const at = budget.leases.indexOf(lease);
  return at < 0 ? budget : { ...budget, leases: budget.leases.toSpliced(at, 1) };
}

/** Takes in what all isolates spent: counts only grow, so a late or partial report never gives calls back. */
export function learnUsage(budget: Budget, usage: CallUsage, now: Millis): Budget {
  const current = turnOver(budget, now);
  const hourCalls = new Map(current.hourCalls);
  for (const [name, calls] of usage.hourCalls) hourCalls.set(name, Math.max(hourCalls.get(name) ?? 0, calls));
  return { ...current, dayCalls: Math.max(current.dayCalls, usage.dayCalls), hourCalls };
}

function turnOver(budget: Budget, now: Millis): Budget {
  const day = Math.floor(now / DAY_MS);
  const hour = Math.floor(now / HOUR_MS);
  return {
    ...budget,
    day,
    hour,
    dayCalls: day === budget.day ? budget.dayCalls : 0,
    hourCalls: hour === budget.hour ? budget.hourCalls : new Map(),
  };
}

/**
 * What would happen to an alert and why, and why not to each other target: the same decision as live traffic takes,
 * told target by target.
 */
import type { Classification } from "../classify/classification.ts";
import type { AlertEvent } from "../history/event.ts";
import type { Context } from "./context.ts";
import { type Decision, process } from "./process.ts";

export interface TargetVerdict {
  readonly target: string;
  /** now: told at once; group: its group decides when; held: something keeps it back for a time; no: it is not told. */
  readonly told: "now" | "group" | "held" | "no";
  readonly reason: string;
}

export interface Explanation {
  readonly decision: Decision;
  readonly verdicts: readonly TargetVerdict[];
}

/** Explains one alert; decides nothing of its own. */
export const explain = (event: AlertEvent, classification: Classification | null, context: Context): Explanation => {
  const decision = process(event, classification, context);
  const verdicts = [...context.targets.keys()].toSorted().map((target) => verdictOf(target, decision, context));
  return { decision, verdicts };
};

const verdictOf = (target: string, { notifications, groups, trace }: Decision, context: Context): TargetVerdict => {
  const direct = notifications.find((notification) => notification.target === target);
  if (direct !== undefined) return { target, told: "now", reason: direct.notification.reason };
  const own = trace.filter((step) => step.target === target && step.decision !== "allow").at(-1);
  const group = groups.find((join) => join.targets.includes(target));
  if (group !== undefined) {
    const held = own ?? trace.find(({ decision }) => decision === "suppressed");
    if (held !== undefined) return { target, told: "held", reason: `${held.stage}: ${held.reason}` };
    return { target, told: "group", reason: group.key };
  }
  if (own !== undefined) return { target, told: "no", reason: `${own.stage}: ${own.reason}` };
  if (context.targets.get(target)?.target.enabled === false) return { target, told: "no", reason: "target_disabled" };
  const nobody = trace.find((step) => step.stage === "notify" && step.decision === "none" && step.target === undefined);
  return { target, told: "no", reason: nobody?.reason ?? "no route leads to it" };
};

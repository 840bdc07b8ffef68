/**
 * What would happen to an alert and why, and why not to each other target: the same decision as live traffic takes,
 * told target by target.
 */
import type { Classification } from "../classify/classification.ts";
import type { AlertEvent } from "../history/event.ts";
import { heldFrom, type Subject, toldBy } from "./admit.ts";
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
  const subject: Subject = { ...event, classification };
  const verdicts = [...context.targets.keys()]
    .toSorted()
    .map((target): TargetVerdict => ({ target, ...verdictOf(target, subject, decision, context) }));
  return { decision, verdicts };
};

const verdictOf = (
  target: string,
  subject: Subject,
  { notifications, groups, trace }: Decision,
  context: Context,
): Omit<TargetVerdict, "target"> => {
  const direct = notifications.find((notification) => notification.target === target);
  if (direct !== undefined) return { told: "now", reason: direct.notification.reason };
  if (context.targets.get(target)?.target.enabled === false) return { told: "no", reason: "target_disabled" };
  const joined = groups.filter((join) => toldBy(join, context).includes(target));
  // A group asks at its flush what a route that tells at once has asked already: the answer of now is told.
  const asked = joined.map((join) => [join, heldFrom(subject, join.routeId, [target], context).get(target)] as const);
  const free = asked.find(([, held]) => held === undefined)?.[0];
  if (free !== undefined) return { told: "group", reason: free.key };
  const held = asked.flatMap(([, one]) => one ?? []).toSorted((a, b) => Number(a.final) - Number(b.final))[0];
  if (held !== undefined) return { told: held.final ? "no" : "held", reason: `${held.stage}: ${held.reason}` };
  const own = trace.findLast((step) => step.target === target && step.decision !== "allow");
  if (own !== undefined) return { told: "no", reason: `${own.stage}: ${own.reason}` };
  const nobody = trace.find((step) => step.stage === "notify" && step.decision === "none" && step.target === undefined);
  return { told: "no", reason: nobody?.reason ?? "no route leads to it" };
};

/**
 * Mode shadow: decides and delivers without the classification, and records what mode enriched would have done
 * differently. Both are the same function asked twice.
 */
import type { Classification } from "../classify/classification.ts";
import type { AlertEvent } from "../history/event.ts";
import type { TraceStep } from "../history/trace.ts";
import { admit, toldBy } from "./admit.ts";
import type { Context } from "./context.ts";
import { type Decision, isParked, process } from "./process.ts";

/** Decides an event; in mode shadow its trace ends with the differences. */
export const decideEvent = (event: AlertEvent, classification: Classification | null, context: Context): Decision => {
  const decision = process(event, classification, context);
  if (context.mode !== "shadow") return decision;
  const steps = differences(event, classification, context, decision);
  return steps.length === 0 ? decision : { ...decision, trace: [...decision.trace, ...steps] };
};

const differences = (
  event: AlertEvent,
  classification: Classification | null,
  context: Context,
  actual: Decision,
): TraceStep[] => {
  const enriched: Context = { ...context, mode: "enriched" };
  const would = process(event, classification, enriched);
  const step = (decision: string, reason: string, target?: string): TraceStep => ({
    at: context.now,
    stage: "shadow",
    decision,
    reason,
    ...(target === undefined ? {} : { target }),
  });
  const now = reached(event, classification, actual, context);
  const then = reached(event, classification, would, enriched);
  return [
    ...(would.severity === actual.severity ? [] : [step("would_rate", `${actual.severity} as ${would.severity}`)]),
    ...[...then].filter((target) => !now.has(target)).map((target) => step("would_tell", "not told", target)),
    ...[...now]
      .filter((target) => !then.has(target))
      .map((target) => step("would_withhold", withheldBecause(would, target), target)),
  ];
};

const withheldBecause = ({ trace }: Decision, target: string): string =>
  trace.findLast((step) => step.target === target)?.reason ?? "no route";

/** Targets that hear of it now or from their group; groups ask the filters at their flush, so they are asked here. */
const reached = (
  event: AlertEvent,
  classification: Classification | null,
  { notifications, groups }: Decision,
  context: Context,
): ReadonlySet<string> => {
  const grouped = groups
    .filter((join) => !isParked(join))
    .flatMap((join) => toldBy(join, context))
    .filter((name) => {
      const state = context.targets.get(name);
      return state?.target.enabled === true && admit({ ...event, classification }, state, context).held === null;
    });
  return new Set([...notifications.map(({ target }) => target), ...grouped]);
};

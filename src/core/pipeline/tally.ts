/** What a decision adds to the counts of its hour: mode, who classified, what filters did. Names are in history/rollup. */
import { DECISION_COUNTS } from "../history/decision-counts.ts";
import type { TraceStep } from "../history/trace.ts";
import type { Decision } from "./process.ts";

/** The counts one step adds to; one of an alert's targets counts once for each filter step. */
export const countsOfStep = ({
  stage,
  decision,
  reason,
}: Pick<TraceStep, "stage" | "decision" | "reason">): readonly string[] => {
  if (stage === "classify") return [DECISION_COUNTS.classifiedBy + reason];
  if (stage === "shadow") return [DECISION_COUNTS.shadow + decision];
  if (stage !== "filter") return [];
  const action = DECISION_COUNTS.filter + decision;
  return reason === "no_rule" ? [action] : [action, DECISION_COUNTS.rule + reason];
};

/**
 * A count and how much it grows. Only steps of the decision itself: those that a group's flush adds to the trace later
 * bear its time, and are counted when they are added.
 */
export const tallyDecision = ({ mode, trace }: Pick<Decision, "mode" | "trace">): Readonly<Record<string, number>> => {
  const own = trace.filter(({ at }) => at === trace[0]?.at);
  return sumOf([DECISION_COUNTS.mode + mode, ...own.flatMap(countsOfStep)]);
};

const sumOf = (keys: readonly string[]): Readonly<Record<string, number>> => {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return Object.fromEntries(counts);
};

/** What a decision adds to the counts of its hour: mode, who classified, what filters did. Names are in history/rollup. */
import { DECISION_COUNTS } from "../history/decision-counts.ts";
import type { Decision } from "./process.ts";

/** A count and how much it grows; one of an alert's targets counts once for each filter step. */
export const tallyDecision = ({ mode, trace }: Pick<Decision, "mode" | "trace">): Readonly<Record<string, number>> => {
  const counts = new Map<string, number>();
  const add = (key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
  add(DECISION_COUNTS.mode + mode);
  for (const { stage, decision, reason } of trace) {
    if (stage === "classify") add(DECISION_COUNTS.classifiedBy + reason);
    else if (stage === "shadow") add(DECISION_COUNTS.shadow + decision);
    else if (stage === "filter") {
      add(DECISION_COUNTS.filter + decision);
      if (reason !== "no_rule") add(DECISION_COUNTS.rule + reason);
    }
  }
  return Object.fromEntries(counts);
};

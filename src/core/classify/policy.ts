/**
 * The seat belt, in one place (contracts 1.5, 7.4): what a classification may do to an alert. It may raise; it may lower
 * or let an alert be hidden only where the operator switched that on, above the threshold, and never a critical one.
 */
import type { Alert } from "../alert/alert.ts";
import { isMoreUrgent, type Severity, severityOf } from "../alert/severity.ts";
import type { Classification } from "./classification.ts";
import type { EnrichmentMode } from "./mode.ts";

/** Why a classification may not hide the alert. */
export const GUARD_REASONS = [
  "mode",
  "no_classification",
  "critical",
  "rules_answer",
  "low_confidence",
  "suppression_off",
] as const;
export type GuardReason = (typeof GUARD_REASONS)[number];

export interface PolicyInput {
  readonly alert: Pick<Alert, "labels">;
  readonly classification: Classification | null;
  readonly mode: EnrichmentMode;
  /** 0 to 1; a target may have its own (contracts 7.5). */
  readonly threshold: number;
  /** `CLASSIFICATION_SUPPRESSION`. */
  readonly suppressionEnabled: boolean;
}

export interface Verdict {
  readonly effectiveSeverity: Severity;
  /** Whether a rule that rests on the classification may deny or delay the alert. */
  readonly mayHide: boolean;
  /** Present exactly when it may not. */
  readonly guardReason?: GuardReason;
}

/**
 * What counts of a classification. For what it would have done in a mode where it counts for nothing, ask again with
 * mode `enriched`. An alert whose label names no severity counts as warning, so a classification below that lowers it.
 */
export function applyClassification(input: PolicyInput): Verdict {
  const labelled = severityOf(input.alert.labels);
  const { classification, mode } = input;
  if (mode !== "enriched") return { effectiveSeverity: labelled, mayHide: false, guardReason: "mode" };
  if (!classification) return { effectiveSeverity: labelled, mayHide: false, guardReason: "no_classification" };

  const counts = classification.confidence >= input.threshold;
  const raised = counts && isMoreUrgent(classification.severity, labelled) ? classification.severity : labelled;
  const guardReason = guard(classification, raised, counts, input.suppressionEnabled);
  if (guardReason) return { effectiveSeverity: raised, mayHide: false, guardReason };
  return { effectiveSeverity: classification.severity, mayHide: true };
}

function guard(
  classification: Classification,
  raised: Severity,
  counts: boolean,
  suppressionEnabled: boolean,
): GuardReason | null {
  if (raised === "critical") return "critical";
  if (classification.source !== "llm") return "rules_answer";
  if (!counts) return "low_confidence";
  return suppressionEnabled ? null : "suppression_off";
}

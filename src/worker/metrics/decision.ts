/** What a committed decision adds to the counters, read from its trace: metrics and history use the same words. */
import { classifies, type EnrichmentMode } from "../../core/classify/mode.ts";
import type { TraceStep } from "../../core/history/trace.ts";
import type { Decided } from "../db/events.ts";
import { count, observeSeconds, observeShare } from "./count.ts";
import { ours } from "./families.ts";

const countClassification = ({ decision: { classification } }: Decided): void => {
  if (classification === null) return;
  const { severity, source, model, confidence, processingMs } = classification;
  const by = source === "fallback" ? "rules" : (model ?? "unknown");
  count(ours("classification_total"), { severity, model: by });
  observeSeconds(ours("classification_duration_seconds"), processingMs, { model: by });
  observeShare(ours("classification_confidence"), confidence, { severity });
};

/** Counts events that were really inserted; a repeated one counts nothing. */
export const countDecided = (fresh: readonly Decided[]): void => {
  for (const decided of fresh) {
    const { mode, trace } = decided.decision;
    count(ours("alerts_stored_total"));
    count("webhook_alerts_processed_total", { status: "success" });
    count(
      ours(
        classifies(mode as EnrichmentMode) ? "enrichment_enriched_alerts_total" : "enrichment_transparent_alerts_total",
      ),
    );
    countClassification(decided);
    countSteps(trace);
  }
};

/** Counts what filters and suppressors decided, at once or in a group's flush. */
export const countSteps = (steps: readonly TraceStep[]): void => {
  for (const { stage, decision, reason } of steps) {
    if (stage === "filter") count(ours("filter_decisions_total"), { action: decision, rule: reason });
    else if (decision === "suppressed") count(ours("notifications_suppressed_total"), { reason: stage });
    else if (stage === "notify" && decision === "none") count(ours("notifications_suppressed_total"), { reason });
  }
};

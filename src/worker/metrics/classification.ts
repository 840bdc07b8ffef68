/** What one question to the classifier adds to the counters, whoever asked it: the pipeline, a route, a proxy. */
import { CALL_FAILURES, type CallRecord } from "../../core/classify/call.ts";
import { count } from "./count.ts";
import { ours } from "./families.ts";

/** Nobody had to answer for a model: there is none, or none was wanted for this alert. */
const NOT_MEANT_FOR_A_MODEL: readonly (CallRecord["reason"] | null)[] = ["no_model", "severity_floor", "resolved"];

export const countCall = ({ outcome, cache, reason }: CallRecord): void => {
  if (cache !== null) {
    count(ours("cache_hits_total"), { cache_type: "classification" });
    count(ours(`classification_${cache}_cache_hits_total`));
  }
  if (NOT_MEANT_FOR_A_MODEL.includes(reason)) return;
  if (cache === null) count(ours("cache_misses_total"), { cache_type: "classification" });
  if (outcome !== "fallback" || reason === null) return;
  count(ours("classification_errors_total"), { error_type: reason });
  if (CALL_FAILURES.some((failure) => failure === reason)) count(ours("llm_errors_total"), { error_type: reason });
};

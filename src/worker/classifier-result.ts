/** A decision as what goes back: the classification, and the record of how it came about. */
import type { Millis } from "../core/alert/alert.ts";
import type { CallRecord, FallbackReason, ProviderName } from "../core/classify/call.ts";
import type { Classification } from "../core/classify/classification.ts";
import type { ModelAnswer } from "../core/classify/read.ts";
import type { Classifiable } from "../core/classify/redact.ts";
import { classifyByRules } from "../core/classify/rules.ts";
import type { Asked } from "./classifier-ask.ts";
import type { StoredClassification } from "./classifier-store.ts";

export interface Classified {
  readonly classification: Classification;
  readonly call: CallRecord;
}

/** One alert being decided, and by whom. */
export interface Decision {
  readonly alert: Classifiable;
  readonly started: Millis;
  readonly provider: ProviderName;
  readonly model: string;
  readonly promptVersion: string;
  /** "" where none is needed. */
  readonly signature: string;
}

export function byModel(decision: Decision, asked: Asked, answer: ModelAnswer, now: Millis): Classified {
  const { tags, ...judged } = answer;
  const classification: Classification = {
    ...judged,
    source: "llm",
    model: decision.model,
    promptVersion: decision.promptVersion,
    createdAt: now,
    cached: false,
    processingMs: now - decision.started,
    metadata: tags.length > 0 ? { tags } : {},
  };
  return { classification, call: { ...recordOf(decision, asked, now), outcome: "answered", reason: null } };
}

export function byRules(
  decision: Decision,
  reason: FallbackReason,
  now: Millis,
  asked: Asked | null = null,
): Classified {
  const classification = { ...classifyByRules(decision.alert, now), processingMs: now - decision.started };
  return { classification, call: { ...recordOf(decision, asked, now), outcome: "fallback", reason } };
}

/** A remembered failure says only that the model is not asked again: the rules judge this alert, not that one. */
export function fromCache(
  decision: Decision,
  { classification }: StoredClassification,
  cache: "l1" | "l2",
  now: Millis,
): Classified {
  const { classification: found, call }: Classified =
    classification.source === "fallback"
      ? byRules(decision, "recent_failure", now)
      : { classification, call: { ...recordOf(decision, null, now), outcome: "cached", reason: null } };
  return {
    classification: { ...found, cached: true, processingMs: now - decision.started },
    call: { ...call, cache },
  };
}

const recordOf = (decision: Decision, asked: Asked | null, now: Millis): Omit<CallRecord, "outcome" | "reason"> => ({
  provider: decision.provider,
  model: decision.model,
  promptVersion: decision.promptVersion,
  signature: decision.signature,
  cache: null,
  attempts: asked?.attempts ?? 0,
  statusCode: asked?.statusCode ?? null,
  promptTokens: asked?.read?.promptTokens ?? null,
  completionTokens: asked?.read?.completionTokens ?? null,
  latencyMs: now - decision.started,
  answer: asked?.read?.words ?? null,
  error: asked?.error ?? null,
  at: now,
});

/** What is recorded of each classification: who was asked, what it cost and said, and why the rules answered. */
import type { Millis } from "../alert/alert.ts";

export const PROVIDERS = ["workers_ai", "openai", "rules"] as const;
export type ProviderName = (typeof PROVIDERS)[number];

/** What went wrong with a call that was made: metric label, history column and dashboard text at once. */
export const CALL_FAILURES = [
  "timeout",
  "network",
  "rate_limited",
  "server_error",
  "client_error",
  "too_large",
  "not_json",
  "invalid_answer",
] as const;
export type CallFailureReason = (typeof CALL_FAILURES)[number];

/** Why no call was made although nothing fresh was remembered. */
export const NOT_ASKED = [
  "no_model",
  /** An end needs no judgement, and its answer must not be remembered for the next firing. */
  "resolved",
  "severity_floor",
  "day_budget",
  "name_budget",
  "busy",
  "breaker_open",
  /** The model failed on this signature moments ago. */
  "recent_failure",
] as const;
export type FallbackReason = CallFailureReason | (typeof NOT_ASKED)[number];

export interface CallRecord {
  /** Who would answer: the configured provider, also where the rules stood in. */
  readonly provider: ProviderName;
  readonly model: string;
  readonly promptVersion: string;
  /** Key of the cached answer; "" where no model is configured. */
  readonly signature: string;
  readonly outcome: "answered" | "cached" | "fallback";
  /** Which cache answered. */
  readonly cache: "l1" | "l2" | null;
  /** Present exactly when the rules answered. */
  readonly reason: FallbackReason | null;
  /** Calls made, repeats included; each counts against the budget. */
  readonly attempts: number;
  readonly statusCode: number | null;
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  /** From the question to the decision, waits included. */
  readonly latencyMs: number;
  /** The model's own words, masked, at most 4 000 characters; null where it said nothing. */
  readonly answer: string | null;
  /** For a person: what failed, without addresses and secrets. */
  readonly error: string | null;
  readonly at: Millis;
}

/** Answers about the one request, not about the endpoint: too long, not liked, not understood. */
const ABOUT_THE_REQUEST: readonly (number | null)[] = [400, 413, 422];

/**
 * Whether a failure says something about the model's health and the breaker counts it. A strange answer to one strange
 * alert does not: otherwise a hostile sender could switch the model off for everybody.
 */
export function isUnhealthy(reason: CallFailureReason, statusCode: number | null): boolean {
  if (reason === "not_json" || reason === "invalid_answer") return false;
  return !(reason === "client_error" && ABOUT_THE_REQUEST.includes(statusCode));
}

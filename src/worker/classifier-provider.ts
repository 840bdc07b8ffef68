/** What every model provider is: a question in, the bytes of an answer or the reason for none out. */
import type { ProviderName } from "../core/classify/call.ts";
import type { Question, Wire } from "../core/classify/prompt.ts";
import type { CallFailure } from "../core/classify/retry.ts";
import type { Result } from "../core/result.ts";

export interface RawAnswer {
  readonly statusCode: number | null;
  /** At most `MAX_ANSWER_BYTES`, unread. */
  readonly body: string;
}

export interface ModelProvider {
  readonly name: Exclude<ProviderName, "rules">;
  readonly wire: Wire;
  readonly model: string;
  /** Strings that must come out of no answer. */
  readonly secrets: readonly string[];
  /** One attempt. Expected failures are values; a rejection counts as `network`. */
  ask(question: Question, signal: AbortSignal): Promise<Result<RawAnswer, CallFailure>>;
}

export const networkFailure = (error: string): CallFailure => ({
  reason: "network",
  retryable: true,
  retryAfterMs: null,
  statusCode: null,
  error,
});

export const tooLargeFailure = (statusCode: number | null): CallFailure => ({
  reason: "too_large",
  retryable: false,
  retryAfterMs: null,
  statusCode,
  error: "the answer is larger than 64 KiB",
});

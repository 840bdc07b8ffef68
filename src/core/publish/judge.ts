/**
 * The one table from an answer to an outcome (contracts 10.2, targets.md 1.1). What a body adds to the status is a rule
 * of its provider (judge-body.ts); how long to wait is read in wait.ts; nothing else decides about success or failure.
 */
import type { Millis } from "../alert/alert.ts";
import type { Answer, FailureReason, HttpAnswer, Outcome, Receipt } from "./outcome.ts";
import { errorText } from "./redact.ts";
import { pauseOf, waitOf } from "./wait.ts";

/** What an answer means, before the wait and the error text are added. */
export type Verdict =
  | {
      readonly kind: "delivered";
      /** What was remembered is gone there: the next step opens anew. */
      readonly gone?: true;
      readonly note?: string;
      /** Remembered instead of what the format would read from the body. */
      readonly receipt?: Receipt;
    }
  | { readonly kind: "retry"; readonly reason: FailureReason }
  | { readonly kind: "rejected"; readonly reason: FailureReason; readonly unhealthy?: boolean };

/** What a provider's body adds to the status; null: the table decides. `json` is undefined where the body is none. */
export type BodyRule = (answer: HttpAnswer, json: unknown) => Verdict | null;

export interface Judging {
  /** Taken out of every text that is kept. */
  readonly secrets: readonly string[];
  readonly body?: BodyRule;
  /** What to remember after success; by default what was known before. */
  readonly receipt?: (json: unknown) => Receipt | null;
}

/** Left by a step that found the remembered message or id gone; it names nothing, so the next step opens anew. */
export const GONE: Receipt = { gone: "true" };

const UNHEALTHY: ReadonlySet<number> = new Set([401, 403, 410]);

/** The table for the status alone. Below 200 nothing was accepted, and a redirect would carry the secret elsewhere. */
export const verdictOf = (status: number): Verdict => {
  if (status >= 200 && status < 300) return { kind: "delivered" };
  if (status === 408) return { kind: "retry", reason: "timeout" };
  if (status === 425) return { kind: "retry", reason: "server_error" };
  if (status === 429) return { kind: "retry", reason: "rate_limited" };
  if (status >= 500) return { kind: "retry", reason: "server_error" };
  const reason = status === 401 || status === 403 ? "auth" : "client_error";
  return { kind: "rejected", reason, unhealthy: UNHEALTHY.has(status) };
};

const parsed = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};

const wordsOf = (answer: HttpAnswer, secrets: readonly string[]): string =>
  errorText(answer.body, secrets) || `HTTP ${answer.status} without a text`;

/** The outcome of one attempt. `known` is what was remembered before it; it stays unless the answer replaces it. */
export const judge = (answer: Answer, known: Receipt | null, now: Millis, judging: Judging): Outcome => {
  if (answer.kind === "none") {
    const error = errorText(answer.error, judging.secrets) || answer.reason;
    return { kind: "retry", reason: answer.reason, statusCode: null, afterMs: null, error };
  }
  const json = parsed(answer.body);
  const verdict = judging.body?.(answer, json) ?? verdictOf(answer.status);
  const statusCode = answer.status;
  if (verdict.kind === "delivered") {
    const pauseMs = pauseOf(answer, now);
    const read = verdict.gone ? GONE : (verdict.receipt ?? (judging.receipt ? judging.receipt(json) : known));
    return {
      kind: "delivered",
      statusCode,
      receipt: read,
      ...(verdict.note === undefined ? {} : { note: verdict.note }),
      ...(pauseMs === null ? {} : { pauseMs }),
    };
  }
  const error = wordsOf(answer, judging.secrets);
  if (verdict.kind === "retry") {
    return { kind: "retry", reason: verdict.reason, statusCode, afterMs: waitOf(answer, json, now), error };
  }
  return { kind: "rejected", reason: verdict.reason, statusCode, error, unhealthy: verdict.unhealthy ?? false };
};

/** What one attempt came to, as data. The target object alone turns it into done, wait or dead letter. */

/** Why an attempt failed: metric label, history column and dashboard text at once (contracts 10.2). */
export const FAILURE_REASONS = [
  "timeout",
  "dns",
  "tls",
  "refused",
  "rate_limited",
  "server_error",
  "auth",
  "client_error",
  "rejected",
  "payload",
  "blocked_host",
] as const;
export type FailureReason = (typeof FAILURE_REASONS)[number];

/** What the target gave back and later calls need (Slack `ts`, Rootly id, …); each format reads only its own. */
export type Receipt = Readonly<Record<string, string>>;

export type Outcome =
  | {
      readonly kind: "delivered";
      readonly statusCode: number;
      /** What is known after this step and replaces what was known before; null: nothing (any more). */
      readonly receipt: Receipt | null;
      /** What the history should say beside it: the message was gone, the template failed, … */
      readonly note?: string;
      /** The other side's bucket is empty now: wait this long before the next call to this target. */
      readonly pauseMs?: number;
    }
  | {
      readonly kind: "retry";
      readonly reason: FailureReason;
      readonly statusCode: number | null;
      /** The wait the other side asked for; null: our own backoff decides. */
      readonly afterMs: number | null;
      /** The other side's own words, at most 500 characters, without secrets. */
      readonly error: string;
    }
  | {
      readonly kind: "rejected";
      readonly reason: FailureReason;
      readonly statusCode: number | null;
      readonly error: string;
      /** The target itself is broken (401, 403, 410), not only this payload. */
      readonly unhealthy: boolean;
    };

export interface HttpAnswer {
  readonly kind: "answer";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What came back over the wire, as plain data: an answer, or the reason there was none. */
export type Answer =
  | HttpAnswer
  | { readonly kind: "none"; readonly reason: "timeout" | "dns" | "tls" | "refused"; readonly error: string };

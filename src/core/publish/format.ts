/** What every target format is: pure functions from a notification to requests, and from an answer to an outcome. */
import type { Millis } from "../alert/alert.ts";
import type { Result } from "../result.ts";
import type { Target, TargetFormat } from "../route/target.ts";
import type { Notification } from "./notification.ts";
import type { Answer, Outcome, Receipt } from "./outcome.ts";

export interface FormatRequest {
  readonly method: "POST" | "PUT" | "PATCH";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Serialised once; what is signed is what is sent. */
  readonly body: string;
  /** The sender adds `webhook-id`, `-timestamp` and `-signature` (Standard Webhooks) with each of these keys. */
  readonly signWith?: readonly string[];
}

/** One call of a delivery. Most formats need one; a Slack bot resolves with an edit and a reply. */
export interface Step {
  readonly name: string;
  readonly request: FormatRequest;
  /** What the answer means; `receipt` is what was known before this step. */
  readonly read: (answer: Answer, receipt: Receipt | null, now: Millis) => Outcome;
}

export interface Format {
  readonly name: TargetFormat;
  /** One notification per alert, or one per group, unless the target says otherwise. */
  readonly per: "alert" | "group";
  /** The receiver merges repeats of one notification by its key. */
  readonly keyed: boolean;
  /** A pager is not told of what came and went while it could not be reached; a chat is. */
  readonly audience: "pager" | "chat" | "machine";
  /** Documented rate of the provider, as a token bucket; null: not paced. */
  readonly pace: { readonly perSecond: number; readonly burst: number } | null;
  /**
   * The next call for this notification given what the target remembers: "done" when all was said, "not_opened" for a
   * resolve of something this target never opened. Called again after each delivered step with the receipt it left. A
   * step that finds its remembered message gone there counts as delivered; the step after it opens anew.
   */
  readonly next: (
    notification: Notification,
    target: Target,
    receipt: Receipt | null,
    stepsDone: readonly string[],
    now: Millis,
  ) => Result<Step | "done" | "not_opened", { readonly reason: "payload"; readonly error: string }>;
}

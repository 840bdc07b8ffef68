/** How a notification stands at its target, as D1 is to hold it. */
import type { Millis } from "../../core/alert/alert.ts";
import type { KeptRequest, Made } from "../sent.ts";

export type FinalState = "delivered" | "superseded" | "digested" | "dead" | "canceled";
export type WaitState = "retry" | "deferred";

/** One HTTP try. */
export interface Attempt {
  readonly number: number;
  readonly at: Millis;
  readonly durationMs: number;
  readonly statusCode: number | null;
  readonly reason: string | null;
  readonly error: string | null;
  /** What the other side calls it: a message id, an incident id. */
  readonly receipt?: string;
  /** Attempts before 0.2 have none. */
  readonly made?: Made;
  /** Of the first and the latest failed attempt whose requests differ. */
  readonly sent?: KeptRequest;
}

/** What D1 keeps of a notification beside how it stands. */
export interface NotificationHead {
  readonly status: string;
  readonly severity: string;
  readonly alertname: string;
  readonly fallback: string | null;
}

/** How one notification stands, as D1 is to hold it. */
export interface Result {
  /** Left out of what is remembered of a subject: whoever brings the notification again brings it with it. */
  readonly head?: NotificationHead;
  readonly at: Millis;
  readonly subject: string;
  readonly seq: number;
  readonly replay: number;
  readonly state: FinalState | WaitState;
  readonly reason: string | null;
  readonly error: string | null;
  readonly attempts: readonly Attempt[];
  readonly nextAttemptAt: Millis | null;
  readonly completedAt: Millis | null;
}

/** What was decided of one event, in order, each step with a reason from a closed set (contracts 8.6). */
import type { Millis } from "../alert/alert.ts";

export type Stage =
  | "dedup"
  | "classify"
  | "route"
  | "group"
  | "inhibit"
  | "mute"
  | "silence"
  /** It changes its state again and again: held back until it has settled. */
  | "flapping"
  /** So many alerts begin at once that it is told together with them. */
  | "storm"
  | "filter"
  | "notify"
  | "deliver"
  /** What mode enriched would have done differently. */
  | "shadow";

export interface TraceStep {
  readonly at: Millis;
  readonly stage: Stage;
  readonly decision: string;
  readonly reason: string;
  readonly target?: string;
  /** Id of the notification that tells of it. */
  readonly notification?: string;
}

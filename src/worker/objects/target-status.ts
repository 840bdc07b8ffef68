/** How a target object stands, for the routes that show it. */
import type { Millis } from "../../core/alert/alert.ts";
import type { Hold } from "../../core/publish/gate.ts";
import type { Health } from "../../core/publish/health.ts";
import type { Counted } from "./target-backlog.ts";
import type { TargetState, Trouble } from "./target-state.ts";

export interface TargetStatus {
  readonly inFlight: number;
  /** Lines taken up and in memory. */
  readonly ready: number;
  /** On disk, by lane. */
  readonly waiting: { readonly high: number; readonly medium: number; readonly low: number };
  /** Of those on disk, how many wait for a retry of their own. */
  readonly retrying: number;
  readonly oldestSince: Millis | null;
  /** Why nothing is sent just now. */
  readonly hold: Hold | null;
  readonly breaker: "closed" | "open" | "half_open";
  readonly health: Health;
  readonly trouble: Trouble | null;
  readonly alarmAt: Millis | null;
  /** D1 or another target is still to hear of something. */
  readonly owes: boolean;
}

export const showStatus = (
  { waiting, retrying, oldestSince }: Counted,
  state: TargetState,
  memory: Pick<TargetStatus, "inFlight" | "ready" | "hold" | "alarmAt" | "owes">,
): TargetStatus => ({
  ...memory,
  waiting,
  retrying,
  oldestSince,
  breaker: state.breaker.state,
  health: state.health,
  trouble: state.trouble,
});

/** How a target object stands, for the routes that show it. */
import type { Millis } from "../../core/alert/alert.ts";
import type { Hold } from "../../core/publish/gate.ts";
import type { Health } from "../../core/publish/health.ts";
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
  sql: SqlStorage,
  state: TargetState,
  memory: Pick<TargetStatus, "inFlight" | "ready" | "hold" | "alarmAt" | "owes">,
): TargetStatus => {
  const row = sql
    .exec<{ high: number; medium: number; low: number; retrying: number; oldest: number | null }>(
      `SELECT count(*) FILTER (WHERE lane = 0) AS high, count(*) FILTER (WHERE lane = 1) AS medium,
         count(*) FILTER (WHERE lane = 2) AS low, min(since) AS oldest,
         count(*) FILTER (WHERE json_extract(body, '$.state') = 'retry') AS retrying FROM waiting WHERE done = 0`,
    )
    .one();
  return {
    ...memory,
    waiting: { high: row.high, medium: row.medium, low: row.low },
    retrying: row.retrying,
    oldestSince: row.oldest,
    breaker: state.breaker.state,
    health: state.health,
    trouble: state.trouble,
  };
};

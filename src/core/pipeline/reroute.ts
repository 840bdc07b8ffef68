/** Another configuration while an alert fires: who hears of it that was not told before. */
import type { TraceStep } from "../history/trace.ts";
import type { Decision } from "./process.ts";

/** The targets that an event was told to, or is to be. */
const toldIn = (trace: readonly TraceStep[]): ReadonlySet<string> =>
  new Set(trace.flatMap(({ decision, target }) => (decision === "queued" && target !== undefined ? [target] : [])));

/** What of a decision is news: nobody hears twice because a route was written anew. What a storm took it tells. */
export const onlyUntold = (
  { notifications, groups }: Decision,
  trace: readonly TraceStep[],
): Pick<Decision, "notifications" | "groups"> => {
  if (trace.some(({ stage }) => stage === "storm")) return { notifications: [], groups: [] };
  const told = toldIn(trace);
  return {
    notifications: notifications.filter(({ target }) => !told.has(target)),
    groups: groups.filter(({ targets }) => targets.some((target) => !told.has(target))),
  };
};

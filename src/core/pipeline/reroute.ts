/** Another configuration while an alert fires: who hears of it that was not told before. */
import type { TraceStep } from "../history/trace.ts";
import type { Decision } from "./process.ts";

/** The targets that an event was told to, or is to be. */
export const toldIn = (trace: readonly TraceStep[]): ReadonlySet<string> =>
  new Set(trace.flatMap(({ decision, target }) => (decision === "queued" && target !== undefined ? [target] : [])));

/** What of a decision is news: nobody hears twice because a route was written anew. */
export const onlyUntold = (
  { notifications, groups }: Decision,
  told: ReadonlySet<string>,
): Pick<Decision, "notifications" | "groups"> => ({
  notifications: notifications.filter(({ target }) => !told.has(target)),
  groups: groups.filter(({ targets }) => targets.some((target) => !told.has(target))),
});

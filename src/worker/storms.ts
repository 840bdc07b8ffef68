/** Asks the storm of each route what it takes of decided alerts, before they are committed. */
import type { Context } from "../core/pipeline/context.ts";
import { leaveToStorm } from "../core/pipeline/storm.ts";
import type { Decided } from "./db/events.ts";
import type { Bindings } from "./env.ts";
import { logError } from "./log.ts";

/** The decisions without what storms tell instead. A storm that cannot be asked takes nothing: everybody is told as ever. */
export const throughStorms = async (
  env: Bindings,
  { storm, now }: Pick<Context, "storm" | "now">,
  decided: readonly Decided[],
): Promise<readonly Decided[]> => {
  if (storm === null) return decided;
  const offers = decided.flatMap(({ decision }, i) => decision.storms.map((offer) => ({ offer, position: i })));
  const answers = await Promise.all(
    [...Map.groupBy(offers, ({ offer }) => offer.join.subject)].map(async ([subject, list]) => {
      const asked = list.map(({ offer }) => offer.join);
      const taken = await env.GROUPS.getByName(subject)
        .offer(asked, storm)
        .catch((error: unknown) => logError("storm.offer", error, { group: subject, alerts: list.length }));
      return list.filter((_, i) => taken?.[i] === true);
    }),
  );
  const taken = Map.groupBy(answers.flat(), ({ position }) => position);
  return decided.map(({ event, decision }, i) => {
    const own = (taken.get(i) ?? []).map(({ offer }) => offer);
    return { event, decision: leaveToStorm(decision, own, storm, now) };
  });
};

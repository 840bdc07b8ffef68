/** Hands alerts to the groups they join; each group's own alarm does the rest. */
import type { GroupJoin } from "../core/pipeline/process.ts";
import type { Bindings } from "./env.ts";
import { inSpan } from "./span.ts";

/** Throws when a group cannot be reached: the change is then not confirmed and comes again. */
export const joinGroups = async (env: Bindings, joins: readonly GroupJoin[]): Promise<void> => {
  await Promise.all(
    [...Map.groupBy(joins, (join) => join.subject)].map(([subject, list]) =>
      inSpan("group.join", { group: subject, alerts: list.length, receiver: list[0]?.receiver ?? null }, async () => {
        await env.GROUPS.getByName(subject).join(list);
      }),
    ),
  );
};

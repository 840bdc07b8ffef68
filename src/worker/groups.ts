/** Hands alerts to the groups they join; each group's own alarm does the rest. */
import type { GroupJoin } from "../core/pipeline/process.ts";
import type { Bindings } from "./env.ts";

/** Throws when a group cannot be reached: the change is then not confirmed and comes again. */
export const joinGroups = async (env: Bindings, joins: readonly GroupJoin[]): Promise<void> => {
  await Promise.all(
    [...Map.groupBy(joins, (join) => join.subject)].map(([subject, list]) => env.GROUPS.getByName(subject).join(list)),
  );
};

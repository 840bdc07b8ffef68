/** How each target does, in D1, so that a list of them costs one read and not one call per target. */
import { combineHealth, type Evidence, NO_EVIDENCE } from "../../core/publish/probe.ts";
import { insertRows } from "./insert-rows.ts";

export interface TargetHealth extends Evidence {
  readonly breaker: "closed" | "open" | "half_open";
}

export const NO_HEALTH: TargetHealth = { ...NO_EVIDENCE, breaker: "closed" };

/** By name; there are at most as many as there are targets. */
export const loadHealth = async (db: D1Database): Promise<ReadonlyMap<string, TargetHealth>> => {
  const { results } = await db
    .prepare("SELECT target, health FROM target_health")
    .all<{ target: string; health: string }>();
  return new Map(results.map((row) => [row.target, JSON.parse(row.health) as TargetHealth]));
};

/** Writes what changed and forgets the targets that are gone. */
export const saveHealth = async (
  db: D1Database,
  changed: ReadonlyMap<string, TargetHealth>,
  gone: readonly string[],
): Promise<void> => {
  const statements = [
    ...insertRows(
      db,
      "INSERT INTO target_health",
      "ON CONFLICT (target) DO UPDATE SET evidence = excluded.evidence, health = excluded.health",
      ["target", "evidence", "health"],
      [...changed].map(([target, health]) => [target, combineHealth(health).evidence, JSON.stringify(health)]),
    ),
    ...(gone.length === 0
      ? []
      : [
          db
            .prepare("DELETE FROM target_health WHERE target IN (SELECT value FROM json_each(?1))")
            .bind(JSON.stringify(gone)),
        ]),
  ];
  if (statements.length > 0) await db.batch(statements);
};

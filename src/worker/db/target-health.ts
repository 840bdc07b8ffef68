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

/** Writes what a target's own object says of its deliveries; what a probe found stays. */
export const saveDeliveryHealth = async (
  db: D1Database,
  target: string,
  { delivery, breaker }: Pick<TargetHealth, "delivery" | "breaker">,
): Promise<void> => {
  await db
    .prepare(
      `INSERT INTO target_health (target, evidence, health) VALUES (?1, 'delivery', ?2) ON CONFLICT (target) DO UPDATE SET
         evidence = 'delivery', health = json_set(target_health.health, '$.delivery', json(?3), '$.breaker', ?4)`,
    )
    .bind(target, JSON.stringify({ ...NO_HEALTH, delivery, breaker }), JSON.stringify(delivery), breaker)
    .run();
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

/** The operator's filter rules in D1, each change together with its audit row. */
import type { FilterRuleJson } from "../../core/filter/rules.ts";

export const readRules = async (db: D1Database): Promise<FilterRuleJson[]> => {
  const { results } = await db.prepare("SELECT rule FROM filter_rules ORDER BY name, target").all<{ rule: string }>();
  return results.map((row) => JSON.parse(row.rule) as FilterRuleJson);
};

/** Stores a rule under its name and target; true where it replaced one. */
export const putRule = async (db: D1Database, rule: FilterRuleJson, by: string, now: number): Promise<boolean> => {
  const target = rule.target_name ?? "";
  const [before] = await db.batch([
    db.prepare("SELECT 1 FROM filter_rules WHERE name = ?1 AND target = ?2").bind(rule.name, target),
    db
      .prepare(
        `INSERT INTO filter_rules (name, target, rule, updated_at, updated_by) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (name, target) DO UPDATE SET
           rule = excluded.rule, updated_at = excluded.updated_at, updated_by = excluded.updated_by`,
      )
      .bind(rule.name, target, JSON.stringify(rule), now, by),
    db
      .prepare("INSERT INTO audit (at, actor, action, subject, detail) VALUES (?1, ?2, 'filter.put', ?3, ?4)")
      .bind(now, by, rule.name, JSON.stringify(rule)),
  ]);
  return (before?.results.length ?? 0) > 0;
};

/** Removes a rule of a target (empty: of all); false where there is none. */
export const removeRule = async (
  db: D1Database,
  name: string,
  target: string,
  by: string,
  now: number,
): Promise<boolean> => {
  const [, removed] = await db.batch([
    db
      .prepare(
        `INSERT INTO audit (at, actor, action, subject, detail)
         SELECT ?3, ?4, 'filter.remove', name, rule FROM filter_rules WHERE name = ?1 AND target = ?2`,
      )
      .bind(name, target, now, by),
    db.prepare("DELETE FROM filter_rules WHERE name = ?1 AND target = ?2").bind(name, target),
  ]);
  return (removed?.meta.changes ?? 0) > 0;
};

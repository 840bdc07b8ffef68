/** Whether somebody ever acted on a rule: made a silence that holds for its alerts. */

import type { Labels } from "../../core/alert/alert.ts";
import { compileMatcher, type MatcherSpec, matchesAll } from "../../core/alert/matcher.ts";
import type { Range, RankedRule } from "./rollup-reads.ts";

/** Silences looked at, newest ends first. */
const MAX_SILENCES = 500;

/** For each rule, in order; the labels are those of its latest alert. */
export const actedOnRules = async (
  db: D1Database,
  range: Range,
  rules: readonly RankedRule[],
): Promise<readonly boolean[]> => {
  const [silences, alerts] = await db.batch<Record<string, string>>([
    db
      .prepare("SELECT matchers FROM silences WHERE ends_at >= ?1 ORDER BY ends_at DESC LIMIT ?2")
      .bind(range.fromMs, MAX_SILENCES),
    db
      .prepare("SELECT fingerprint, labels FROM alerts WHERE fingerprint IN (SELECT value FROM json_each(?1))")
      .bind(JSON.stringify(rules.map((rule) => rule.fingerprint))),
  ]);
  const compiled = (silences?.results ?? []).map((row) =>
    (JSON.parse(row["matchers"] ?? "[]") as MatcherSpec[]).flatMap((spec) => {
      const matcher = compileMatcher(spec);
      return matcher.ok ? [matcher.value] : [];
    }),
  );
  const labels = new Map(
    (alerts?.results ?? []).map((row) => [row["fingerprint"], JSON.parse(row["labels"] ?? "{}") as Labels]),
  );
  return rules.map((rule) => {
    const own = labels.get(rule.fingerprint);
    return own !== undefined && compiled.some((matchers) => matchers.length > 0 && matchesAll(matchers, own));
  });
};

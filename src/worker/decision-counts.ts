/** Reads back what decisions added to the hourly counts. */
import { DECISION_COUNTS } from "../core/history/decision-counts.ts";
import { type Hour, readHours } from "./db/rollup-reads.ts";
import { sumBy } from "./statistics.ts";

/** Statistics without a range of their own cover this long: 25 rows at most. */
const WINDOW_MS = 24 * 3_600_000;

export const share = (part: number, whole: number): number => (whole === 0 ? 0 : Number((part / whole).toFixed(4)));

/** The counts of the last day, by kind. */
export const readDecisionCounts = async (db: D1Database, now: number) => {
  const hours: readonly Hour[] = await readHours(db, {
    fromMs: now - WINDOW_MS,
    toMs: now + 1,
    namespace: null,
    severity: null,
  });
  const of = (kind: keyof typeof DECISION_COUNTS): Readonly<Record<string, number>> =>
    Object.fromEntries(sumBy(hours, DECISION_COUNTS[kind]));
  const lastHour = (key: string): number | null =>
    hours.findLast(({ counts }) => Object.hasOwn(counts, key))?.at ?? null;
  const classifiedBy = of("classifiedBy");
  const [llm, cache, fallback] = [classifiedBy["llm"] ?? 0, classifiedBy["cache"] ?? 0, classifiedBy["fallback"] ?? 0];
  return {
    modes: of("mode"),
    filters: of("filter"),
    rules: of("rule"),
    shadow: of("shadow"),
    classified: { total: llm + cache + fallback, llm, cache, fallback },
    /** Start of the hour a rule decided last. */
    lastHit: (rule: string): number | null => lastHour(DECISION_COUNTS.rule + rule),
  };
};

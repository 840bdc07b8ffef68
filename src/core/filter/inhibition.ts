/**
 * Inhibition (contracts 8.4): which firing alerts keep others from being told. It knows rules and sources; who fires,
 * and what becomes of an inhibited alert, others know.
 */
import type { AlertStatus, Labels, Millis } from "../alert/alert.ts";
import { labelValue } from "../alert/labels.ts";
import { type Matcher, matchesAll } from "../alert/matcher.ts";
import { indexMatchers, type MatcherIndex } from "../alert/matcher-index.ts";

export interface InhibitRule {
  /** As in the document, or `inhibit_rules/<position>` where it has none. */
  readonly name: string;
  /** None: every alert matches. What matches both sides is inhibited by nothing that does so too. */
  readonly sourceMatchers: readonly Matcher[];
  readonly targetMatchers: readonly Matcher[];
  /** Labels that must be equal on both sides; missing and empty are the same. */
  readonly equal: readonly string[];
}

export interface InhibitionRules {
  readonly rules: readonly InhibitRule[];
  readonly sources: MatcherIndex;
  readonly targets: MatcherIndex;
}

/** Rules ready to be asked. */
export const compileInhibition = (rules: readonly InhibitRule[]): InhibitionRules => ({
  rules,
  sources: indexMatchers(rules.map((rule) => rule.sourceMatchers)),
  targets: indexMatchers(rules.map((rule) => rule.targetMatchers)),
});

/** Whether an alert with these labels can inhibit another while it fires: only such alerts need to be at hand. */
export const mayInhibit = ({ rules, sources }: InhibitionRules, labels: Labels): boolean =>
  sources.candidates(labels).some((at) => matchesAll(rules[at]?.sourceMatchers ?? [], labels));

/** Whether some rule may inhibit an alert with these labels: only for such alerts it matters who fires. */
export const mayBeInhibited = ({ rules, targets }: InhibitionRules, labels: Labels): boolean =>
  targets.candidates(labels).some((at) => matchesAll(rules[at]?.targetMatchers ?? [], labels));

/** An alert that inhibits another. */
export interface Inhibitor {
  readonly fingerprint: string;
  readonly labels: Labels;
}

/** An alert as inhibition looks at it. It inhibits also while it is silenced or inhibited itself. */
export interface InhibitionSource {
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly status: AlertStatus;
  /** From here on it counts as resolved; null: never. */
  readonly expiresAt: Millis | null;
}

/** For one rule, one source for each set of equal labels. */
interface RuleSources {
  /** Sources that the target side does not match. */
  readonly oneSided: Map<string, string>;
  /** Sources that match both sides: they never inhibit an alert that does so too, themselves included. */
  readonly twoSided: Map<string, string>;
}

export interface Inhibitions {
  readonly compiled: InhibitionRules;
  /** By position of the rule. */
  readonly sources: ReadonlyMap<number, RuleSources>;
}

/** Label values never hold a NUL, so the joined values stand for one list of values only. */
const equalKey = (rule: InhibitRule, labels: Labels): string =>
  rule.equal.map((name) => labelValue(labels, name)).join("\u0000");

/** The firing ones among `alerts` that are a source of some rule, ready for lookup. The first in order is named. */
export const indexSources = (
  compiled: InhibitionRules,
  alerts: Iterable<InhibitionSource>,
  now: Millis,
): Inhibitions => {
  const sources = new Map<number, RuleSources>();
  for (const { fingerprint, labels, status, expiresAt } of alerts) {
    if (status !== "firing" || (expiresAt !== null && expiresAt <= now)) continue;
    for (const at of compiled.sources.candidates(labels)) {
      const rule = compiled.rules[at];
      if (rule === undefined || !matchesAll(rule.sourceMatchers, labels)) continue;
      const known = sources.get(at) ?? { oneSided: new Map(), twoSided: new Map() };
      sources.set(at, known);
      const side = matchesAll(rule.targetMatchers, labels) ? known.twoSided : known.oneSided;
      const key = equalKey(rule, labels);
      if (!side.has(key)) side.set(key, fingerprint);
    }
  }
  return { compiled, sources };
};

export interface Inhibition {
  readonly rule: string;
  /** Fingerprint of the alert that inhibits. */
  readonly source: string;
}

/** Every rule that inhibits an alert with these labels, each with one source; empty: none does. */
export const inhibitedBy = ({ compiled, sources }: Inhibitions, labels: Labels): readonly Inhibition[] => {
  if (sources.size === 0) return [];
  return compiled.targets.candidates(labels).flatMap((at) => {
    const rule = compiled.rules[at];
    const known = sources.get(at);
    if (rule === undefined || known === undefined || !matchesAll(rule.targetMatchers, labels)) return [];
    const key = equalKey(rule, labels);
    const twoSided = matchesAll(rule.sourceMatchers, labels) ? undefined : known.twoSided.get(key);
    const source = known.oneSided.get(key) ?? twoSided;
    return source === undefined ? [] : [{ rule: rule.name, source }];
  });
};

/** Of alerts that come together, by fingerprint, those that inhibit it; without an entry none of them does. */
export const inhibitorsAmong = (
  compiled: InhibitionRules,
  alerts: readonly InhibitionSource[],
  now: Millis,
): ReadonlyMap<string, readonly Inhibitor[]> => {
  const index = indexSources(compiled, alerts, now);
  if (index.sources.size === 0) return new Map();
  const labelsOf = new Map(alerts.map(({ fingerprint, labels }) => [fingerprint, labels]));
  return new Map(
    alerts.flatMap(({ fingerprint, labels, status }) => {
      if (status !== "firing") return [];
      const found = new Set(inhibitedBy(index, labels).map(({ source }) => source));
      found.delete(fingerprint);
      const inhibitors = [...found].map((source) => ({ fingerprint: source, labels: labelsOf.get(source) ?? {} }));
      return inhibitors.length === 0 ? [] : [[fingerprint, inhibitors] as const];
    }),
  );
};

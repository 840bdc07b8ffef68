/**
 * Inhibition with Alertmanager's semantics (contracts 8.4): an alert is muted while another one fires that matches the
 * rule's source side and equals it in the named labels. An alert that matches both sides is not inhibited by one that
 * does too, itself included.
 */
import type { Labels } from "../alert/alert.ts";
import { labelValue } from "../alert/labels.ts";
import { compileMatcher, type Matcher, type MatcherSpec, matchesAll } from "../alert/matcher.ts";

export interface InhibitRule {
  readonly name: string | null;
  readonly sourceMatchers: readonly MatcherSpec[];
  readonly targetMatchers: readonly MatcherSpec[];
  readonly equal: readonly string[];
}

export interface FiringAlert {
  readonly fingerprint: string;
  readonly labels: Labels;
}

interface Source {
  readonly fingerprint: string;
  /** It matches the target side as well. */
  readonly isTarget: boolean;
}

interface CompiledRule {
  readonly targets: readonly Matcher[];
  readonly sources: readonly Matcher[];
  readonly equal: readonly string[];
  readonly byEqual: ReadonlyMap<string, readonly Source[]>;
}

export interface Inhibition {
  /** Fingerprints of the alerts that inhibit one with these labels, each once. */
  readonly inhibitedBy: (labels: Labels, fingerprint: string) => readonly string[];
}

/** A missing label equals an empty one; the separator cannot occur in a label. */
const equalKey = (labels: Labels, equal: readonly string[]): string =>
  equal.map((name) => labelValue(labels, name)).join("\u0000");

const compileAll = (specs: readonly MatcherSpec[]): Matcher[] =>
  specs.flatMap((spec) => {
    const matcher = compileMatcher(spec);
    // Checked when the document was stored; one that fails now must inhibit nothing.
    return matcher.ok ? [matcher.value] : [{ ...spec, test: () => false, values: [] }];
  });

/** Whether an alert can inhibit anything: only those need to be kept at hand. */
export const isSource = (rules: readonly InhibitRule[]): ((labels: Labels) => boolean) => {
  const sides = rules.map((rule) => compileAll(rule.sourceMatchers));
  return (labels) => sides.some((side) => matchesAll(side, labels));
};

/** Prepares the rules for the alerts that fire now; asking is then a look-up per rule. */
export const compileInhibition = (rules: readonly InhibitRule[], firing: readonly FiringAlert[]): Inhibition => {
  const compiled = rules.map(({ sourceMatchers, targetMatchers, equal }): CompiledRule => {
    const sources = compileAll(sourceMatchers);
    const targets = compileAll(targetMatchers);
    const byEqual = new Map<string, Source[]>();
    for (const { fingerprint, labels } of firing) {
      if (!matchesAll(sources, labels)) continue;
      const key = equalKey(labels, equal);
      const source = { fingerprint, isTarget: matchesAll(targets, labels) };
      const known = byEqual.get(key);
      if (known === undefined) byEqual.set(key, [source]);
      else known.push(source);
    }
    return { sources, targets, equal, byEqual };
  });
  return {
    inhibitedBy: (labels, fingerprint) => {
      const found = new Set<string>();
      for (const { sources, targets, equal, byEqual } of compiled) {
        if (byEqual.size === 0 || !matchesAll(targets, labels)) continue;
        const isSourceToo = matchesAll(sources, labels);
        const hit = byEqual
          .get(equalKey(labels, equal))
          ?.find((source) => source.fingerprint !== fingerprint && !(isSourceToo && source.isTarget));
        if (hit !== undefined) found.add(hit.fingerprint);
      }
      return [...found];
    },
  };
};

/**
 * Applies Prometheus' `alert_relabel_configs`: which labels an alert has, and whether it stays at all. Semantics of
 * prometheus/prometheus `model/relabel` (v3). Unlike there, a dropped alert says which rule took it, and labels
 * starting with `__tmp` go away after the last rule.
 */

import { MAX_LABEL_NAME_CHARACTERS, MAX_LABELS } from "./limits.ts";
import { md5 } from "./md5.ts";
import type { RelabelRule } from "./relabel-rule.ts";
import { type Budget, MAX_TEXT_LENGTH, STEPS_SPENT } from "./source-limits.ts";
import { expandTemplate, type Match } from "./source-regex.ts";

/** "This prefix is guaranteed to never be used by Prometheus itself": for values needed only between rules. */
const TEMPORARY_PREFIX = "__tmp";

export type Relabelled =
  | { readonly kind: "kept"; readonly labels: ReadonlyMap<string, string> }
  /** A rule said so; `rule` is its position. */
  | { readonly kind: "dropped"; readonly rule: number; readonly reason: string }
  /** A limit was met. */
  | { readonly kind: "failed"; readonly rule: number; readonly reason: string };

type Labels = Map<string, string>;

/** Go maps letter by letter, without the special cases that make two letters of one. */
const toLower = (text: string): string =>
  Array.from(text, (letter) => Array.from(letter.toLowerCase())[0] ?? letter).join("");
const toUpper = (text: string): string =>
  Array.from(text, (letter) => {
    const upper = letter.toUpperCase();
    return Array.from(upper).length > 1 ? letter : upper;
  }).join("");

/** An empty value is no label, as everywhere in Prometheus. */
const set = (labels: Labels, name: string, value: string): void => {
  if (value === "") labels.delete(name);
  else labels.set(name, value);
};

const replace = (rule: RelabelRule, labels: Labels, match: Match): void => {
  const target = expandTemplate(rule.targetLabel, match);
  if (target !== "") set(labels, target, expandTemplate(rule.replacement, match));
};

const mapNames = (rule: RelabelRule, labels: Labels, budget: Budget): void => {
  for (const [name, value] of [...labels]) {
    const match = rule.regex.match(name, budget);
    const target = match ? expandTemplate(rule.replacement, match) : "";
    if (target !== "") set(labels, target, value);
  }
};

const dropNames = (rule: RelabelRule, labels: Labels, matching: boolean, budget: Budget): void => {
  for (const name of [...labels.keys()]) if (rule.regex.test(name, budget) === matching) labels.delete(name);
};

const quote = (text: string): string => JSON.stringify(text.length > 100 ? `${text.slice(0, 97)}...` : text);

/** Applies one rule in place; a text is the reason why the alert goes. */
const applyRule = (rule: RelabelRule, value: string, labels: Labels, budget: Budget): string | null => {
  const other = labels.get(rule.targetLabel) ?? "";
  const pattern = quote(rule.regex.pattern);
  switch (rule.action) {
    case "drop":
      return rule.regex.test(value, budget) ? `${quote(value)} matches ${pattern}` : null;
    case "keep":
      return rule.regex.test(value, budget) ? null : `${quote(value)} does not match ${pattern}`;
    case "dropequal":
      return other === value ? `${rule.targetLabel} equals ${quote(value)}` : null;
    case "keepequal":
      return other === value ? null : `${rule.targetLabel} does not equal ${quote(value)}`;
    case "replace": {
      const match = rule.regex.match(value, budget);
      if (match) replace(rule, labels, match);
      return null;
    }
    case "lowercase":
      set(labels, rule.targetLabel, toLower(value));
      return null;
    case "uppercase":
      set(labels, rule.targetLabel, toUpper(value));
      return null;
    case "hashmod":
      // The last eight bytes of the digest, as Prometheus takes them.
      set(labels, rule.targetLabel, String(md5(value).getBigUint64(8) % rule.modulus));
      return null;
    case "labelmap":
      mapNames(rule, labels, budget);
      return null;
    case "labeldrop":
      dropNames(rule, labels, true, budget);
      return null;
    case "labelkeep":
      dropNames(rule, labels, false, budget);
      return null;
  }
};

/** Names and values could grow with every rule; what grows too far stops the alert, not the Worker. */
const findExcess = (labels: Labels, budget: Budget): string | null => {
  if (labels.size > MAX_LABELS) return `there are more than ${MAX_LABELS} labels`;
  let length = 0;
  for (const [name, value] of labels) {
    if (name.length > 2 * MAX_LABEL_NAME_CHARACTERS)
      return `a label name is longer than ${MAX_LABEL_NAME_CHARACTERS} characters`;
    if (value.length > MAX_TEXT_LENGTH) return `a label value is longer than ${MAX_TEXT_LENGTH} characters`;
    length += name.length + value.length;
  }
  return budget.spend(length / 8) ? null : STEPS_SPENT;
};

/** The labels after all rules in order, or which rule stopped the alert and why. */
export const relabel = (
  rules: readonly RelabelRule[],
  input: ReadonlyMap<string, string>,
  budget: Budget,
): Relabelled => {
  // Prometheus walks labels by name, which decides when two names are mapped to one.
  const labels: Labels = new Map([...input].sort(([a], [b]) => (a < b ? -1 : 1)));
  for (const [position, rule] of rules.entries()) {
    const value = rule.sourceLabels.map((name) => labels.get(name) ?? "").join(rule.separator);
    if (value.length > MAX_TEXT_LENGTH) {
      return { kind: "failed", rule: position, reason: `the source labels exceed ${MAX_TEXT_LENGTH} characters` };
    }
    const reason = budget.spend(value.length) ? applyRule(rule, value, labels, budget) : null;
    const excess = budget.isSpent() ? STEPS_SPENT : findExcess(labels, budget);
    if (excess !== null) return { kind: "failed", rule: position, reason: excess };
    if (reason !== null) return { kind: "dropped", rule: position, reason };
  }
  if (rules.length > 0) {
    for (const name of [...labels.keys()]) if (name.startsWith(TEMPORARY_PREFIX)) labels.delete(name);
  }
  return { kind: "kept", labels };
};

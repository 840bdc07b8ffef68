/**
 * Targets a receiver chooses when it is asked: `payments-*` means every target of such a name, as they come and go in
 * the registry, `{team}-pager` the one that the alert's label names. A sender can so choose among what the operator wrote
 * down, and nothing else: a label is taken only where it is a name, never as a pattern.
 */
import type { Labels } from "../alert/alert.ts";
import { labelValue } from "../alert/labels.ts";

/** What a target may be called, and so what a label may say (RFC 1123). */
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const LABEL = /\{([^{}]*)\}/g;
const MAX_PATTERN_LENGTH = 255;

/** True where an entry under `targets` is no plain name. */
export const isChoice = (entry: string): boolean => /[*{}]/.test(entry);

/** Labels it asks for: alerts that differ in them must not share a group. */
export const labelsOfChoice = (entry: string): readonly string[] =>
  [...entry.matchAll(LABEL)].map(([, name]) => name ?? "");

/** What is wrong with it, for its author; null: nothing. */
export const choiceDefect = (entry: string): string | null => {
  if (entry.length > MAX_PATTERN_LENGTH) return `must be at most ${MAX_PATTERN_LENGTH} characters`;
  if (labelsOfChoice(entry).includes("")) return "names no label between { and }";
  return /^[a-z0-9*-]*$/.test(entry.replace(LABEL, "")) ? null : "may hold a-z, 0-9, -, * and {label} only";
};

/** The targets among `known` it means for an alert, in their order. */
export const chooseTargets = (entry: string, labels: Labels, known: readonly string[]): readonly string[] => {
  let isNamed = true;
  const pattern = entry.replace(LABEL, (_, name: string) => {
    const value = labelValue(labels, name).trim().toLowerCase();
    isNamed &&= NAME.test(value);
    return value;
  });
  if (!isNamed) return [];
  const parts = pattern.split("*");
  return known.filter((name) => matches(parts, name));
};

/** Each part at the first place after the one before; that finds a match wherever there is one. */
const matches = (parts: readonly string[], name: string): boolean => {
  const [first = "", ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return name === first;
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last)) return false;
  let from = first.length;
  for (const part of rest) {
    const at = name.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return from <= name.length - last.length;
};

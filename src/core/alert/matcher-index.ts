/**
 * Finds, among many lists of matchers, the few that can hold for a label set: lists that want a label to be one of
 * known values are looked up by it, the others are always candidates.
 */
import type { Labels } from "./alert.ts";
import { labelValue } from "./labels.ts";
import type { Matcher } from "./matcher.ts";

/** A matcher with more values than this is not worth that many entries. */
const MAX_INDEXED_VALUES = 50;

export interface MatcherIndex {
  /** Positions of the lists that may hold, ascending. All that hold are among them; each must still be asked. */
  readonly candidates: (labels: Labels) => readonly number[];
}

/** A missing label equals the empty text, so a matcher that holds for it says nothing about which labels there are. */
const isIndexable = ({ values }: Matcher): boolean =>
  values !== null && values.length <= MAX_INDEXED_VALUES && !values.includes("");

/** An index over lists of matchers; a position is the place in `lists`. */
export const indexMatchers = (lists: readonly (readonly Matcher[])[]): MatcherIndex => {
  const usable = lists.map((matchers) => matchers.filter(isIndexable));
  // The label that most lists name is the worst to tell them apart only if all want the same value of it.
  const spread = new Map<string, Set<string>>();
  for (const { name, values } of usable.flat()) {
    const seen = spread.get(name) ?? new Set();
    spread.set(name, seen);
    for (const value of values ?? []) seen.add(value);
  }
  const always: number[] = [];
  const byName = new Map<string, Map<string, number[]>>();
  usable.forEach((matchers, position) => {
    const selectivity = ({ name, values }: Matcher): number => (spread.get(name)?.size ?? 0) / (values?.length ?? 1);
    const chosen = matchers.toSorted((a, b) => selectivity(b) - selectivity(a))[0];
    if (chosen === undefined) {
      always.push(position);
      return;
    }
    const byValue = byName.get(chosen.name) ?? new Map<string, number[]>();
    byName.set(chosen.name, byValue);
    for (const value of chosen.values ?? []) {
      const positions = byValue.get(value);
      if (positions === undefined) byValue.set(value, [position]);
      else positions.push(position);
    }
  });

  const candidates = (labels: Labels): readonly number[] => {
    let found: readonly number[] = always;
    for (const [name, byValue] of byName) {
      const positions = byValue.get(labelValue(labels, name));
      if (positions !== undefined) found = found.length === 0 ? positions : [...found, ...positions];
    }
    return found === always || found.length < 2 ? found : found.toSorted((a, b) => a - b);
  };
  return { candidates };
};

/**
 * Label sets as plain maps: reading, ordering, comparing and changing them. Names come from outside, so nothing here
 * looks at inherited properties or assigns by name. What a valid label is, ingest decides.
 */
import type { Labels } from "./alert.ts";

/** The value of a label; a missing label equals the empty string everywhere (contracts 1.2). */
export const labelValue = (labels: Labels, name: string): string =>
  Object.hasOwn(labels, name) ? (labels[name] ?? "") : "";

/**
 * Negative, zero or positive as `a` sorts before, with or after `b` by UTF-8 bytes, which is Go's order of strings.
 * Plain `<` compares UTF-16 units and puts what lies beyond the basic plane too early.
 */
export const compareBytes = (a: string, b: string): number => {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return byteRank(x) - byteRank(y);
  }
  return a.length - b.length;
};

/** Moves surrogates (D800-DFFF), which stand for the highest code points, above the rest of the basic plane. */
const byteRank = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800);

/** Label names in byte order. Go senders write their maps sorted, so mostly nothing is left to do. */
export const sortedNames = (labels: Labels): string[] => {
  const names = Object.keys(labels);
  let previous = "";
  for (const name of names) {
    if (compareBytes(previous, name) > 0) return names.sort(compareBytes);
    previous = name;
  }
  return names;
};

export const isEmpty = (labels: Labels): boolean => {
  for (const name in labels) if (Object.hasOwn(labels, name)) return false;
  return true;
};

/** True when both hold the same names with the same values. */
export const equalLabels = (a: Labels, b: Labels): boolean => {
  if (a === b) return true;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && a[name] === b[name]);
};

/** The labels that every set has with one and the same value; of no sets, none. */
export const commonLabels = (sets: readonly Labels[]): Labels => {
  const [first, ...others] = sets;
  if (first === undefined) return {};
  return pickEntries(first, (name, value) => others.every((set) => Object.hasOwn(set, name) && set[name] === value));
};

/** Only the named labels, where present. */
export const pickLabels = (labels: Labels, names: readonly string[]): Labels =>
  pickEntries(labels, (name) => names.includes(name));

/** Without the named labels. */
export const dropLabels = (labels: Labels, names: readonly string[]): Labels =>
  names.some((name) => Object.hasOwn(labels, name)) ? pickEntries(labels, (name) => !names.includes(name)) : labels;

/** With `added` on top: an added label overwrites one of the same name, an added empty value removes it. */
export const addLabels = (labels: Labels, added: Labels): Labels => {
  if (isEmpty(added)) return labels;
  return pickEntries({ ...labels, ...added }, (_, value) => value !== "");
};

const pickEntries = (labels: Labels, keep: (name: string, value: string) => boolean): Labels =>
  Object.fromEntries(Object.entries(labels).filter(([name, value]) => keep(name, value)));

/** Collects what is wrong with a document, all of it at once. */
import type { Defect } from "../../result.ts";
import type { ConfigDefect, Position } from "./node.ts";

/** A value or key of the document. */
export interface Located extends Position {
  readonly path: string;
}

export interface Report {
  /** Makes the document unusable. */
  readonly defect: (at: Located, message: string) => void;
  /** The document works, but not all of it as its author may think. */
  readonly warn: (at: Located, message: string) => void;
  /** Further defects are left out, so they need not be looked for. */
  readonly isFull: () => boolean;
  readonly defects: readonly ConfigDefect[];
  readonly warnings: readonly ConfigDefect[];
}

/** Nobody reads more; a document in a wrong language would have thousands. */
const MAX_REPORTED = 200;

export const startReport = (): Report => {
  const defects: ConfigDefect[] = [];
  const warnings: ConfigDefect[] = [];
  const add = (list: ConfigDefect[], { path, line, column }: Located, message: string): void => {
    const isKnown = list.some((one) => one.path === path && one.message === message);
    if (list.length < MAX_REPORTED && !isKnown) list.push({ path, message, line, column });
  };
  return {
    defect: (at, message) => add(defects, at, message),
    warn: (at, message) => add(warnings, at, message),
    isFull: () => defects.length >= MAX_REPORTED,
    defects,
    warnings,
  };
};

/** Steps of adding, removing and replacing a letter from `a` to `b`. */
const editDistance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
  }
  return row[b.length] ?? 0;
};

/** `, did you mean …?` where a known word is close, else nothing. */
export const suggestion = (word: string, known: Iterable<string>): string => {
  if (word.length > 64) return "";
  const near = [...known]
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.min(3, (Math.max(word.length, candidate.length) + 1) / 3))
    .toSorted((a, b) => a.distance - b.distance)[0];
  return near === undefined ? "" : `, did you mean ${near.candidate}?`;
};

/** A list this long is in the documentation. */
const MAX_LISTED = 25;

/** What is wrong with a key: it is unknown, and which one may have been meant. */
export const unknownKey = (key: string, known: readonly string[]): string => {
  const near = suggestion(key, known);
  if (near !== "" || known.length > MAX_LISTED) return `is no known key${near}`;
  return `is no known key; known are ${known.toSorted().join(", ")}`;
};

/** Takes over defects of another reader, whose paths are relative to `base`. */
export const reportAll = (
  report: Report,
  base: string,
  defects: readonly Defect[],
  place: (path: string) => Position,
): void => {
  for (const { path, message } of defects) {
    const full = path === "/" ? base : base + path;
    report.defect({ path: full, ...place(full) }, message);
  }
};

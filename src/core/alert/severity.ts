/** The four severities of ours and how the free-text `severity` label reads as one of them (contracts 1.5). */
import type { Labels } from "./alert.ts";

export const SEVERITIES = ["critical", "warning", "info", "noise"] as const;
export type Severity = (typeof SEVERITIES)[number];

const WORDS: Readonly<Record<Exclude<Severity, "noise">, readonly string[]>> = {
  critical: ["critical", "crit", "page", "fatal", "emergency", "disaster", "p1"],
  warning: ["error", "major", "high", "warning", "warn", "minor", "medium", "p2", "p3"],
  info: ["info", "informational", "notice", "debug", "none", "low", "ok", "p4", "p5"],
};
const BY_WORD = new Map<string, Severity>(
  Object.entries(WORDS).flatMap(([severity, words]) => words.map((word) => [word, severity as Severity] as const)),
);

/** The severity the label states, or null where it is missing or no word of ours. */
export const labelSeverity = (labels: Labels): Severity | null =>
  BY_WORD.get((labels["severity"] ?? "").trim().toLowerCase()) ?? null;

/** True when `a` is more urgent than `b`. */
export const isMoreUrgent = (a: Severity, b: Severity): boolean => SEVERITIES.indexOf(a) < SEVERITIES.indexOf(b);

/** The severity an alert counts as when nobody but its label spoke: without any, warning. */
export const severityOf = (labels: Labels): Severity => labelSeverity(labels) ?? "warning";

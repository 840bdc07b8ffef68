/** What makes alerts one group: the route they took and the labels the route groups by (contracts 8.2). */
import type { Labels } from "../alert/alert.ts";
import { fingerprint } from "../alert/fingerprint.ts";
import { pickLabels, sortedNames } from "../alert/labels.ts";
import { compareMatchers, type MatcherSpec, printMatchers } from "../alert/matcher.ts";
import { GROUP_BY_ALL } from "../route/routing.ts";

/** The labels of an alert its group is known by; those it lacks are left out. */
export const groupLabels = (labels: Labels, groupBy: readonly string[]): Labels =>
  groupBy.includes(GROUP_BY_ALL) ? labels : pickLabels(labels, groupBy);

const escapeValue = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

const printLabels = (labels: Labels): string =>
  `{${sortedNames(labels)
    .map((name) => `${name}="${escapeValue(labels[name] ?? "")}"`)
    .join(", ")}}`;

/** Matchers of every node from the root down, each sorted, then the group labels, as Alertmanager prints them. */
export const groupKey = (path: readonly (readonly MatcherSpec[])[], labels: Labels): string =>
  `${path.map((matchers) => printMatchers(matchers.toSorted(compareMatchers))).join("/")}:${printLabels(labels)}`;

/** A short name for a group key: what order and deduplication at a target go by. */
export const groupSubject = (key: string): string => `g${fingerprint({ groupKey: key })}`;

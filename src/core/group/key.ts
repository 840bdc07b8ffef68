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

const HELD = "#held";
const STORM = "#storm";

/** A group of one that looks after what was held back: what it tells is in line with what is told at once. */
export const heldKey = (key: string): string => `${key}${HELD}`;
export const isHeldKey = (key: string): boolean => key.endsWith(HELD);

/** What a storm takes of one route. */
export const stormKey = (key: string): string => `${key}${STORM}`;
export const isStormKey = (key: string): boolean => key.endsWith(STORM);

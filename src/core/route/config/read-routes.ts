/** Reads the routing tree of a checked document. */
import type { Labels } from "../../alert/alert.ts";
import { SEVERITIES } from "../../alert/severity.ts";
import { CATEGORIES } from "../../classify/classification.ts";
import { GROUP_BY_ALL, type RouteNode } from "../routing.ts";
import { asksClassification } from "../tree.ts";
import type { TextNode, YamlNode } from "./node.ts";
import type { Report } from "./report.ts";
import { suggestion } from "./report.ts";
import {
  durationAt,
  entriesAt,
  flagAt,
  itemsAt,
  nodeAt,
  numberAt,
  readAllMatchers,
  textNodeAt,
  textsAt,
  wordAt,
} from "./values.ts";

/** Limits of contracts 8.1. */
const MAX_ROUTES = 1000;
const MAX_DEPTH = 10;

/** What routes refer to by name. */
export interface KnownNames {
  readonly receivers: ReadonlySet<string>;
  readonly timeIntervals: ReadonlySet<string>;
}

const readGroupBy = (node: YamlNode, report: Report): readonly string[] | null => {
  const items = textsAt(node, "group_by");
  const seen = new Set<string>();
  for (const item of items ?? []) {
    if (item.text === "") report.defect(item, "is no label name");
    else if (seen.has(item.text)) report.defect(item, "stands in the list twice");
    seen.add(item.text);
  }
  const all = items?.find((item) => item.text === GROUP_BY_ALL);
  if (all !== undefined && seen.size > 1) report.defect(all, `${GROUP_BY_ALL} must stand alone in group_by`);
  return items === null ? null : [...seen];
};

const checkNames = (items: readonly TextNode[], known: ReadonlySet<string>, what: string, report: Report): void => {
  for (const item of items) {
    if (!known.has(item.text)) {
      report.defect(item, `there is no ${what} ${JSON.stringify(item.text)}${suggestion(item.text, known)}`);
    }
  }
};

const positiveAt = (node: YamlNode, key: string, report: Report): number | null => {
  const ms = durationAt(node, key);
  const place = nodeAt(node, key);
  if (ms === 0 && place !== null) report.defect(place, "must not be zero");
  return ms;
};

/** A classification is one of few words: a matcher that can hold for none of them is a mistake. */
const checkClassification = (node: YamlNode, matchers: RouteNode["matchers"], report: Report): void => {
  const words = { llm_severity: SEVERITIES, llm_category: CATEGORIES } as const;
  for (const matcher of matchers.filter(asksClassification)) {
    const known: readonly string[] = words[matcher.name as keyof typeof words];
    if (!known.some(matcher.test)) {
      report.warn(node, `the matcher on ${matcher.name} holds for none of ${known.join(", ")}`);
    }
  }
  const confidence = nodeAt(node, "min_confidence");
  const value = numberAt(node, "min_confidence");
  if (confidence === null || value === null) return;
  if (value < 0 || value > 1) report.defect(confidence, "must be from 0 to 1");
  if (!matchers.some(asksClassification)) {
    report.warn(confidence, "counts only beside matchers on llm_severity or llm_category");
  }
};

const ROOT_MUST_NOT = ["match", "match_re", "matchers", "mute_time_intervals", "active_time_intervals"];

const checkRoot = (root: YamlNode, report: Report): void => {
  if (wordAt(root, "receiver") === null) report.defect(root, "the root route must name a receiver");
  for (const key of ROOT_MUST_NOT) {
    const place = nodeAt(root, key);
    const size = place?.kind === "list" ? place.items.length : place?.kind === "map" ? place.entries.size : 0;
    if (place !== null && size > 0) report.defect(place, `the root route takes every alert: it must have no ${key}`);
  }
  const place = nodeAt(root, "continue");
  if (place !== null && flagAt(root, "continue") === true) {
    report.defect(place, "the root route has no siblings to continue with");
  }
};

const readLabels = (node: YamlNode, report: Report): Labels =>
  Object.fromEntries(
    entriesAt(node, "labels").map(([name, { value }]) => {
      const text = value.kind === "text" ? value.text : "";
      if (text.includes("{{"))
        report.warn(value, "templates in route labels are not served: it is kept as it is written");
      return [name, text];
    }),
  );

/** The tree under `route`. Where there is none, that is reported, and the result says nothing. */
export const readRoutes = (document: YamlNode, names: KnownNames, report: Report): RouteNode => {
  let count = 0;
  const read = (node: YamlNode, depth: number): RouteNode => {
    if (++count === MAX_ROUTES + 1) report.defect(node, `there are more than ${MAX_ROUTES} routes`);
    if (depth > MAX_DEPTH) report.defect(node, `routes are nested more than ${MAX_DEPTH} deep`);
    const receiver = textNodeAt(node, "receiver");
    if (receiver !== null && receiver.text !== "") checkNames([receiver], names.receivers, "receiver", report);
    const mute = textsAt(node, "mute_time_intervals") ?? [];
    const active = textsAt(node, "active_time_intervals") ?? [];
    checkNames([...mute, ...active], names.timeIntervals, "time interval", report);
    const matchers = readAllMatchers(node, "", report);
    checkClassification(node, matchers, report);
    const isTooMuch = count > MAX_ROUTES || depth > MAX_DEPTH;
    return {
      path: node.path,
      receiver: wordAt(node, "receiver"),
      matchers,
      minConfidence: numberAt(node, "min_confidence"),
      continue: flagAt(node, "continue") ?? false,
      groupBy: readGroupBy(node, report),
      groupWaitMs: durationAt(node, "group_wait"),
      groupIntervalMs: positiveAt(node, "group_interval", report),
      repeatIntervalMs: positiveAt(node, "repeat_interval", report),
      muteTimeIntervals: mute.map((item) => item.text),
      activeTimeIntervals: active.map((item) => item.text),
      labels: readLabels(node, report),
      fallback: wordAt(node, "fallback"),
      fallbackAfterMs: durationAt(node, "fallback_after"),
      regroup: flagAt(node, "regroup"),
      routes: isTooMuch ? [] : itemsAt(node, "routes").map((child) => read(child, depth + 1)),
    };
  };
  const root = nodeAt(document, "route");
  if (root === null) report.defect(document, "needs a route");
  else checkRoot(root, report);
  return read(root ?? { ...document, kind: "null" }, 1);
};

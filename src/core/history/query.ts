/**
 * What `/history` is asked for: parameters as they come to a filter (contracts 12.2), and the part of the filter that
 * only code can answer. Which rows are looked at, the store decides.
 */
import type { Labels, Millis } from "../alert/alert.ts";
import { parseDuration } from "../alert/duration.ts";
import { labelValue } from "../alert/labels.ts";
import { compileMatcher, type Matcher, type MatcherOperator } from "../alert/matcher.ts";
import { parseMatchers } from "../alert/matcher-parse.ts";
import { readTime } from "../alert/time.ts";
import { type Defect, err, ok, type Result } from "../result.ts";

/** Columns that are compared for equality with a list of values. */
export const EQUAL_FIELDS = [
  ...["status", "severity", "namespace", "fingerprint", "alertname", "kind", "category", "generator_url"],
  ...["receipt_id", "source", "format", "target", "outcome"],
] as const;

export const SORT_FIELDS = ["received_at", "starts_at", "ends_at", "status", "severity"] as const;
export type SortField = (typeof SORT_FIELDS)[number];

export interface HistoryFilter {
  readonly fromMs: Millis;
  readonly toMs: Millis;
  readonly equal: ReadonlyMap<string, readonly string[]>;
  readonly matchers: readonly Matcher[];
  readonly search: string | null;
  readonly durationMinMs: Millis | null;
  readonly durationMaxMs: Millis | null;
  readonly isResolved: boolean | null;
  readonly isFlapping: boolean | null;
  /** The newest event of each alert only. */
  readonly newestOnly: boolean;
}

const DAY_MS = 86_400_000;
export const DEFAULT_RANGE_MS: Millis = 30 * DAY_MS;
export const MAX_RANGE_MS: Millis = 90 * DAY_MS;
const MAX_LABEL_CONDITIONS = 20;
const MAX_LABEL_KEY = 255;
const MAX_SEARCH = 500;
const MAX_PARAMETER = 1000;

const NAMES: Readonly<Record<string, string>> = {
  alert_name: "alertname",
  fingerprints: "fingerprint",
  source_format: "format",
  start_time: "from",
  end_time: "to",
  filter: "matchers",
};

const VALUES: Readonly<Record<string, readonly string[]>> = {
  status: ["firing", "resolved"],
  severity: ["critical", "warning", "info", "noise"],
  kind: ["new", "resolved", "reopened"],
  outcome: [...["delivered", "dead", "pending", "retry", "deferred", "superseded", "canceled", "digested"]],
};

const LABEL_OPERATORS: Readonly<Record<string, MatcherOperator>> = {
  labels: "=",
  labels_ne: "!=",
  labels_regex: "=~",
  labels_not_regex: "!~",
};

/** `*` and `?` as an expression. */
const wildcard = (pattern: string): string =>
  [...pattern].map((c) => (c === "*" ? ".*" : c === "?" ? "." : c.replace(/[\\.+()|[\]{}^$]/, "\\$&"))).join("");

const seconds = (text: string): Millis | null =>
  /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : parseDuration(text);

const BOOLEANS = new Map([
  ["true", true],
  ["1", true],
  ["false", false],
  ["0", false],
]);

/** Reads parameters in their order of appearance; unknown ones are ignored, bad values are defects. */
export const readFilter = (
  parameters: readonly (readonly [name: string, value: string])[],
  now: Millis,
): Result<HistoryFilter, readonly Defect[]> => {
  const defects: Defect[] = [];
  const equal = new Map<string, string[]>();
  const matchers: Matcher[] = [];
  const one = new Map<string, string>();
  const fail = (name: string, message: string): void => {
    defects.push({ path: `query.${name}`, message });
  };
  const add = (parameter: string, name: string, operator: MatcherOperator, value: string): void => {
    const matcher = compileMatcher({ name, operator, value });
    if (name.length > MAX_LABEL_KEY) fail(parameter, `the label name must have at most ${MAX_LABEL_KEY} characters`);
    else if (matcher.ok) matchers.push(matcher.value);
    else fail(parameter, matcher.error);
  };
  for (const [given, value] of parameters) {
    const [, base = given, key] = /^([a-z_]+)\[(.*)\]$/s.exec(given) ?? [];
    const name = Object.hasOwn(NAMES, base) ? (NAMES[base] ?? base) : base;
    if (value.length > MAX_PARAMETER) fail(given, `must have at most ${MAX_PARAMETER} characters`);
    else if (key !== undefined && Object.hasOwn(LABEL_OPERATORS, base)) {
      add(given, key, LABEL_OPERATORS[base] ?? "=", value);
    } else if (base === "labels_exists" || base === "labels_not_exists") {
      for (const label of (key ?? value).split(",")) add(given, label, base === "labels_exists" ? "!=" : "=", "");
    } else if (name === "matchers") {
      const read = parseMatchers(value);
      if (read.ok) matchers.push(...read.value);
      else fail(given, read.error.message);
    } else if (base === "alert_name_regex") add(given, "alertname", "=~", value);
    else if (base === "alert_name_pattern") add(given, "alertname", "=~", wildcard(value));
    else if ((EQUAL_FIELDS as readonly string[]).includes(name)) {
      const list = name === "generator_url" ? [value] : value.split(",").filter((item) => item !== "");
      const allowed = VALUES[name];
      const bad = list.find((item) => allowed !== undefined && !allowed.includes(item));
      if (bad !== undefined) fail(given, `must be one of ${allowed?.join(", ")}`);
      else if (name === "fingerprint" && !list.every((item) => /^[0-9a-fA-F]{16}$/.test(item))) {
        fail(given, "must be 16 hex digits");
      } else {
        const items = name === "fingerprint" ? list.map((item) => item.toLowerCase()) : list;
        if (items.length > 0) equal.set(name, [...(equal.get(name) ?? []), ...items]);
      }
    } else one.set(name, value);
  }
  if (matchers.length > MAX_LABEL_CONDITIONS) fail("labels", `at most ${MAX_LABEL_CONDITIONS} conditions on labels`);

  const read = <T>(name: string, parse: (text: string) => T | null | undefined, message: string): T | null => {
    const text = one.get(name);
    if (text === undefined || text === "") return null;
    const value = parse(text);
    if (value === null || value === undefined) fail(name, message);
    return value ?? null;
  };
  const toMs = read("to", readTime, "must be a time as RFC 3339") ?? now + DAY_MS;
  const fromMs = read("from", readTime, "must be a time as RFC 3339") ?? Math.min(toMs, now) - DEFAULT_RANGE_MS;
  if (toMs <= fromMs) fail("to", "must be after from");
  else if (Math.min(toMs, now) - fromMs > MAX_RANGE_MS) fail("from", "must be at most 90 days before to");
  const search = one.get("search") ?? null;
  if (search !== null && search.length > MAX_SEARCH) fail("search", `must have at most ${MAX_SEARCH} characters`);
  const view = one.get("view") ?? "events";
  if (view !== "events" && view !== "alerts") fail("view", "must be events or alerts");
  const filter: HistoryFilter = {
    fromMs,
    toMs,
    equal,
    matchers,
    search: search === null || search === "" ? null : search.toLowerCase(),
    durationMinMs: read("duration_min", seconds, "must be seconds or a duration such as 5m"),
    durationMaxMs: read("duration_max", seconds, "must be seconds or a duration such as 5m"),
    isResolved: read("is_resolved", (text) => BOOLEANS.get(text), "must be true or false"),
    isFlapping: read("is_flapping", (text) => BOOLEANS.get(text), "must be true or false"),
    newestOnly: view === "alerts",
  };
  return defects.length > 0 ? err(defects) : ok(filter);
};

/** Matchers that a store cannot evaluate by comparing values. */
export const patternsOf = (filter: HistoryFilter): readonly Matcher[] =>
  filter.matchers.filter(({ operator, values }) => operator === "!~" || (operator === "=~" && values === null));

/** True where nothing but code can tell whether a row is meant. */
export const needsCode = (filter: HistoryFilter): boolean => filter.search !== null || patternsOf(filter).length > 0;

/** Whether the patterns and the free text hold for an event; the rest of the filter is the store's. */
export const matchesCode = (
  patterns: readonly Matcher[],
  search: string | null,
  event: { readonly alertname: string; readonly labels: Labels; readonly annotations: Labels },
): boolean =>
  patterns.every((matcher) => matcher.test(labelValue(event.labels, matcher.name))) &&
  (search === null ||
    [event.alertname, labelValue(event.annotations, "summary"), labelValue(event.annotations, "description")].some(
      (text) => text.toLowerCase().includes(search),
    ));

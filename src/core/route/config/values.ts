/** Reads single values of a checked document. What has the wrong shape was reported before and counts as absent. */
import { parseDuration } from "../../alert/duration.ts";
import {
  compareMatchers,
  compileMatcher,
  type Matcher,
  type MatcherOperator,
  printMatchers,
} from "../../alert/matcher.ts";
import { readMatchers } from "../../alert/matcher-parse.ts";
import type { TextNode, YamlEntry, YamlNode } from "./node.ts";
import type { Report } from "./report.ts";

/** The configuration is its operator's own: a list of a hundred names in one expression is common there. */
const MAX_CONFIG_REGEX_CHARACTERS = 10_000;

/** A boolean in any spelling of YAML 1.1, which Alertmanager reads. */
export const readFlag = (text: string): boolean | null => {
  if (/^(?:true|yes|on|y)$/i.test(text)) return true;
  return /^(?:false|no|off|n)$/i.test(text) ? false : null;
};

const entryAt = (node: YamlNode, key: string): YamlEntry | null =>
  node.kind === "map" ? (node.entries.get(key) ?? null) : null;

/** The value of a key; null where the key is absent or empty. */
export const nodeAt = (node: YamlNode, key: string): YamlNode | null => {
  const value = entryAt(node, key)?.value;
  return value === undefined || value.kind === "null" ? null : value;
};

export const textNodeAt = (node: YamlNode, key: string): TextNode | null => {
  const value = nodeAt(node, key);
  return value?.kind === "text" ? value : null;
};
export const textAt = (node: YamlNode, key: string): string | null => textNodeAt(node, key)?.text ?? null;
/** As `textAt`, where Alertmanager takes the empty text for absent. */
export const wordAt = (node: YamlNode, key: string): string | null => textAt(node, key) || null;
export const flagAt = (node: YamlNode, key: string): boolean | null => readFlag(textAt(node, key) ?? "");
export const durationAt = (node: YamlNode, key: string): number | null => parseDuration(textAt(node, key) ?? "");
export const numberAt = (node: YamlNode, key: string): number | null => {
  const number = Number(textAt(node, key) ?? Number.NaN);
  return Number.isFinite(number) ? number : null;
};

/** Seconds of a duration as Go writes it; a bare number counts nanoseconds. null: none, or zero, which is no limit. */
export const goSecondsAt = (node: YamlNode, key: string): number | null => {
  const text = textAt(node, key) ?? "";
  const units: Readonly<Record<string, number>> = {
    ns: 1e-9,
    us: 1e-6,
    µs: 1e-6,
    μs: 1e-6,
    ms: 1e-3,
    s: 1,
    m: 60,
    h: 3600,
  };
  let seconds = /^\d+$/.test(text) ? Number(text) * 1e-9 : 0;
  for (const [, count, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    seconds += Number(count) * (units[unit ?? ""] ?? 0);
  }
  return seconds > 0 ? seconds : null;
};

export const itemsAt = (node: YamlNode, key: string): readonly YamlNode[] => {
  const value = nodeAt(node, key);
  return value?.kind === "list" ? value.items.filter((item) => item.kind !== "null") : [];
};

/** The texts of a list; null where the key is absent or empty. */
export const textsAt = (node: YamlNode, key: string): readonly TextNode[] | null => {
  const value = nodeAt(node, key);
  return value?.kind === "list" ? value.items.filter((item) => item.kind === "text") : null;
};

export const entriesAt = (node: YamlNode, key: string): readonly (readonly [string, YamlEntry])[] => {
  const value = nodeAt(node, key);
  return value?.kind === "map" ? [...value.entries] : [];
};

const CLASSIC_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** The pairs of `match` and `match_re`, the form before matchers. */
const readPairs = (node: YamlNode, key: string, operator: MatcherOperator, report: Report): readonly Matcher[] =>
  entriesAt(node, key).flatMap(([name, { key: place, value }]) => {
    if (!CLASSIC_NAME.test(name)) report.defect(place, "is no label name");
    if (operator === "=~" && value.kind === "null") report.defect(value, "must not be empty");
    const spec = { name, operator, value: value.kind === "text" ? value.text : "" };
    const matcher = compileMatcher(spec, MAX_CONFIG_REGEX_CHARACTERS);
    if (matcher.ok) return [matcher.value];
    report.defect(value, matcher.error);
    return [];
  });

/** A list of texts that each hold matchers. */
export const readMatcherList = (node: YamlNode, key: string, report: Report): readonly Matcher[] =>
  (textsAt(node, key) ?? []).flatMap((item) => {
    const read = readMatchers(item.text, MAX_CONFIG_REGEX_CHARACTERS);
    if (!read.ok) {
      report.defect(item, `${read.error.message} (column ${read.error.column} of the matcher)`);
      return [];
    }
    if (read.value.isClassic) {
      const text = printMatchers(read.value.matchers).slice(1, -1);
      report.warn(item, `is read by the old grammar of matchers; the new one wants ${text}`);
    }
    return read.value.matchers;
  });

/** `<prefix>match`, `<prefix>match_re` and `<prefix>matchers` together, in Alertmanager's order. */
export const readAllMatchers = (node: YamlNode, prefix: string, report: Report): readonly Matcher[] =>
  [
    ...readPairs(node, `${prefix}match`, "=", report),
    ...readPairs(node, `${prefix}match_re`, "=~", report),
    ...readMatcherList(node, `${prefix}matchers`, report),
  ].toSorted(compareMatchers);

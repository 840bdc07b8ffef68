/** The functions Alertmanager's template authors know, as Liquid filters. The value to work on is the filter's input. */
import type { FilterHandler, FilterThis } from "liquidjs/dist/liquid.browser.mjs";
import { RE2JS } from "re2js";
import { escapeHtml, safeLink } from "./escape.ts";
import { humanize, humanize1024, humanizeDuration, humanizePercentage } from "./template-numbers.ts";

/** As everywhere else (contracts 1.2). */
const MAX_PATTERN = 500;

/** A value as text: lists are joined, maps are JSON, nothing is the empty text. */
export const valueText = (value: unknown): string => {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.map(valueText).join("");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
};

const numberOf = (value: unknown): number => {
  const number = typeof value === "number" ? value : Number(valueText(value).trim() || "none");
  if (Number.isNaN(number) && valueText(value) !== "NaN")
    throw new Error(`"${valueText(value).slice(0, 50)}" is not a number`);
  return number;
};

const onNumber =
  (convert: (value: number) => string): FilterHandler =>
  (value) =>
    convert(numberOf(value));

const onText = (convert: (text: string, ...args: readonly string[]) => unknown): FilterHandler =>
  function (this: FilterThis, value, ...args) {
    const text = valueText(value);
    this.context.memoryLimit.use(text.length);
    return convert(text, ...args.map(valueText));
  };

const compile = (pattern: string): RE2JS => {
  if (pattern.length > MAX_PATTERN) throw new Error(`a pattern has at most ${MAX_PATTERN} characters`);
  return RE2JS.compile(pattern);
};

/** Go's Expand: `$1`, `$name`, `${name}` and `$$`; what the pattern does not have is empty. */
const expand = (replacement: string, groupOf: (name: string) => string): string =>
  replacement.replace(/\$(?:\$|\{(\w+)\}|(\w+))/g, (whole, braced?: string, bare?: string) =>
    whole === "$$" ? "$" : groupOf(braced ?? bare ?? ""),
  );

const replaceAll = (text: string, pattern = "", replacement = ""): string => {
  const matcher = compile(pattern).matcher(text);
  const parts: string[] = [];
  let from = 0;
  while (matcher.find()) {
    const named = matcher.getNamedGroups();
    const groupOf = (name: string): string => {
      if (/^\d+$/.test(name)) return Number(name) <= matcher.groupCount() ? (matcher.group(Number(name)) ?? "") : "";
      return Object.hasOwn(named, name) ? (named[name] ?? "") : "";
    };
    parts.push(text.slice(from, matcher.start()), expand(replacement, groupOf));
    from = matcher.end();
  }
  return parts.join("") + text.slice(from);
};

/** Upper case for the first letter of every word, the rest as it is. */
const title = (text: string): string =>
  text.replace(/(?<![\p{L}\p{N}\p{M}'’])\p{L}/gu, (letter) => letter.toUpperCase());

const pairsOf = (value: unknown): readonly (readonly [string, unknown])[] => {
  const pairs = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  return pairs.sort(([a], [b]) => (a === "alertname" ? -1 : b === "alertname" ? 1 : a < b ? -1 : 1));
};

/** Seconds from the given time to now. */
const since = function (this: FilterThis, value: unknown): number {
  const [then, now] = [Date.parse(valueText(value)), Date.parse(valueText(this.context.globals.now))];
  if (Number.isNaN(then)) throw new Error(`"${valueText(value).slice(0, 50)}" is no time`);
  return Math.max(0, (now - then) / 1000);
};

/** A time so many nanoseconds later, as Go counts durations. */
const addDuration = (text: string, nanoseconds = ""): string => {
  const time = Date.parse(text) + numberOf(nanoseconds) / 1e6;
  if (Number.isNaN(new Date(time).getTime())) throw new Error(`"${text.slice(0, 50)}" is no time`);
  return new Date(time).toISOString();
};

const unescapeUrl = (text: string): string => {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
};

/** What Go's layouts are made of, longest first, and what strftime calls it. */
const LAYOUT: ReadonlyMap<string, string> = new Map([
  ["January", "%B"],
  ["Monday", "%A"],
  ["Z07:00", "%:z"],
  ["-07:00", "%:z"],
  ["-0700", "%z"],
  ["2006", "%Y"],
  [".000", ".%L"],
  ["Jan", "%b"],
  ["Mon", "%a"],
  ["MST", "%Z"],
  ["01", "%m"],
  ["02", "%d"],
  ["03", "%I"],
  ["04", "%M"],
  ["05", "%S"],
  ["06", "%y"],
  ["15", "%H"],
  ["PM", "%p"],
]);
const LAYOUT_PART = new RegExp([...LAYOUT.keys()].map((part) => part.replace(".", "\\.")).join("|"), "g");

/** A date format: strftime as it is, a Go layout translated. */
export const dateFormat = (format: string): string =>
  format.includes("%") ? format : format.replace(LAYOUT_PART, (part) => LAYOUT.get(part) ?? part);

export const FILTERS: Readonly<Record<string, FilterHandler>> = {
  humanize: onNumber(humanize),
  humanize1024: onNumber(humanize1024),
  humanizeDuration: onNumber(humanizeDuration),
  humanizePercentage: onNumber(humanizePercentage),
  humanizeTimestamp: onNumber((seconds) => new Date(seconds * 1000).toISOString()),
  title: onText(title),
  toUpper: onText((text) => text.toUpperCase()),
  toLower: onText((text) => text.toLowerCase()),
  trimSpace: onText((text) => text.trim()),
  match: onText((text, pattern = "") => compile(pattern).matcher(text).find()),
  reReplaceAll: onText(replaceAll),
  safeHtml: onText(escapeHtml),
  safeUrl: onText((text) => safeLink(text) ?? ""),
  urlUnescape: onText(unescapeUrl),
  stringSlice: (value, ...args) => [value, ...args].map(valueText),
  sortedPairs: (value) => pairsOf(value).map(([name, text]) => ({ name, value: text, Name: name, Value: text })),
  names: (value) => pairsOf(value).map(([name]) => name),
  values: (value) => pairsOf(value).map(([, text]) => text),
  without: (value, ...names) => {
    const left = new Set(names.flat().map(valueText));
    return Object.fromEntries(pairsOf(value).filter(([name]) => !left.has(name)));
  },
  addDuration: onText(addDuration),
  since,
};

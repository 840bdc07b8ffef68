/** Times as people read them: relative and ticking, absolute with its zone, durations, and the range a page looks at. */
import { signal } from "@preact/signals";
import { zone } from "./settings.ts";

export { duration, latency, readDuration } from "./duration.ts";

/** The present, to the nearest tick. */
export const now = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 5_000);

/** Making one costs more than a hundred uses of it, and a list shows hundreds of times. */
const made = new Map<string, Intl.DateTimeFormat>();

const format = (locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => {
  const key = `${zone.value} ${locale} ${JSON.stringify(options)}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  const fresh = new Intl.DateTimeFormat(locale, { ...options, ...(zone.value === "utc" ? { timeZone: "UTC" } : {}) });
  made.set(key, fresh);
  return fresh;
};

/** `UTC`, `GMT+2` …: always printed beside absolute times. */
export const zoneName = (at = Date.now()): string =>
  format("en", { timeZoneName: "short" })
    .formatToParts(at)
    .find((part) => part.type === "timeZoneName")?.value ?? "UTC";

export const absolute = (ms: number): string =>
  `${format("sv-SE", { dateStyle: "short", timeStyle: "medium" }).format(ms)} ${zoneName(ms)}`;

/** `14:05`, beside a date or in an axis. */
export const clock = (ms: number): string => format("en-GB", { hour: "2-digit", minute: "2-digit" }).format(ms);

/** `Sat 28 Nov`. */
export const dayName = (ms: number): string =>
  format("en-GB", { weekday: "short", day: "numeric", month: "short" }).format(ms);

export const shortDate = (ms: number): string =>
  format("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }).format(ms);

export const RANGES = {
  "15m": 900_000,
  "1h": 3_600_000,
  "6h": 21_600_000,
  "24h": 86_400_000,
  "7d": 604_800_000,
  "30d": 2_592_000_000,
};
export type RangeName = keyof typeof RANGES;

/** As people say it. */
export const RANGE_WORDS: Readonly<Record<RangeName, string>> = {
  "15m": "last 15 minutes",
  "1h": "last hour",
  "6h": "last 6 hours",
  "24h": "last 24 hours",
  "7d": "last 7 days",
  "30d": "last 30 days",
};
export const DEFAULT_RANGE: RangeName = "24h";

export interface Range {
  readonly from: number;
  readonly to: number;
  /** null: from and to were chosen by hand. */
  readonly name: RangeName | null;
}

/** The range that a page's address names; unreadable ones count as the default. */
export const readRange = (query: Readonly<Record<string, string>>, at: number): Range => {
  const from = Date.parse(query["from"] ?? "");
  const to = Date.parse(query["to"] ?? "");
  if (from < to) return { from, to, name: null };
  const name = Object.hasOwn(RANGES, query["range"] ?? "") ? (query["range"] as RangeName) : DEFAULT_RANGE;
  return { from: at - RANGES[name], to: at, name };
};

/** The range in words: `last 24 hours`, or from and to. */
export const rangeName = (query: Readonly<Record<string, string>>): string => {
  const { from, to, name } = readRange(query, now.value);
  return name === null ? `${shortDate(from)} – ${shortDate(to)}` : RANGE_WORDS[name];
};

/** The range as parameters of the API, to the whole minute so that it does not change with every tick. */
export const rangeQuery = (query: Readonly<Record<string, string>>): { readonly from: string; readonly to: string } => {
  const at = Math.ceil(now.value / 60_000) * 60_000;
  const { from, to } = readRange(query, at);
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
};

/** Times as people read them: relative and ticking, absolute with its zone, durations, and the range a page looks at. */
import { signal } from "@preact/signals";
import { zone } from "./settings.ts";

/** The present, to the nearest tick. */
export const now = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 5_000);

const UNITS: readonly (readonly [string, number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
];

/** `6 d 3 h`, `16 m`, `0 s`: the two largest units that are not zero. */
export const duration = (ms: number): string => {
  let rest = Math.max(0, ms);
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
    if (parts.length === 2 || (parts.length === 1 && count === 0)) break;
  }
  return parts.join(" ") || "0 s";
};

const options = (): Intl.DateTimeFormatOptions => (zone.value === "utc" ? { timeZone: "UTC" } : {});

/** `UTC`, `GMT+2` …: always printed beside absolute times. */
export const zoneName = (at = Date.now()): string =>
  new Intl.DateTimeFormat("en", { timeZoneName: "short", ...options() })
    .formatToParts(at)
    .find((part) => part.type === "timeZoneName")?.value ?? "UTC";

export const absolute = (ms: number): string =>
  `${new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium", ...options() }).format(ms)} ${zoneName(ms)}`;

export const clock = (ms: number): string =>
  new Intl.DateTimeFormat("sv-SE", { timeStyle: "medium", ...options() }).format(ms);

export const shortDate = (ms: number): string =>
  new Intl.DateTimeFormat("en-GB", {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    ...options(),
  }).format(ms);

export const RANGES = {
  "15m": 900_000,
  "1h": 3_600_000,
  "6h": 21_600_000,
  "24h": 86_400_000,
  "7d": 604_800_000,
  "30d": 2_592_000_000,
};
export type RangeName = keyof typeof RANGES;
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

const DURATION = /^(\d+)([smhdw])$/;
const SIZES: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** `90m` in milliseconds; null when it is no duration. */
export const readDuration = (text: string): number | null => {
  const [, count, unit] = DURATION.exec(text) ?? [];
  return count === undefined || unit === undefined ? null : Number(count) * (SIZES[unit] ?? 0);
};

/** The range as parameters of the API, to the whole minute so that it does not change with every tick. */
export const rangeQuery = (query: Readonly<Record<string, string>>): { readonly from: string; readonly to: string } => {
  const at = Math.ceil(now.value / 60_000) * 60_000;
  const { from, to } = readRange(query, at);
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
};

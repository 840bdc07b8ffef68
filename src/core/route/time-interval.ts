/**
 * Alertmanager's time intervals: a moment is inside when every field that is given holds, in the interval's own time
 * zone. Ranges are inclusive, except that a time range ends before its end.
 */
import type { Millis } from "../alert/alert.ts";
import { type Defect, err, ok, type Result } from "../result.ts";

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** One element of `time_intervals`; null: the field is not given. */
export interface TimeInterval {
  /** Minutes of the day, `to` excluded. */
  readonly times: readonly Range[] | null;
  /** 0 is Sunday. */
  readonly weekdays: readonly Range[] | null;
  /** 1 to 31, or -1 to -31 counted from the end of the month. */
  readonly daysOfMonth: readonly Range[] | null;
  readonly months: readonly Range[] | null;
  readonly years: readonly Range[] | null;
  /** IANA name; UTC where none is given. */
  readonly location: string;
}

/** The fields as the document has them. */
export interface TimeIntervalJson {
  readonly times?: readonly { readonly start_time?: string; readonly end_time?: string }[];
  readonly weekdays?: readonly string[];
  readonly days_of_month?: readonly string[];
  readonly months?: readonly string[];
  readonly years?: readonly string[];
  readonly location?: string;
}

const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const MONTHS = [
  ...["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november"],
  "december",
];

const word =
  (names: readonly string[], base: number) =>
  (text: string): number | null => {
    const index = names.indexOf(text.toLowerCase());
    return index < 0 ? null : index + base;
  };
const number = (text: string): number | null => (/^-?\d{1,4}$/.test(text) ? Number(text) : null);
const month = (text: string): number | null => word(MONTHS, 1)(text) ?? number(text);

const readRange = (text: string, read: (part: string) => number | null, min: number, max: number): Range | null => {
  const parts = text.trim().split(":");
  if (parts.length > 2) return null;
  const from = read((parts[0] ?? "").trim());
  const to = parts.length === 2 ? read((parts[1] ?? "").trim()) : from;
  if (from === null || to === null || from < min || to > max || from > max || to < min) return null;
  return { from, to };
};

/** `HH:MM`, 24:00 included. */
const readMinute = (text: string): number | null => {
  const match = /^(\d{2}):(\d{2})$/.exec(text);
  if (match === null) return null;
  const minutes = Number(match[1]) * 60 + Number(match[2]);
  return Number(match[2]) < 60 && minutes <= 1440 ? minutes : null;
};

const formatters = new Map<string, Intl.DateTimeFormat>();

const formatterOf = (location: string): Intl.DateTimeFormat | null => {
  const known = formatters.get(location);
  if (known !== undefined) return known;
  try {
    const made = new Intl.DateTimeFormat("en-US", {
      timeZone: location,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      weekday: "long",
      hour: "numeric",
      minute: "numeric",
    });
    formatters.set(location, made);
    return made;
  } catch {
    // The only thing it refuses is an unknown zone.
    return null;
  }
};

/** True for an IANA time zone this runtime knows. */
export const isTimeZone = (location: string): boolean => formatterOf(location) !== null;

/** Reads one interval; every defect at its path below it. */
export const readTimeInterval = (json: TimeIntervalJson): Result<TimeInterval, readonly Defect[]> => {
  const defects: Defect[] = [];
  const ranges = (
    key: "weekdays" | "days_of_month" | "months" | "years",
    read: (text: string) => number | null,
    min: number,
    max: number,
  ): Range[] | null => {
    const list = json[key];
    if (list === undefined) return null;
    return list.flatMap((text, i) => {
      const range = readRange(text, read, min, max);
      const isOrdered =
        range !== null && (range.from <= range.to || (key === "days_of_month" && range.from > 0 && range.to < 0));
      const isZeroDay = key === "days_of_month" && range !== null && (range.from === 0 || range.to === 0);
      if (range !== null && isOrdered && !isZeroDay) return [range];
      defects.push({ path: `/${key}/${i}`, message: `${text} is no range of ${key.replaceAll("_", " ")}` });
      return [];
    });
  };
  const times = json.times?.flatMap(({ start_time: start = "", end_time: end = "" }, i) => {
    const [from, to] = [readMinute(start), readMinute(end)];
    if (from !== null && to !== null && from < to) return [{ from, to }];
    defects.push({ path: `/times/${i}`, message: "needs a start_time before its end_time, both as HH:MM" });
    return [];
  });
  const location = json.location ?? "UTC";
  if (!isTimeZone(location)) defects.push({ path: "/location", message: `${location} is no known time zone` });
  const interval: TimeInterval = {
    times: times ?? null,
    weekdays: ranges("weekdays", word(WEEKDAYS, 0), 0, 6),
    daysOfMonth: ranges("days_of_month", number, -31, 31),
    months: ranges("months", month, 1, 12),
    years: ranges("years", number, 0, 9999),
    location,
  };
  return defects.length > 0 ? err(defects) : ok(interval);
};

interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  readonly minute: number;
}

const localTime = (at: Millis, location: string): LocalTime => {
  const parts = new Map(
    formatterOf(location)
      ?.formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  const read = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
  return {
    year: read("year"),
    month: read("month"),
    day: read("day"),
    weekday: WEEKDAYS.indexOf((parts.get("weekday") ?? "").toLowerCase()),
    minute: read("hour") * 60 + read("minute"),
  };
};

const daysIn = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();

const within = (ranges: readonly Range[] | null, value: number): boolean =>
  ranges === null || ranges.some(({ from, to }) => value >= from && value <= to);

const dayWithin = (ranges: readonly Range[] | null, { year, month, day }: LocalTime): boolean => {
  if (ranges === null) return true;
  const last = daysIn(year, month);
  const resolve = (value: number): number => (value < 0 ? last + value + 1 : value);
  return ranges.some(({ from, to }) => day >= Math.max(1, resolve(from)) && day <= Math.min(last, resolve(to)));
};

/** Whether a moment lies in one of the intervals of a name. */
export const containsTime = (intervals: readonly TimeInterval[], at: Millis): boolean =>
  intervals.some((interval) => {
    const time = localTime(at, interval.location);
    const { times } = interval;
    return (
      (times === null || times.some(({ from, to }) => time.minute >= from && time.minute < to)) &&
      within(interval.weekdays, time.weekday) &&
      dayWithin(interval.daysOfMonth, time) &&
      within(interval.months, time.month) &&
      within(interval.years, time.year)
    );
  });

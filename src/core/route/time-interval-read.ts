/** Reads the parts of a time interval from text, as Alertmanager's `timeinterval/timeinterval.go` does. */
import { err, ok, type Result } from "../result.ts";
import type { Range } from "./time-interval.ts";

const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const MONTHS = [
  ...["january", "february", "march", "april", "may", "june", "july", "august", "september", "october"],
  ...["november", "december"],
];

const wholeNumber = (text: string): number => (/^[-+]?\d{1,9}$/.test(text) ? Number(text) : Number.NaN);

/** `a` or `a:b`; a member that `read` does not know is not a number. */
const readRange = (text: string, read: (member: string) => number, what: string): Result<Range, string> => {
  const members = text.toLowerCase().split(":").map(read);
  const [begin = Number.NaN, end = begin] = members;
  if (members.length > 2 || Number.isNaN(begin) || Number.isNaN(end))
    return err(`must be ${what}, or two with a colon`);
  return ok({ begin, end });
};

const inOrder = (range: Result<Range, string>): Result<Range, string> =>
  range.ok && range.value.begin > range.value.end ? err("must not end before it begins") : range;

const indexIn = (names: readonly string[]) => (name: string) =>
  names.includes(name) ? names.indexOf(name) : Number.NaN;

/** `monday:friday`; 0 is Sunday, and no range goes over Saturday. */
export const readWeekdays = (text: string): Result<Range, string> =>
  inOrder(readRange(text, indexIn(WEEKDAYS), "a weekday"));

/** `january`, `1:3`. */
export const readMonths = (text: string): Result<Range, string> => {
  const named = (name: string): number => {
    const month = MONTHS.includes(name) ? MONTHS.indexOf(name) + 1 : wholeNumber(name);
    return month >= 1 && month <= 12 ? month : Number.NaN;
  };
  return inOrder(readRange(text, named, "a month"));
};

/** `2026:2028`. */
export const readYears = (text: string): Result<Range, string> => inOrder(readRange(text, wholeNumber, "a year"));

/** `1:5`, `-3:-1`. Refused is what can hold in no month, or would turn around in a short one. */
export const readDaysOfMonth = (text: string): Result<Range, string> => {
  const day = (member: string): number => {
    const number = wholeNumber(member);
    return number !== 0 && Math.abs(number) <= 31 ? number : Number.NaN;
  };
  const range = readRange(text, day, "a day from 1 to 31 or -31 to -1");
  if (!range.ok) return range;
  const { begin, end } = range.value;
  if (begin < 0 && end > 0) return err("must end before the month does, since it begins before the end of it");
  // The shortest month decides where one end counts from the end of the month.
  const fromStart = (member: number): number => (member < 0 ? 28 + member : member);
  return fromStart(begin) > fromStart(end) ? err("must not end before it begins") : range;
};

/** Minutes of the day of `HH:MM`, up to `24:00`; null for anything else. */
export const readTimeOfDay = (text: string): number | null => {
  const [, hour, minute] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  if (text === "24:00") return 1440;
  return hour === undefined ? null : Number(hour) * 60 + Number(minute);
};

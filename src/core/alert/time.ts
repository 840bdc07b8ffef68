/** Instants in and out: RFC 3339 and its relatives as milliseconds. What a missing time means, the caller decides. */
import type { Millis } from "./alert.ts";

/** Go's zero time, how Alertmanager, Prometheus and Grafana write "not set". */
export const ZERO_TIME = "0001-01-01T00:00:00Z";

/** The last instant that RFC 3339 can write in UTC. */
const LAST_TIME: Millis = 253_402_300_799_999;
/** Unix numbers below are seconds (until the year 5138), others milliseconds (from 1973). */
const FIRST_UNIX_MILLIS = 100_000_000_000;

/** RFC 3339 in UTC with milliseconds and `Z`. */
export const formatTime = (time: Millis): string => new Date(time).toISOString();

/**
 * RFC 3339 with any offset and any number of fraction digits (cut to milliseconds); also without seconds, without time
 * of day, with a space for the `T`, or without offset, which then is UTC. null for everything else: no text, no such
 * day, beyond the year 9999, or the years 0 and 1, which are zero values. `Date.parse` would read much more, some of
 * it in local time.
 */
export const readTime = (value: unknown): Millis | null => {
  if (typeof value !== "string" || value === ZERO_TIME) return null;
  const year = digits(value, 0) * 100 + digits(value, 2);
  const month = digits(value, 5);
  const day = digits(value, 8);
  if (!isAt(value, 4, "-") || !isAt(value, 7, "-") || year < 2) return null;
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return null;
  const midnight = daysSinceEpoch(year, month, day) * 86_400_000;
  if (value.length === 10) return midnight;

  const separator = value[10];
  const hour = digits(value, 11);
  const minute = digits(value, 14);
  if ((separator !== "T" && separator !== "t" && separator !== " ") || !isAt(value, 13, ":")) return null;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return null;
  let time = midnight + hour * 3_600_000 + minute * 60_000;
  let at = 16;
  if (isAt(value, at, ":")) {
    const second = digits(value, 17);
    if (second < 0 || second > 60) return null; // 60 is a leap second, counted as the next
    time += second * 1000;
    at = 19;
    if (isAt(value, at, ".") || isAt(value, at, ",")) {
      const first = ++at;
      for (let unit = 100; at < value.length && isDigit(value.charCodeAt(at)); at++, unit /= 10) {
        if (unit >= 1) time += (value.charCodeAt(at) - 48) * unit;
      }
      if (at === first) return null;
    }
  }
  const offset = readOffset(value, at);
  if (offset === null) return null;
  time -= offset;
  return time <= LAST_TIME ? time : null;
};

/** As `readTime`, and Unix seconds or milliseconds as a number or a text of digits. Zero and less are not set. */
export const readTimeOrUnix = (value: unknown): Millis | null => {
  const unix = typeof value === "string" && /^\d{9,13}(?:\.\d+)?$/.test(value) ? Number(value) : value;
  if (typeof unix !== "number") return readTime(value);
  const time = Math.round(unix < FIRST_UNIX_MILLIS ? unix * 1000 : unix);
  return time > 0 && time <= LAST_TIME ? time : null;
};

/** Milliseconds that the offset at the end of `text` is ahead of UTC; null when there is something else. */
const readOffset = (text: string, at: number): number | null => {
  if (at === text.length) return 0;
  const sign = text[at];
  if (sign === "Z" || sign === "z") return at + 1 === text.length ? 0 : null;
  const hours = digits(text, at + 1);
  const rest = text.length - at;
  const minutes = rest === 3 ? 0 : digits(text, at + (rest === 6 && isAt(text, at + 3, ":") ? 4 : 3));
  if ((sign !== "+" && sign !== "-") || (rest !== 3 && rest !== 5 && rest !== 6)) return null;
  if (rest === 6 && !isAt(text, at + 3, ":")) return null;
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return null;
  return (hours * 60 + minutes) * (sign === "-" ? -60_000 : 60_000);
};

const isAt = (text: string, at: number, character: string): boolean => text[at] === character;
const isDigit = (unit: number): boolean => unit >= 48 && unit <= 57;

/** The number that two digits write, or far below zero when they are none. */
const digits = (text: string, at: number): number => {
  const tens = text.charCodeAt(at);
  const units = text.charCodeAt(at + 1);
  return isDigit(tens) && isDigit(units) ? (tens - 48) * 10 + (units - 48) : -10_000;
};

const daysInMonth = (year: number, month: number): number =>
  month === 2
    ? year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
      ? 29
      : 28
    : 30 + ((month + (month >> 3)) & 1);

/** Days of the Gregorian calendar from 1970-01-01; years start in March so that the leap day comes last. */
const daysSinceEpoch = (year: number, month: number, day: number): number => {
  const y = month <= 2 ? year - 1 : year;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719_468;
};

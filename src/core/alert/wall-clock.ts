/** Date and time as a clock on the wall of some place shows them, and back. The runtime knows the time zones. */
import type { Millis } from "./alert.ts";

export interface WallClock {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** Of the day. */
  readonly minute: number;
}

const MINUTE_MS: Millis = 60_000;
const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

interface Zone {
  readonly format: Intl.DateTimeFormat;
  /** The last answer: alerts come in batches with one `now`. */
  minute: number;
  clock: WallClock | null;
}
/** There are about 450 time zones; more names are the same ones in other spellings. */
const MAX_ZONES = 600;
/** Making a formatter costs a hundred times what using it does. */
const zones = new Map<string, Zone>();

const zoneOf = (timeZone: string): Zone => {
  const known = zones.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    weekday: "short",
    hour: "numeric",
    minute: "numeric",
  });
  const zone: Zone = { format, minute: Number.NaN, clock: null };
  if (zones.size >= MAX_ZONES) zones.clear();
  zones.set(timeZone, zone);
  return zone;
};

/** Whether the runtime knows this IANA time zone. */
export const isTimeZone = (timeZone: string): boolean => {
  try {
    zoneOf(timeZone);
    return true;
  } catch {
    return false;
  }
};

/** What the wall shows at `now`, to the minute. The time zone must be one that the runtime knows. */
export const wallClock = (timeZone: string, now: Millis): WallClock => {
  const zone = zoneOf(timeZone);
  const minute = Math.floor(now / MINUTE_MS);
  if (zone.clock !== null && zone.minute === minute) return zone.clock;
  const parts = new Map(zone.format.formatToParts(minute * MINUTE_MS).map(({ type, value }) => [type, value]));
  const number = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type) ?? 0);
  const clock: WallClock = {
    year: number("year"),
    month: number("month"),
    day: number("day"),
    weekday: WEEKDAYS.indexOf(parts.get("weekday") ?? ""),
    minute: number("hour") * 60 + number("minute"),
  };
  zone.minute = minute;
  zone.clock = clock;
  return clock;
};

/** What the wall shows, as if it were UTC: fit for counting days and hours, and no instant. */
export const localTime = (timeZone: string, now: Millis): Millis => {
  const { year, month, day, minute } = wallClock(timeZone, now);
  return Date.UTC(year, month - 1, day, 0, minute) + (((now % MINUTE_MS) + MINUTE_MS) % MINUTE_MS);
};

/**
 * The instant at which the wall shows `local`. Where clocks are put back and it shows it twice, one of the two; where
 * they are put forward and it never does, the instant as far after the change.
 */
export const instantOf = (timeZone: string, local: Millis): Millis => {
  const first = local - (localTime(timeZone, local) - local);
  const second = local - (localTime(timeZone, first) - first);
  return localTime(timeZone, second) === local ? second : Math.max(first, second);
};

/**
 * The rule of RFC 5545 by which silences come again, and whether a day is one of its days. That is calculated from the
 * day alone, so the cost does not grow with the years since the start; COUNT and what is more frequent than a day would
 * need a walk through all of them, and are refused.
 */
import type { Millis } from "../alert/alert.ts";
import { err, ok, type Result } from "../result.ts";

/** Days since 1970-01-01 of the calendar, whatever the time zone. */
export type DayNumber = number;
export const DAY_MS: Millis = 86_400_000;

const MAX_RULE_CHARACTERS = 200;
/** Occurrences a day: more is a rule for another tool. */
const MAX_TIMES = 24;
const WEEKDAYS = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];
const FREQUENCIES = ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"] as const;
const KEYS = ["FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYHOUR", "BYMINUTE", "BYSECOND", "UNTIL", "WKST"];

interface WeekdayRule {
  /** 0 is Sunday. */
  readonly weekday: number;
  /** Which one of the month (of the year in a yearly rule without months), negative from its end; null: each. */
  readonly nth: number | null;
}

export interface RecurrenceRule {
  readonly frequency: (typeof FREQUENCIES)[number];
  readonly interval: number;
  readonly days: readonly WeekdayRule[];
  readonly monthDays: readonly number[];
  readonly months: readonly number[];
  /** Minutes of the day, ascending; empty: the time of the start. */
  readonly minutes: readonly number[];
  /** No occurrence begins later. */
  readonly until: Millis | null;
  readonly weekStart: number;
}

const readNumbers = (value: string, min: number, max: number): readonly number[] | null => {
  const read = value.split(",").map((item) => (/^-?\d{1,3}$/.test(item) ? Number(item) : Number.NaN));
  return read.every((number) => number >= min && number <= max && (number !== 0 || min === 0)) ? read : null;
};

const readDays = (value: string): readonly WeekdayRule[] | null => {
  const read = value.split(",").map((item) => {
    const [, nth, name] = /^(-?[1-9]\d?)?(SU|MO|TU|WE|TH|FR|SA)$/.exec(item) ?? [];
    return name === undefined ? null : { weekday: WEEKDAYS.indexOf(name), nth: nth === undefined ? null : Number(nth) };
  });
  return read.every((day) => day !== null) ? read : null;
};

const readUntil = (value: string): Millis | null => {
  const [, year, month, day, hour = "23", minute = "59", second = "59"] =
    /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)Z?)?$/.exec(value) ?? [];
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? null : time;
};

const readParts = (text: string): Result<ReadonlyMap<string, string>, string> => {
  const parts = text
    .toUpperCase()
    .replace(/^RRULE:/, "")
    .split(";")
    .map((part) => part.split("="));
  const given = new Map(parts.map(([key = "", value = ""]) => [key, value]));
  const unknown = parts.find((part) => part.length !== 2 || !KEYS.includes(part[0] ?? ""));
  if (unknown !== undefined) return err(`${unknown.join("=") || "nothing"} is none of ${KEYS.join(", ")}`);
  return given.size === parts.length ? ok(given) : err("each part may stand there once");
};

/** Lists of numbers, each with its bounds. */
const LISTS = [
  ["BYMONTHDAY", -31, 31],
  ["BYMONTH", 1, 12],
  ["BYHOUR", 0, 23],
  ["BYMINUTE", 0, 59],
  ["BYSECOND", 0, 0],
  ["INTERVAL", 1, 999],
] as const;

/**
 * `FREQ=WEEKLY;BYDAY=SA,SU;BYHOUR=2`, with or without `RRULE:` before it. BYHOUR without BYMINUTE means the full hour.
 * The error is the end of a sentence that begins with the name of the field.
 */
export const readRecurrenceRule = (text: string): Result<RecurrenceRule, string> => {
  if (text.length > MAX_RULE_CHARACTERS) return err(`must have at most ${MAX_RULE_CHARACTERS} characters`);
  const parts = readParts(text);
  if (!parts.ok) return parts;
  const given = parts.value;
  const frequency = FREQUENCIES.find((word) => word === given.get("FREQ"));
  if (frequency === undefined) return err(`needs a FREQ of ${FREQUENCIES.join(", ")}`);
  const lists = new Map<string, readonly number[]>();
  for (const [key, min, max] of LISTS) {
    const value = given.get(key);
    const read = value === undefined ? [] : readNumbers(value, min, max);
    if (read === null) return err(`needs numbers from ${min} to ${max} for ${key}`);
    lists.set(key, read);
  }
  const list = (key: (typeof LISTS)[number][0]): readonly number[] => lists.get(key) ?? [];
  const days = readDays(given.get("BYDAY") ?? "") ?? [];
  if (given.has("BYDAY") && days.length === 0) return err("needs days from SU to SA for BYDAY, perhaps numbered");
  const until = readUntil(given.get("UNTIL") ?? "");
  if (given.has("UNTIL") && until === null) return err("needs a time such as 20261231T235959Z for UNTIL");
  const weekStart = WEEKDAYS.indexOf(given.get("WKST") ?? "MO");
  if (weekStart < 0) return err("needs a day from SU to SA for WKST");
  if (days.some(({ nth }) => nth !== null) && (frequency === "DAILY" || frequency === "WEEKLY")) {
    return err("may number days only with FREQ=MONTHLY or YEARLY");
  }
  if (list("BYMONTHDAY").length > 0 && frequency === "WEEKLY") return err("takes no BYMONTHDAY with FREQ=WEEKLY");
  const hours = list("BYHOUR");
  const minutes = list("BYMINUTE").length > 0 ? list("BYMINUTE") : [0];
  if (hours.length === 0 && given.has("BYMINUTE")) return err("needs BYHOUR where there is BYMINUTE");
  const times = [...new Set(hours.flatMap((hour) => minutes.map((minute) => hour * 60 + minute)))];
  if (times.length > MAX_TIMES) return err(`must not begin more than ${MAX_TIMES} times a day`);
  return ok({
    frequency,
    interval: list("INTERVAL")[0] ?? 1,
    days,
    monthDays: list("BYMONTHDAY"),
    months: list("BYMONTH"),
    minutes: times.toSorted((a, b) => a - b),
    until,
    weekStart,
  });
};

interface CivilDay {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly monthDay: number;
  readonly weekday: number;
}

const civilDay = (day: DayNumber): CivilDay => {
  const date = new Date(day * DAY_MS);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    monthDay: date.getUTCDate(),
    weekday: date.getUTCDay(),
  };
};

/** First day of a month, which may lie beyond its year. */
const monthStart = (year: number, month: number): DayNumber => Date.UTC(year, month - 1, 1) / DAY_MS;

/** Whether `day` is the nth of its weekday between two days, the second excluded. */
const isNth = (day: DayNumber, nth: number, from: DayNumber, to: DayNumber): boolean =>
  nth > 0 ? Math.floor((day - from) / 7) === nth - 1 : Math.floor((to - 1 - day) / 7) === -nth - 1;

const isInStep = (rule: RecurrenceRule, first: DayNumber, day: DayNumber): boolean => {
  const a = civilDay(first);
  const b = civilDay(day);
  const week = (number: DayNumber): number => Math.floor((number + 4 - rule.weekStart) / 7);
  const steps = {
    DAILY: day - first,
    WEEKLY: week(day) - week(first),
    MONTHLY: b.year * 12 + b.month - (a.year * 12 + a.month),
    YEARLY: b.year - a.year,
  };
  return steps[rule.frequency] % rule.interval === 0;
};

/** Whether an occurrence begins on `day`, given the day of the start, which is the first it can be. */
export const isOccurrenceDay = (rule: RecurrenceRule, first: DayNumber, day: DayNumber): boolean => {
  if (day < first || !isInStep(rule, first, day)) return false;
  const start = civilDay(first);
  const { year, month, monthDay, weekday } = civilDay(day);
  const { frequency, days, monthDays, months } = rule;
  if (months.length > 0 && !months.includes(month)) return false;

  const next = monthStart(year, month + 1);
  const last = next - monthStart(year, month);
  if (monthDays.length > 0 && !monthDays.some((wanted) => monthDay === (wanted < 0 ? last + wanted + 1 : wanted))) {
    return false;
  }
  const ofYear = frequency === "YEARLY" && months.length === 0;
  const [from, to] = ofYear ? [monthStart(year, 1), monthStart(year + 1, 1)] : [monthStart(year, month), next];
  if (days.length > 0) {
    return days.some(
      (wanted) => wanted.weekday === weekday && (wanted.nth === null || isNth(day, wanted.nth, from, to)),
    );
  }
  if (frequency === "WEEKLY") return weekday === start.weekday;
  if (frequency === "DAILY" || monthDays.length > 0) return true;
  return monthDay === start.monthDay && (frequency === "MONTHLY" || months.length > 0 || month === start.month);
};

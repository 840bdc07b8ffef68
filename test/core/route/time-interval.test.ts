import { describe, expect, it } from "vitest";
import { activeIntervals, containsTime, mutedBy, type TimeInterval } from "../../../src/core/route/time-interval.ts";
import {
  readDaysOfMonth,
  readMonths,
  readTimeOfDay,
  readWeekdays,
  readYears,
} from "../../../src/core/route/time-interval-read.ts";

const ALWAYS: TimeInterval = {
  times: null,
  weekdays: null,
  daysOfMonth: null,
  months: null,
  years: null,
  location: "UTC",
};
const range = (begin: number, end = begin) => ({ begin, end });
const interval = (given: Partial<TimeInterval>): TimeInterval => ({ ...ALWAYS, ...given });
const hours = (from: number, to: number) => [{ startMinute: from * 60, endMinute: to * 60 }];
const at = (text: string): number => Date.parse(text);

const officeHours = interval({ times: hours(9, 17), weekdays: [range(1, 5)] });

describe("a moment lies in an interval", () => {
  it.each([
    ["an interval without parts holds always", ALWAYS, "2026-01-01T00:00:00Z", true],
    ["office hours on a Wednesday morning", officeHours, "2026-07-01T09:00:00Z", true],
    ["the end of office hours is excluded", officeHours, "2026-07-01T17:00:00Z", false],
    ["the minute before it is not", officeHours, "2026-07-01T16:59:59Z", true],
    ["office hours on a Sunday", officeHours, "2026-07-05T10:00:00Z", false],
    ["a time up to 24:00", interval({ times: [{ startMinute: 1380, endMinute: 1440 }] }), "2026-01-01T23:59:59Z", true],
    ["one of two times", interval({ times: [...hours(1, 2), ...hours(3, 4)] }), "2026-01-01T03:30:00Z", true],
    ["the last day of February", interval({ daysOfMonth: [range(-1)] }), "2026-02-28T12:00:00Z", true],
    ["the last day of February in a leap year", interval({ daysOfMonth: [range(-1)] }), "2028-02-28T12:00:00Z", false],
    ["the last three days", interval({ daysOfMonth: [range(-3, -1)] }), "2026-04-28T12:00:00Z", true],
    ["the day before the last three", interval({ daysOfMonth: [range(-3, -1)] }), "2026-04-27T12:00:00Z", false],
    ["day 31 in a month of 30", interval({ daysOfMonth: [range(31)] }), "2026-04-30T12:00:00Z", false],
    ["days 25 to 31 in a month of 30", interval({ daysOfMonth: [range(25, 31)] }), "2026-04-30T12:00:00Z", true],
    ["-31 to -1 in February", interval({ daysOfMonth: [range(-31, -1)] }), "2026-02-01T12:00:00Z", true],
    ["from the 10th to the last but one", interval({ daysOfMonth: [range(10, -2)] }), "2026-02-28T12:00:00Z", false],
    ["January to March", interval({ months: [range(1, 3)] }), "2026-03-31T23:59:59Z", true],
    ["not in April", interval({ months: [range(1, 3)] }), "2026-04-01T00:00:00Z", false],
    ["the years 2026 and 2027", interval({ years: [range(2026, 2027)] }), "2028-01-01T00:00:00Z", false],
    ["an empty list never holds, as in Alertmanager", interval({ weekdays: [] }), "2026-01-01T00:00:00Z", false],
    [
      "all parts must hold",
      interval({ months: [range(12)], daysOfMonth: [range(24, 26)], years: [range(2026)] }),
      "2026-12-25T08:00:00Z",
      true,
    ],
  ])("%s", (_, given, time, want) => {
    expect(containsTime(given, at(time))).toBe(want);
  });
});

describe("in the time of its place, daylight saving included", () => {
  const berlin = interval({ ...officeHours, location: "Europe/Berlin" });
  const sydney = interval({ ...officeHours, location: "Australia/Sydney" });
  const night = interval({ times: hours(2, 3), location: "Europe/Berlin" });
  it.each([
    ["Berlin in winter opens at 8 UTC", berlin, "2026-01-07T08:00:00Z", true],
    ["and not a minute earlier", berlin, "2026-01-07T07:59:00Z", false],
    ["Berlin in summer opens at 7 UTC", berlin, "2026-07-01T07:00:00Z", true],
    ["the Monday after the change, the same", berlin, "2026-03-30T07:00:00Z", true],
    ["the Friday before the change, not yet", berlin, "2026-03-27T07:00:00Z", false],
    ["Sydney is on Monday while it is Sunday in UTC", sydney, "2026-01-04T22:30:00Z", true],
    ["the hour that is left out never comes", night, "2026-03-29T01:00:00Z", false],
    ["the hour that comes twice holds the first time", night, "2026-10-25T00:30:00Z", true],
    ["and the second time", night, "2026-10-25T01:30:00Z", true],
    ["and then is over", night, "2026-10-25T02:00:00Z", false],
  ])("%s", (_, given, time, want) => {
    expect(containsTime(given, at(time))).toBe(want);
  });
});

describe("what withholds a route", () => {
  const intervals = new Map([
    ["office", [officeHours]],
    ["weekend", [interval({ weekdays: [range(0)] }), interval({ weekdays: [range(6)] })]],
  ]);
  const saturday = at("2026-07-04T10:00:00Z");
  const wednesday = at("2026-07-01T10:00:00Z");
  const route = (mute: string[], active: string[]) => ({ muteTimeIntervals: mute, activeTimeIntervals: active });

  it.each([
    ["no intervals", route([], []), saturday, null],
    ["a mute interval that holds", route(["office", "weekend"], []), saturday, "weekend"],
    ["a mute interval that does not", route(["weekend"], []), wednesday, null],
    ["an active interval that does not hold", route([], ["office"]), saturday, "office"],
    ["an active interval that holds", route([], ["weekend", "office"]), wednesday, null],
    ["muted while active", route(["weekend"], ["weekend"]), saturday, "weekend"],
    ["an unknown name mutes nothing", route(["gone"], []), saturday, null],
  ])("%s", (_, given, now, want) => {
    expect(mutedBy(given, intervals, now)).toBe(want);
  });

  it("names all that hold", () => {
    expect(activeIntervals(["office", "weekend", "gone"], intervals, saturday)).toEqual(["weekend"]);
  });
});

describe("the parts are read as Alertmanager reads them", () => {
  it.each([
    [readWeekdays, "monday:friday", range(1, 5)],
    [readWeekdays, "Sunday", range(0)],
    [readMonths, "january:march", range(1, 3)],
    [readMonths, "5:august", range(5, 8)],
    [readMonths, "12", range(12)],
    [readYears, "2020:2022", range(2020, 2022)],
    [readYears, "2030", range(2030)],
    [readDaysOfMonth, "1:5", range(1, 5)],
    [readDaysOfMonth, "-3:-1", range(-3, -1)],
    [readDaysOfMonth, "1:-1", range(1, -1)],
    [readDaysOfMonth, "27:-2", null],
    [readDaysOfMonth, "0", null],
    [readDaysOfMonth, "32", null],
    [readDaysOfMonth, "-1:5", null],
    [readDaysOfMonth, "5:4", null],
    [readDaysOfMonth, "-1:-3", null],
    [readDaysOfMonth, "1:2:3", null],
    [readWeekdays, "friday:monday", null],
    [readWeekdays, "fri", null],
    [readWeekdays, "monday:", null],
    [readMonths, "13", null],
    [readMonths, "march:january", null],
    [readYears, "2022:2020", null],
    [readYears, "20x6", null],
  ])("%O of %s", (read, text, want) => {
    const result = read(text);
    expect(result.ok ? result.value : null).toEqual(want);
  });

  it.each([
    ["00:00", 0],
    ["09:30", 570],
    ["23:59", 1439],
    ["24:00", 1440],
    ["24:01", null],
    ["9:30", null],
    ["12:60", null],
    ["12:00:00", null],
    ["", null],
  ])("the time %s", (text, minute) => {
    expect(readTimeOfDay(text)).toBe(minute);
  });
});

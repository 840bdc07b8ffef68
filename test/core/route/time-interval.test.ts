import { describe, expect, test } from "vitest";
import { containsTime, readTimeInterval, type TimeIntervalJson } from "../../../src/core/route/time-interval.ts";

const inside = (json: TimeIntervalJson, at: string): boolean => {
  const read = readTimeInterval(json);
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  return containsTime([read.value], Date.parse(at));
};

describe("whether a moment lies in an interval", () => {
  test.each<[json: TimeIntervalJson, at: string, yes: boolean]>([
    [{}, "2026-01-01T00:00:00Z", true],
    [{ times: [{ start_time: "09:00", end_time: "17:00" }] }, "2026-01-01T09:00:00Z", true],
    [{ times: [{ start_time: "09:00", end_time: "17:00" }] }, "2026-01-01T17:00:00Z", false],
    [{ times: [{ start_time: "22:00", end_time: "24:00" }] }, "2026-01-01T23:59:59Z", true],
    [{ weekdays: ["monday:friday"] }, "2026-01-02T12:00:00Z", true],
    [{ weekdays: ["monday:friday"] }, "2026-01-03T12:00:00Z", false],
    [{ weekdays: ["Saturday", "sunday"] }, "2026-01-04T12:00:00Z", true],
    [{ days_of_month: ["1:5", "-3:-1"] }, "2026-02-26T12:00:00Z", true],
    [{ days_of_month: ["-3:-1"] }, "2026-02-25T12:00:00Z", false],
    [{ days_of_month: ["31"] }, "2026-02-28T12:00:00Z", false],
    [{ days_of_month: ["1:-1"] }, "2026-02-28T12:00:00Z", true],
    [{ months: ["may:august", "12"] }, "2026-12-31T12:00:00Z", true],
    [{ months: ["january"] }, "2026-02-01T00:00:00Z", false],
    [{ years: ["2020:2025"] }, "2026-01-01T00:00:00Z", false],
    [
      { times: [{ start_time: "08:00", end_time: "09:00" }], location: "America/New_York" },
      "2026-01-15T13:30:00Z",
      true,
    ],
    [
      { times: [{ start_time: "08:00", end_time: "09:00" }], location: "America/New_York" },
      "2026-07-15T13:30:00Z",
      false,
    ],
    [
      { times: [{ start_time: "08:00", end_time: "09:00" }], location: "America/New_York" },
      "2026-07-15T12:30:00Z",
      true,
    ],
    [{ weekdays: ["monday"], location: "Asia/Tokyo" }, "2026-01-04T15:30:00Z", true],
    [{ weekdays: ["monday"], times: [{ start_time: "00:00", end_time: "01:00" }] }, "2026-01-05T02:00:00Z", false],
  ])("%j at %s: %s", (json, at, yes) => {
    expect(inside(json, at)).toBe(yes);
  });

  test("one of several is enough", () => {
    const read = [readTimeInterval({ weekdays: ["monday"] }), readTimeInterval({ months: ["may"] })];
    const intervals = read.flatMap((r) => (r.ok ? [r.value] : []));
    expect(containsTime(intervals, Date.parse("2026-05-12T00:00:00Z"))).toBe(true);
  });
});

test.each<[json: TimeIntervalJson, path: string]>([
  [{ times: [{ start_time: "9:00", end_time: "17:00" }] }, "/times/0"],
  [{ times: [{ start_time: "17:00", end_time: "09:00" }] }, "/times/0"],
  [{ weekdays: ["mon"] }, "/weekdays/0"],
  [{ weekdays: ["friday:monday"] }, "/weekdays/0"],
  [{ days_of_month: ["0"] }, "/days_of_month/0"],
  [{ days_of_month: ["5:1"] }, "/days_of_month/0"],
  [{ months: ["13"] }, "/months/0"],
  [{ location: "Mars/Base" }, "/location"],
])("%j is refused at its path", (json, path) => {
  const read = readTimeInterval(json);
  expect(read.ok ? null : read.error[0]?.path).toBe(path);
});

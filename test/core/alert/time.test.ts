import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatTime, readTime, readTimeOrUnix, ZERO_TIME } from "../../../src/core/alert/time.ts";

const T = Date.UTC(2026, 0, 1, 10, 0, 0);

describe("readTime", () => {
  test.each([
    ["UTC", "2026-01-01T10:00:00Z", T],
    ["an offset ahead", "2026-01-01T12:00:00+02:00", T],
    ["an offset behind", "2026-01-01T04:30:00-05:30", T],
    ["an offset that moves the day", "2026-01-02T00:00:00+14:00", T],
    ["an offset without colon", "2026-01-01T12:00:00+0200", T],
    ["an offset of hours only", "2026-01-01T12:00:00+02", T],
    ["lower case", "2026-01-01t10:00:00z", T],
    ["a space for the T", "2026-01-01 10:00:00Z", T],
    ["without offset it is UTC, not local time", "2026-01-01T10:00:00", T],
    ["without seconds", "2026-01-01T10:00Z", T],
    ["a day alone is its midnight in UTC", "2026-01-01", Date.UTC(2026, 0, 1)],
    ["milliseconds", "2026-01-01T10:00:00.123Z", T + 123],
    ["one digit of a fraction", "2026-01-01T10:00:00.1Z", T + 100],
    ["nanoseconds are cut, not rounded", "2026-01-01T10:00:00.123999999Z", T + 123],
    ["a fraction with offset", "2026-01-01T12:00:00.5+02:00", T + 500],
    ["a leap second is the next second", "2026-01-01T09:59:60Z", T],
    ["a leap day", "2024-02-29T00:00:00Z", Date.UTC(2024, 1, 29)],
    ["the year 9999", "9999-12-31T23:59:59.999Z", 253_402_300_799_999],
    ["before 1970", "1969-12-31T23:59:59Z", -1000],
  ])("%s", (_, text, time) => {
    expect(readTime(text)).toBe(time);
  });

  test.each([
    ["Go's zero time", ZERO_TIME],
    ["Go's zero time with an offset", "0001-01-01T00:53:28+00:53"],
    ["the year 0", "0000-01-01T00:00:00Z"],
    ["the 30th of February", "2026-02-30T00:00:00Z"],
    ["the 29th of February of no leap year", "2100-02-29T00:00:00Z"],
    ["the 31st of April", "2026-04-31T00:00:00Z"],
    ["month 13", "2026-13-01T00:00:00Z"],
    ["hour 24", "2026-01-01T24:00:00Z"],
    ["minute 60", "2026-01-01T10:60:00Z"],
    ["second 61", "2026-01-01T10:00:61Z"],
    ["an offset of 24 hours", "2026-01-01T10:00:00+24:00"],
    ["an empty fraction", "2026-01-01T10:00:00.Z"],
    ["the year 10000 in UTC", "9999-12-31T23:59:59-01:00"],
    ["a six-digit year", "+012026-01-01T00:00:00Z"],
    ["something behind the end", "2026-01-01T10:00:00Z "],
    ["an offset that is cut off", "2026-01-01T10:00:00+02:0"],
    ["what only Date.parse reads", "Thu, 01 Jan 2026 10:00:00 GMT"],
    ["a year alone", "2026"],
    ["empty", ""],
    ["a number", 1767261600],
    ["null", null],
    ["nothing", undefined],
    ["an object", {}],
  ])("absent: %s", (_, value) => {
    expect(readTime(value)).toBeNull();
  });

  test("reads what Date writes, over all years", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date("0002-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }),
        (date) => {
          expect(readTime(date.toISOString())).toBe(date.getTime());
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("never throws and never gives a time that cannot be written", () => {
    const nearly = fc.stringMatching(
      /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{0,12})?)?([Zz]|[+-]\d{2}:?\d{0,2})?$/,
    );
    fc.assert(
      fc.property(fc.oneof(nearly, fc.string()), (text) => {
        const time = readTime(text);
        if (time !== null) expect(readTime(formatTime(time))).toBe(time);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("readTimeOrUnix", () => {
  test.each([
    ["seconds", T / 1000, T],
    ["seconds with a fraction", T / 1000 + 0.5, T + 500],
    ["milliseconds", T, T],
    ["seconds as text", String(T / 1000), T],
    ["milliseconds as text", String(T), T],
    ["still RFC 3339", "2026-01-01T10:00:00Z", T],
    ["zero is not set", 0, null],
    ["negative is not set", -5, null],
    ["nanoseconds are out of range", T * 1e6, null],
    ["not a number", Number.NaN, null],
    ["infinite", Number.POSITIVE_INFINITY, null],
    ["a year is no Unix time", "2026", null],
    ["a boolean", true, null],
  ])("%s", (_, value, time) => {
    expect(readTimeOrUnix(value)).toBe(time);
  });
});

test("times are written in UTC with milliseconds", () => {
  expect(formatTime(T)).toBe("2026-01-01T10:00:00.000Z");
  expect(formatTime(253_402_300_799_999)).toBe("9999-12-31T23:59:59.999Z");
});

import fc from "fast-check";
import * as library from "rrule";
import { describe, expect, it } from "vitest";
import { compileRecurrence, type Recurrence } from "../../../src/core/filter/recurrence.ts";
import { DAY_MS, isOccurrenceDay, readRecurrenceRule } from "../../../src/core/filter/recurrence-rule.ts";

// Node loads the package's CommonJS build, whose names are only on its default export.
const { RRule } = "RRule" in library ? library : (library as { readonly default: typeof library }).default;

const at = (text: string): number => Date.parse(text);
const windowAt = (recurrence: Recurrence, startsAt: string, now: string): string | null => {
  const windows = compileRecurrence(recurrence, at(startsAt));
  if (!windows.ok) throw new Error(windows.error.message);
  const window = windows.value.at(at(now));
  return window && `${new Date(window.startsAt).toISOString()}/${new Date(window.endsAt).toISOString()}`;
};
const HOUR = 3_600_000;

describe("the window at a moment", () => {
  const weekend = { rule: "FREQ=WEEKLY;BYDAY=SA;BYHOUR=22", timeZone: "Europe/Berlin", durationMs: 6 * HOUR };
  const nightly = { rule: "RRULE:FREQ=DAILY;BYHOUR=2;BYMINUTE=30", timeZone: "Europe/Berlin", durationMs: HOUR };
  it.each([
    ["inside", weekend, "2026-01-10T23:00:00Z", "2026-01-10T21:00:00.000Z/2026-01-11T03:00:00.000Z"],
    ["its first moment", weekend, "2026-01-10T21:00:00Z", "2026-01-10T21:00:00.000Z/2026-01-11T03:00:00.000Z"],
    ["its end is excluded", weekend, "2026-01-11T03:00:00Z", null],
    ["an hour earlier in summer", weekend, "2026-07-04T20:00:00Z", "2026-07-04T20:00:00.000Z/2026-07-05T02:00:00.000Z"],
    ["before the first one", weekend, "2026-01-02T23:00:00Z", null],
    ["half past two in winter", nightly, "2026-01-11T01:45:00Z", "2026-01-11T01:30:00.000Z/2026-01-11T02:30:00.000Z"],
    [
      "where half past two is left out",
      nightly,
      "2026-03-29T02:00:00Z",
      "2026-03-29T01:30:00.000Z/2026-03-29T02:30:00.000Z",
    ],
  ])("%s", (_, recurrence, now, want) => {
    expect(windowAt(recurrence, "2026-01-05T00:00:00Z", now)).toBe(want);
  });

  it("is at the time of the start where the rule names none", () => {
    const daily = { rule: "FREQ=DAILY", timeZone: "America/New_York", durationMs: HOUR };
    expect(windowAt(daily, "2026-01-05T10:17:23Z", "2026-01-05T10:17:23Z")).toMatch(/^2026-01-05T10:17:23/);
    expect(windowAt(daily, "2026-01-05T10:17:23Z", "2026-07-01T09:30:00Z")).toMatch(/^2026-07-01T09:17:23/);
    expect(windowAt(daily, "2026-01-05T10:17:23Z", "2026-01-05T10:17:22Z")).toBeNull();
  });

  it("may be longer than a day, and ends with UNTIL", () => {
    const monthly = { rule: "FREQ=MONTHLY;BYMONTHDAY=-1;BYHOUR=0", timeZone: "UTC", durationMs: 3 * DAY_MS };
    expect(windowAt(monthly, "2026-01-01T00:00:00Z", "2026-03-02T23:59:59Z")).toMatch(/^2026-02-28T00/);
    const until = { ...monthly, rule: `${monthly.rule};UNTIL=20260301` };
    expect(windowAt(until, "2026-01-01T00:00:00Z", "2026-03-02T23:59:59Z")).toMatch(/^2026-02-28T00/);
    expect(windowAt(until, "2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z")).toBeNull();
  });

  it("costs the same years later", () => {
    const impossible = { rule: "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", timeZone: "UTC", durationMs: HOUR };
    const start = performance.now();
    for (let i = 0; i < 1000; i++) windowAt(impossible, "1971-01-01T00:00:00Z", "2069-01-01T00:00:00Z");
    // A walk through a century of days takes hours, a thousand times.
    expect(performance.now() - start).toBeLessThan(30_000);
  });
});

describe("what is refused", () => {
  it.each([
    "",
    "FREQ=HOURLY",
    "FREQ=DAILY;COUNT=3",
    "FREQ=DAILY;INTERVAL=0",
    "FREQ=DAILY;INTERVAL=-1",
    "FREQ=DAILY;FREQ=WEEKLY",
    "FREQ=DAILY;BYDAY=XX",
    "FREQ=WEEKLY;BYDAY=1MO",
    "FREQ=WEEKLY;BYMONTHDAY=1",
    "FREQ=MONTHLY;BYMONTHDAY=0",
    "FREQ=MONTHLY;BYMONTHDAY=32",
    "FREQ=YEARLY;BYMONTH=13",
    "FREQ=DAILY;BYHOUR=24",
    "FREQ=DAILY;BYMINUTE=5",
    "FREQ=DAILY;BYHOUR=1;BYSECOND=5",
    "FREQ=DAILY;UNTIL=tomorrow",
    "FREQ=DAILY;BYHOUR=0,1,2,3,4,5;BYMINUTE=0,10,20,30,40",
    "DTSTART:20260101T000000Z\nRRULE:FREQ=DAILY",
    `FREQ=DAILY;${"BYMONTH=1".repeat(30)}`,
  ])("%s", (rule) => {
    expect(readRecurrenceRule(rule).ok).toBe(false);
  });

  it.each([
    ["timeZone", { timeZone: "Europe/Atlantis" }],
    ["durationMs", { durationMs: 0 }],
    ["durationMs", { durationMs: 32 * DAY_MS }],
    ["rule", { rule: "FREQ=HOURLY" }],
  ])("a bad %s", (field, change) => {
    const good = { rule: "FREQ=DAILY", timeZone: "UTC", durationMs: HOUR };
    expect(compileRecurrence({ ...good, ...change }, 0)).toMatchObject({ ok: false, error: { field } });
  });
});

describe("the days of a rule", () => {
  const weekday = fc.constantFrom("SU", "MO", "TU", "WE", "TH", "FR", "SA");
  const listOf = (item: fc.Arbitrary<string | number>, max = 3): fc.Arbitrary<string> =>
    fc.uniqueArray(item, { minLength: 1, maxLength: max }).map((list) => list.join(","));
  const numbered = fc.tuple(fc.constantFrom("1", "2", "4", "-1", "-2"), weekday).map(([n, day]) => `${n}${day}`);
  // Both kinds in one list the package takes for two conditions at once; in RFC 5545 any day of the list will do.
  const days = fc.oneof(listOf(weekday), listOf(numbered));
  const monthDay = fc.oneof(fc.integer({ min: 1, max: 31 }), fc.integer({ min: -31, max: -1 }));
  const part = (key: string, list: fc.Arbitrary<string>): fc.Arbitrary<string> =>
    fc.oneof(
      fc.constant(""),
      list.map((value) => `;${key}=${value}`),
    );
  const month = part("BYMONTH", listOf(fc.integer({ min: 1, max: 12 })));
  const interval = part("INTERVAL", fc.integer({ min: 1, max: 5 }).map(String));
  const weekStart = part("WKST", fc.constantFrom("SU", "MO", "WE"));
  const rule = fc.oneof(
    fc.tuple(
      fc.constant("FREQ=DAILY"),
      interval,
      month,
      part("BYDAY", listOf(weekday)),
      part("BYMONTHDAY", listOf(monthDay)),
    ),
    fc.tuple(fc.constant("FREQ=WEEKLY"), interval, month, part("BYDAY", listOf(weekday)), weekStart),
    fc.tuple(fc.constant("FREQ=MONTHLY"), interval, month, part("BYDAY", days), part("BYMONTHDAY", listOf(monthDay))),
    fc.tuple(fc.constant("FREQ=YEARLY"), interval, month, part("BYDAY", days), part("BYMONTHDAY", listOf(monthDay))),
  );

  it("are those of the rrule package", () => {
    const first = fc.integer({ min: 19_000, max: 21_000 });
    fc.assert(
      fc.property(rule, first, (parts, start) => {
        const text = parts.join("");
        const read = readRecurrenceRule(text);
        if (!read.ok) throw new Error(`${text}: ${read.error}`);
        const span = 500;
        const mine = Array.from({ length: span }, (_, i) => start + i).filter((day) =>
          isOccurrenceDay(read.value, start, day),
        );
        const oracle = new RRule({ ...RRule.parseString(text), dtstart: new Date(start * DAY_MS) });
        const theirs = oracle
          .between(new Date(start * DAY_MS), new Date((start + span - 1) * DAY_MS), true)
          .map((date) => Math.floor(date.getTime() / DAY_MS));
        expect([text, mine]).toEqual([text, theirs]);
      }),
      { numRuns: 200 },
    );
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { instantOf, isTimeZone, localTime, wallClock } from "../../../src/core/alert/wall-clock.ts";

const at = (text: string): number => Date.parse(text);

describe("what the clock on the wall shows", () => {
  it.each([
    ["UTC", "2026-03-01T12:34:56Z", { year: 2026, month: 3, day: 1, weekday: 0, minute: 754 }],
    ["Europe/Berlin", "2026-03-29T00:59:59Z", { year: 2026, month: 3, day: 29, weekday: 0, minute: 119 }],
    ["Europe/Berlin", "2026-03-29T01:00:00Z", { year: 2026, month: 3, day: 29, weekday: 0, minute: 180 }],
    ["America/New_York", "2026-01-01T04:59:00Z", { year: 2025, month: 12, day: 31, weekday: 3, minute: 1439 }],
    ["Asia/Kolkata", "2026-01-01T18:30:00Z", { year: 2026, month: 1, day: 2, weekday: 5, minute: 0 }],
    ["Pacific/Kiritimati", "2026-01-01T10:00:00Z", { year: 2026, month: 1, day: 2, weekday: 5, minute: 0 }],
    ["Australia/Lord_Howe", "2026-01-01T00:00:00Z", { year: 2026, month: 1, day: 1, weekday: 4, minute: 660 }],
  ])("%s at %s", (zone, time, clock) => {
    expect(wallClock(zone, at(time))).toEqual(clock);
  });

  it("knows which time zones there are", () => {
    expect(["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"].every(isTimeZone)).toBe(true);
    expect(["Europe/Atlantis", "", "Berlin", "../etc"].some(isTimeZone)).toBe(false);
  });
});

describe("the instant of a time on the wall", () => {
  it.each([
    ["Europe/Berlin", "2026-07-01T12:00:00Z", "2026-07-01T10:00:00.000Z"],
    ["Europe/Berlin", "2026-03-29T03:00:00Z", "2026-03-29T01:00:00.000Z"],
    ["Europe/Berlin", "2026-03-29T02:30:00Z", "2026-03-29T01:30:00.000Z"],
    ["America/New_York", "2026-03-08T02:30:00Z", "2026-03-08T07:30:00.000Z"],
    ["Australia/Lord_Howe", "2026-04-05T12:00:00Z", "2026-04-05T01:30:00.000Z"],
  ])("%s %s", (zone, local, instant) => {
    expect(new Date(instantOf(zone, at(local))).toISOString()).toBe(instant);
  });

  it("shows that time, whenever the wall shows it at all", () => {
    const zone = fc.constantFrom("UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe");
    const time = fc.integer({ min: at("2020-01-01T00:00:00Z"), max: at("2035-01-01T00:00:00Z") });
    fc.assert(
      fc.property(zone, time, (timeZone, now) => {
        const local = localTime(timeZone, now);
        expect(localTime(timeZone, instantOf(timeZone, local))).toBe(local);
      }),
      { numRuns: 2000 },
    );
  });
});

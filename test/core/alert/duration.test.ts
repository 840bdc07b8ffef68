import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDuration, printDuration } from "../../../src/core/alert/duration.ts";

describe("Prometheus durations", () => {
  it.each([
    ["0", 0],
    ["0s", 0],
    ["30s", 30_000],
    ["5m", 300_000],
    ["1h30m", 5_400_000],
    ["1d2h30m", 95_400_000],
    ["500ms", 500],
    ["1m500ms", 60_500],
    ["1w", 604_800_000],
    ["1y", 31_536_000_000],
    ["4d1h1m1s1ms", 349_261_001],
    ["90m", 5_400_000],
  ])("%s is %d ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    "",
    "1",
    "-5m",
    "+5m",
    "1.5h",
    "5 m",
    " 5m",
    "5m ",
    "1m1h",
    "1s1s",
    "5M",
    "1h30",
    "m",
    "1mm",
    "300y",
    "∞",
    "１m",
  ])("%j is none", (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  it.each([
    [0, "0s"],
    [324, "324ms"],
    [3000, "3s"],
    [15 * 86_400_000, "15d"],
    [14 * 86_400_000, "2w"],
    [365 * 86_400_000, "1y"],
    [95_400_000, "1d2h30m"],
    [366 * 86_400_000, "366d"],
  ])("%d ms is printed as %s", (ms, text) => {
    expect(printDuration(ms)).toBe(text);
  });

  it("are printed so that they read back as the same", () => {
    fc.assert(
      fc.property(
        fc.maxSafeNat().map((ms) => ms % 2 ** 42),
        (ms) => {
          expect(parseDuration(printDuration(ms))).toBe(ms);
        },
      ),
    );
  });
});

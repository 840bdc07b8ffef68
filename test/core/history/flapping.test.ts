import { describe, expect, test } from "vitest";
import { type FlapOptions, flappingUntil } from "../../../src/core/history/flapping.ts";

const MINUTE = 60_000;
const options: FlapOptions = { transitions: 4, settleMs: 15 * MINUTE };

/** Minutes at which it changed its state; the last is the present change. */
const until = (...minutes: number[]): number | null => {
  const [at = 0, ...earlier] = minutes.toReversed().map((minute) => minute * MINUTE);
  const settles = flappingUntil(at, earlier, options);
  return settles === null ? null : settles / MINUTE;
};

describe("an alert flaps", () => {
  test.each<[sentence: string, minutes: number[], settles: number | null]>([
    ["not with its first change", [0], null],
    ["not with three in a row", [0, 1, 2], null],
    ["with the fourth, until a quarter of an hour after it", [0, 1, 2, 3], 18],
    ["on with the fifth, from then on", [0, 1, 2, 3, 10], 25],
    ["also when the changes are almost a quarter of an hour apart", [0, 14, 28, 42], 57],
    ["not when one came a quarter of an hour after the one before", [0, 1, 2, 17], null],
    ["not after it has settled, whatever was before", [0, 1, 2, 3, 4, 5, 20], null],
    ["again after it has settled and begun anew", [0, 1, 2, 3, 30, 31, 32, 33], 48],
  ])("%s", (_, minutes, settles) => {
    expect(until(...minutes)).toBe(settles);
  });

  test("by its latest changes alone", () => {
    const minutes = [0, 3, 9, 12, 20, 30, 44];
    expect(until(...minutes.slice(-options.transitions))).toBe(until(...minutes));
  });
});

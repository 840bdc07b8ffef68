import { expect, test } from "vitest";
import { countStarts, NO_STORM, type StormState } from "../../../src/core/group/storm.ts";

const options = { moreThan: 10, withinMs: 60_000 };
/** How many of each `[at, starts]` the storm takes. */
const taken = (steps: readonly (readonly [at: number, starts: number])[]): number[] => {
  let state: StormState = NO_STORM;
  return steps.map(([at, starts]) => {
    const counted = countStarts(state, starts, at, options);
    state = counted.state;
    return counted.taken;
  });
};

test.each<[sentence: string, steps: [number, number][], expected: number[]]>([
  [
    "ten within a minute are none",
    [
      [0, 5],
      [30_000, 5],
    ],
    [0, 0],
  ],
  [
    "the eleventh is the first it takes",
    [
      [0, 10],
      [1000, 1],
      [2000, 5],
    ],
    [0, 1, 5],
  ],
  ["of many at once it takes those beyond the threshold", [[0, 25]], [15]],
  [
    "starts further apart than the window never add up",
    [
      [0, 10],
      [61_000, 10],
      [122_000, 10],
    ],
    [0, 0, 0],
  ],
  [
    "while it goes on it takes everything, also at a lower rate",
    [
      [0, 11],
      [50_000, 8],
      [90_000, 1],
    ],
    [1, 8, 1],
  ],
  [
    "it is over when half of the threshold is not reached",
    [
      [0, 11],
      [62_000, 5],
      [63_000, 5],
    ],
    [1, 0, 0],
  ],
])("%s", (_, steps, expected) => {
  expect(taken(steps)).toEqual(expected);
});

test("what it remembers is bounded however many come", () => {
  let state: StormState = NO_STORM;
  for (let i = 0; i < 5000; i++) state = countStarts(state, 1, i * 50, options).state;
  expect(state.steps.length).toBeLessThanOrEqual(11);
});

import { expect, test } from "vitest";
import { countStarts, NO_STORM, type StormState } from "../../../src/core/group/storm.ts";

const options = { starts: 10, withinMs: 60_000 };
const run = (steps: readonly (readonly [at: number, starts: number])[]): string[] => {
  let state: StormState = NO_STORM;
  return steps.map(([at, starts]) => {
    const decision = countStarts(state, starts, at, options);
    state = decision.state;
    return decision.started ? "started" : decision.ended ? "ended" : decision.active ? "storm" : "calm";
  });
};

test.each([
  [
    "ten within a minute are none",
    [
      [0, 5],
      [30_000, 5],
    ],
    ["calm", "calm"],
  ],
  [
    "the eleventh starts one, once",
    [
      [0, 10],
      [1000, 1],
      [2000, 5],
    ],
    ["calm", "started", "storm"],
  ],
  [
    "starts further apart than the window never add up",
    [
      [0, 10],
      [61_000, 10],
      [122_000, 10],
    ],
    ["calm", "calm", "calm"],
  ],
  [
    "it ends once, when fewer than half of the threshold came",
    [
      [0, 11],
      [59_000, 0],
      [66_001, 0],
      [67_000, 0],
    ],
    ["started", "storm", "ended", "calm"],
  ],
  [
    "it goes on while starts keep coming",
    [
      [0, 11],
      [50_000, 8],
      [90_000, 0],
    ],
    ["started", "storm", "storm"],
  ],
] as [string, [number, number][], string[]][])("%s", (_, steps, expected) => {
  expect(run(steps)).toEqual(expected);
});

test("what it remembers is bounded however many come", () => {
  let state: StormState = NO_STORM;
  for (let i = 0; i < 5000; i++) state = countStarts(state, 1, i * 50, options).state;
  expect(state.steps.length).toBeLessThanOrEqual(11);
});

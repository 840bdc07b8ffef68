import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  DEFAULT_FLAPPING,
  type FlapDecision,
  type FlapState,
  flappingOf,
  flapQuiet,
  flapTransition,
} from "../../../src/core/history/flapping.ts";

const MIN = 60_000;
const status = (i: number) => (i % 2 === 0 ? ("firing" as const) : ("resolved" as const));

describe("transitions within an hour", () => {
  const rows: [sentence: string, minutes: number[], expected: string[]][] = [
    ["two are none", [0, 10], ["-", "-"]],
    ["the third starts it, once", [0, 10, 20, 25], ["-", "-", "started", "flapping"]],
    ["three over more than an hour are none", [0, 40, 61], ["-", "-", "-"]],
    ["after a quiet stretch it begins anew", [0, 1, 2, 60, 61, 62], ["-", "-", "started", "stopped", "-", "started"]],
  ];
  test.each(rows)("%s", (_, minutes, expected) => {
    let state: FlapState | null = null;
    const seen = minutes.map((minute, i) => {
      const quiet = state === null ? null : flapQuiet(state, minute * MIN);
      if (quiet !== null) state = quiet.state;
      const decision = flapTransition(state, status(i), minute * MIN);
      state = decision.state;
      if (quiet !== null && quiet.settledIn !== null) return "stopped";
      return decision.started ? "started" : decision.flapping ? "flapping" : "-";
    });
    expect(seen).toEqual(expected);
  });
});

test("the final state is told exactly once per stretch, in whatever state it settles", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 40 }), (gaps) => {
      let at = 0;
      let state: FlapState | null = null;
      let started = 0;
      const stopped: [told: string, final: string][] = [];
      const ask = (now: number): void => {
        if (state === null) return;
        const quiet = flapQuiet(state, now);
        if (quiet.settledIn !== null) stopped.push([quiet.settledIn, state.status]);
        state = quiet.state;
      };
      gaps.forEach((gap, i) => {
        at += gap * MIN;
        // Sometimes nobody asks before the next transition.
        if (gap % 2 === 0) ask(at - 1);
        const decision: FlapDecision = flapTransition(state, status(i), at);
        if (decision.started) started++;
        if (decision.settledIn !== null) stopped.push([decision.settledIn, status(i - 1)]);
        state = decision.state;
      });
      ask(at + DEFAULT_FLAPPING.settleMs);
      ask(at + 2 * DEFAULT_FLAPPING.settleMs);
      expect(stopped.length).toBe(started);
      for (const [told, final] of stopped) expect(told).toBe(final);
      if (started > 0 && gaps.length > 0) expect((state as FlapState | null)?.flapping).toBe(false);
    }),
  );
});

test("stored transitions lead to the same decision as live ones", () => {
  const times = [0, 1, 2, 3].map((minute, i) => ({ at: minute * MIN, status: status(i) }));
  expect(flappingOf(times, 4 * MIN)).toMatchObject({ flapping: true, settledIn: null });
  expect(flappingOf(times, 18 * MIN)).toMatchObject({ flapping: false, settledIn: "resolved" });
  expect(flappingOf([], 0)).toMatchObject({ flapping: false, started: false, settledIn: null });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  admit,
  type Breaker,
  type BreakerOptions,
  CLOSED_BREAKER,
  MODEL_BREAKER,
  record,
  release,
  TARGET_BREAKER,
} from "../../../src/core/classify/breaker.ts";

/** Plays attempts one after the other: `S` succeeds, `F` fails, a number lets that many milliseconds pass. */
function play(options: BreakerOptions, script: readonly (string | number)[], from: Breaker = CLOSED_BREAKER) {
  let breaker = from;
  let now = 1_000_000;
  const refused: number[] = [];
  for (const [index, step] of script.entries()) {
    if (typeof step === "number") now += step;
    else {
      const admission = admit(breaker, now, options);
      breaker = admission.breaker;
      if (!admission.allowed) refused.push(index);
      else breaker = record(breaker, { ok: step === "S", probe: admission.probe }, now, options);
    }
  }
  return { breaker, refused, now };
}

describe("a target's breaker", () => {
  const rows: readonly [string, (string | number)[], Breaker["state"], number[]][] = [
    ["four failures in a row leave it closed", ["F", "F", "F", "F"], "closed", []],
    ["five open it", ["F", "F", "F", "F", "F"], "open", []],
    ["a success in between starts the count again", ["F", "F", "F", "F", "S", "F", "F", "F", "F"], "closed", []],
    ["open it refuses", ["F", "F", "F", "F", "F", "S", 29_999, "S"], "open", [5, 7]],
    [
      "after 30 s one probe goes through, and one success is not enough",
      ["F", "F", "F", "F", "F", 30_000, "S"],
      "half_open",
      [],
    ],
    ["two successful probes close it", ["F", "F", "F", "F", "F", 30_000, "S", "S"], "closed", []],
    ["a failed probe opens it for another 30 s", ["F", "F", "F", "F", "F", 30_000, "S", "F", 29_999, "S"], "open", [9]],
    [
      "after closing it takes five failures again",
      ["F", "F", "F", "F", "F", 30_000, "S", "S", "F", "F", "F", "F"],
      "closed",
      [],
    ],
  ];
  test.each(rows)("%s", (_sentence, script, state, refused) => {
    const end = play(TARGET_BREAKER, script);
    expect(end.breaker.state).toBe(state);
    expect(end.refused).toEqual(refused);
  });

  test("half open it lets one attempt through at a time and says when to come back", () => {
    const opened = play(TARGET_BREAKER, ["F", "F", "F", "F", "F"]);
    const now = opened.now + 30_000;
    const probe = admit(opened.breaker, now, TARGET_BREAKER);
    expect(probe).toMatchObject({ allowed: true, probe: true });
    expect(admit(probe.breaker, now, TARGET_BREAKER)).toMatchObject({ allowed: false, retryAt: now + 60_000 });
  });

  test("a probe that never came back holds the next one up for its timeout only", () => {
    const opened = play(TARGET_BREAKER, ["F", "F", "F", "F", "F"]);
    const probe = admit(opened.breaker, opened.now + 30_000, TARGET_BREAKER);
    expect(admit(probe.breaker, opened.now + 89_999, TARGET_BREAKER).allowed).toBe(false);
    expect(admit(probe.breaker, opened.now + 90_000, TARGET_BREAKER)).toMatchObject({ allowed: true, probe: true });
  });

  test("a released probe frees its place and decides nothing", () => {
    const opened = play(TARGET_BREAKER, ["F", "F", "F", "F", "F"]);
    const probe = admit(opened.breaker, opened.now + 30_000, TARGET_BREAKER);
    const released = release(probe.breaker, true);
    expect(released.state).toBe("half_open");
    expect(admit(released, opened.now + 30_000, TARGET_BREAKER)).toMatchObject({ allowed: true, probe: true });
  });

  test("late news from before it opened changes nothing", () => {
    const opened = play(TARGET_BREAKER, ["F", "F", "F", "F", "F"]).breaker;
    const late = { ok: true, probe: false };
    expect(record(opened, late, 1_000_001, TARGET_BREAKER)).toEqual(opened);
    const halfOpen = admit(opened, 1_030_000, TARGET_BREAKER).breaker;
    expect(record(halfOpen, late, 1_030_001, TARGET_BREAKER)).toEqual(halfOpen);
    expect(record(halfOpen, { ok: false, probe: false }, 1_030_001, TARGET_BREAKER)).toEqual(halfOpen);
  });
});

describe("the model's breaker", () => {
  const rows: readonly [string, (string | number)[], Breaker["state"]][] = [
    ["half of six calls within a minute open it", ["S", "S", "S", "F", "F", "F"], "open"],
    ["three of four do not: too few calls", ["F", "F", "S", "F"], "closed"],
    ["two of five do not", ["S", "S", "S", "F", "F"], "closed"],
    ["failures older than a minute do not count", ["F", "F", "S", 60_000, "F", "S", "S", "S"], "closed"],
    ["one successful probe closes it", ["F", "F", "F", "F", "F", 30_000, "S"], "closed"],
    [
      "what failed before it opened is forgotten when it closes",
      ["F", "F", "F", "F", "F", 30_000, "S", "F", "S", "S", "S"],
      "closed",
    ],
  ];
  test.each(rows)("%s", (_sentence, script, state) => {
    expect(play(MODEL_BREAKER, script).breaker.state).toBe(state);
  });
});

test("it survives a store: state is plain JSON", () => {
  const { breaker } = play(MODEL_BREAKER, ["S", "F", "F"]);
  expect(JSON.parse(JSON.stringify(breaker))).toEqual(breaker);
});

test("for any history: closed means fewer failures than the limit, open refuses until its end and no longer", () => {
  const step = fc.oneof(fc.constant("S"), fc.constant("F"), fc.integer({ min: 0, max: 40_000 }));
  fc.assert(
    fc.property(
      fc.constantFrom(TARGET_BREAKER, MODEL_BREAKER),
      fc.array(step, { maxLength: 60 }),
      (options, script) => {
        const { breaker, now } = play(options, script);
        if (breaker.state === "closed") expect(breaker.failures).toBeLessThan(options.failures);
        if (breaker.state === "open") {
          expect(breaker.openUntil).toBeLessThanOrEqual(now + options.openMs);
          expect(admit(breaker, breaker.openUntil - 1, options).allowed).toBe(false);
          expect(admit(breaker, breaker.openUntil, options).allowed).toBe(true);
        }
        expect(breaker.recent.length).toBeLessThanOrEqual(100);
      },
    ),
  );
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hearDirect, hearGrouped, type Listener, type Report, type Script, type Who } from "../../support/model.ts";
import { config, line } from "../../support/scenes.ts";
import { World } from "../../support/world.ts";

const rest = `receivers:
  - name: team
    targets: [chat, quiet, pager]
inhibit_rules:
  - source_matchers: ['kind=~"source|both"']
    target_matchers: ['kind=~"target|both"']
    equal: [team]
`;
const grouping = config(
  `route:\n  receiver: team\n  group_by: [team]\n  group_wait: 30s\n  group_interval: 5m\n  repeat_interval: 2h\n${rest}`,
);
const plain = config(`route:\n  receiver: team\n  group_by: ['...']\n  group_wait: 0s\n  group_interval: 1s\n${rest}`);
const listeners: readonly Listener[] = [
  { name: "chat", per: "group", sendResolved: true },
  { name: "quiet", per: "group", sendResolved: false },
  { name: "pager", per: "alert", sendResolved: true },
];
const options = { targets: ["chat", "quiet"], pagers: ["pager"], quiet: ["quiet"] };

const EVERYBODY: readonly Who[] = ["x", "y"].flatMap((team) =>
  (["source", "target", "both", "both", "plain"] as const).map((kind, i) => ({
    instance: `${kind}${i}-${team}`,
    kind,
    team,
  })),
);

/** Mostly within a group's wait and interval, sometimes past the repeat interval. */
const wait = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 40 }) },
  { weight: 4, arbitrary: fc.integer({ min: 41, max: 900 }) },
  { weight: 1, arbitrary: fc.integer({ min: 901, max: 9_000 }) },
);
const steps = (wait: fc.Arbitrary<number>, who: readonly Who[], minutes: number) =>
  fc.array(
    fc.record({
      wait,
      who: fc.constantFrom(...who),
      what: fc.constantFrom("fires", "fires", "fires", "resolves", "resolves", "silence", "silence", "restart"),
      minutes: fc.integer({ min: 1, max: minutes }),
    }),
    { minLength: 1, maxLength: 16, size: "max" },
  );
type Step = ReturnType<typeof steps> extends fc.Arbitrary<(infer T)[]> ? T : never;

/** Plays the steps in the product's world, and tells the model of them. */
const play = (world: World, steps: readonly Step[], tail: number): Script => {
  const reports: Report[] = [];
  const silences: { instance: string; from: number; to: number }[] = [];
  let now = 0;
  for (const { wait, who, what, minutes } of steps) {
    now += wait;
    if (what === "restart") world.restart();
    else if (what === "silence") {
      world.silence(`s${now}`, `instance="${who.instance}"`, `${now}s`, `${now + minutes * 60}s`);
      silences.push({ instance: who.instance, from: now, to: now + minutes * 60 });
    } else {
      const labels = { alertname: "A", ...who };
      if (what === "fires") world.fires(`${now}s`, labels);
      else world.resolves(`${now}s`, labels);
      reports.push({ at: now, who, firing: what === "fires" });
    }
  }
  const end = now + tail;
  world.until(`${end}s`);
  return { reports, silences, end };
};

/** Streams of CI; `STREAMS=100000` tries more. */
const RUNS = Number(globalThis.process?.env["STREAMS"] ?? 10_000);

describe("whatever alerts, silences and restarts come, the targets hear what a simple model says", () => {
  test.each([
    ["in groups", grouping, hearGrouped, 3 * 3600, steps(wait, EVERYBODY, 120)],
    ["without groups", plain, hearDirect, 3 * 3600, steps(wait, EVERYBODY, 120)],
    // What is held back is looked at every minute: much happens between two looks.
    [
      "without groups, closely",
      plain,
      hearDirect,
      600,
      steps(fc.integer({ min: 1, max: 60 }), EVERYBODY.slice(0, 2), 2),
    ],
  ] as const)(
    "%s",
    (_, document, model, tail, stream) => {
      fc.assert(
        fc.property(stream, (steps) => {
          const world = new World(document, options);
          const script = play(world, steps, tail);
          expect(world.heard.map(line).toSorted()).toEqual(model(script, listeners).toSorted());
        }),
        { numRuns: Math.ceil(RUNS / 3) },
      );
    },
    300_000,
  );
});

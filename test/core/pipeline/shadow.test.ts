import { describe, expect, test } from "vitest";
import type { Classification } from "../../../src/core/classify/classification.ts";
import type { Context } from "../../../src/core/pipeline/context.ts";
import { process } from "../../../src/core/pipeline/process.ts";
import { decideEvent } from "../../../src/core/pipeline/shadow.ts";
import { tallyDecision } from "../../../src/core/pipeline/tally.ts";
import { context, event, NOW, route } from "../../support/decisions.ts";

const says = (over: Partial<Classification>): Classification => ({
  severity: "noise",
  category: "other",
  confidence: 0.95,
  reasoning: "",
  recommendations: [],
  source: "llm",
  model: "m",
  promptVersion: "v1",
  createdAt: NOW,
  cached: false,
  processingMs: 1,
  metadata: {},
  ...over,
});
const info = event({ alertname: "A", severity: "info" });
const grouped = route({
  groupBy: ["alertname"],
  timing: { groupWaitMs: 30_000, groupIntervalMs: 1, repeatIntervalMs: 1 },
});
const pagerOnCritical = (_labels: unknown, judgement: { readonly severity: string } | null) =>
  judgement?.severity === "critical" ? [route()] : [route({ targets: ["chat"] })];

const shadowSteps = (over: Partial<Context>, classification: Classification | null, of = info): string[] => {
  const decision = decideEvent(of, classification, context({ mode: "shadow", ...over }));
  return decision.trace
    .filter(({ stage }) => stage === "shadow")
    .map((step) => [step.decision, step.target ?? step.reason].join(" "));
};

describe("shadow records what enriched would have done", () => {
  test.each<[sentence: string, over: Partial<Context>, classification: Classification | null, steps: string[]]>([
    [
      "noise above the threshold would have been hidden, where hiding is switched on",
      { suppressionEnabled: true },
      says({}),
      ["would_rate info as noise", "would_withhold chat", "would_withhold pager"],
    ],
    ["and would have passed where it is not", {}, says({}), []],
    [
      "the same for a route that groups",
      { suppressionEnabled: true, match: () => [grouped] },
      says({}),
      ["would_rate info as noise", "would_withhold chat", "would_withhold pager"],
    ],
    [
      "a critical answer would have reached one target more",
      { match: pagerOnCritical },
      says({ severity: "critical" }),
      ["would_rate info as critical", "would_tell pager"],
    ],
    ["a weak answer changes nothing", { match: pagerOnCritical }, says({ severity: "critical", confidence: 0.5 }), []],
    ["no answer changes nothing", { suppressionEnabled: true }, null, []],
  ])("%s", (_, over, classification, steps) => {
    expect(shadowSteps(over, classification)).toEqual(steps);
  });

  test("and delivers as the rules say: without what the model said", () => {
    const shadow = context({ mode: "shadow", suppressionEnabled: true, match: pagerOnCritical });
    for (const classification of [says({}), says({ severity: "critical" })]) {
      const decided = decideEvent(info, classification, shadow);
      const plain = process(info, null, shadow);
      expect(decided.notifications.map(({ target }) => target)).toEqual(plain.notifications.map((n) => n.target));
      expect(decided.notifications.flatMap(({ notification }) => notification.alerts[0]?.classification)).toEqual([
        null,
      ]);
      expect(decided.severity).toBe("info");
    }
  });

  test("and no other mode records any", () => {
    for (const mode of ["enriched", "transparent", "transparent_with_recommendations"] as const) {
      expect(shadowSteps({ mode, suppressionEnabled: true }, says({}))).toEqual([]);
    }
  });
});

test("a decision is tallied by mode, by who classified and by what filters did at each target", () => {
  const decision = process(info, says({}), context({ suppressionEnabled: true }));
  expect(tallyDecision(decision)).toEqual({ "m:enriched": 1, "k:llm": 1, "fa:deny": 2, "fr:exclude_noise": 2 });
});

test("what a group's flush adds to the trace later is not tallied again", () => {
  const decision = process(info, says({}), context({ suppressionEnabled: true }));
  const later = { at: NOW + 1, stage: "filter", decision: "deny", reason: "late" } as const;
  expect(tallyDecision({ ...decision, trace: [...decision.trace, later] })).toEqual(tallyDecision(decision));
});

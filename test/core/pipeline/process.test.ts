import { describe, expect, test } from "vitest";
import type { Classification } from "../../../src/core/classify/classification.ts";
import { BUILT_IN_RULES } from "../../../src/core/filter/built-in.ts";
import { compileFilterRule, type FilterRule, orderRules } from "../../../src/core/filter/rules.ts";
import type { AlertEvent } from "../../../src/core/history/event.ts";
import { addressDirect } from "../../../src/core/pipeline/address.ts";
import type { Context } from "../../../src/core/pipeline/context.ts";
import { explain } from "../../../src/core/pipeline/explain.ts";
import { process } from "../../../src/core/pipeline/process.ts";
import { context, event, NOW, route, target } from "../../support/decisions.ts";

const firing = event({ alertname: "HighCPU" });
const resolved = event(
  { alertname: "HighCPU" },
  { seq: 2, kind: "resolved", status: "resolved", previousStatus: "firing", endsAt: NOW },
);
const rule = (json: object): FilterRule => {
  const compiled = compileFilterRule(json);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return compiled.value;
};
const onlyFor = (name: string, action: string, over: object = {}) =>
  rule({ name: "r", action, target_name: name, conditions: { status: "firing" }, ...over });
const classified = (over: Partial<Classification> = {}): Classification => ({
  severity: "critical",
  category: "capacity",
  confidence: 0.9,
  reasoning: "",
  recommendations: [],
  source: "llm",
  model: "m",
  promptVersion: "1",
  createdAt: NOW,
  cached: false,
  processingMs: 1,
  metadata: {},
  ...over,
});

const decide = (e: AlertEvent, over: Partial<Context> = {}, classification: Classification | null = null) => {
  const decision = process(e, classification, context(over));
  return {
    ...decision,
    told: decision.notifications.map((n) => n.target),
    parked: decision.groups.flatMap((g) => g.targets),
    reasons: decision.trace.map(
      (step) => `${step.stage} ${step.decision} ${step.reason}${step.target ? ` ${step.target}` : ""}`,
    ),
  };
};

describe("who is told, and why not the others", () => {
  test.each<
    [sentence: string, e: AlertEvent, over: Partial<Context>, told: string[], parked: string[], because: string]
  >([
    [
      "a firing goes to every target of its route",
      firing,
      {},
      ["chat", "pager"],
      [],
      "notify queued firstNotification chat",
    ],
    [
      "an end of what nobody heard of is told to nobody",
      event({ a: "b" }, { status: "resolved" }),
      {},
      [],
      [],
      "notify none never_fired",
    ],
    [
      "an end goes to whoever heard of the beginning",
      resolved,
      { toldTargets: () => ["pager"] },
      ["pager"],
      ["chat"],
      "notify queued allResolved pager",
    ],
    [
      "an end whose target is gone says so",
      resolved,
      { toldTargets: () => ["chat", "gone"] },
      ["chat"],
      ["pager"],
      "notify none target_gone gone",
    ],
    [
      "an end passes silences and filters",
      resolved,
      { toldTargets: () => ["chat", "pager"], silencedBy: () => ["s1"], filterRules: [onlyFor("chat", "deny")] },
      ["chat", "pager"],
      [],
      "notify queued allResolved chat",
    ],
    [
      "a silence holds everything back and is looked at again",
      firing,
      { silencedBy: () => ["s1"] },
      [],
      ["chat", "pager"],
      "silence suppressed silenced by s1",
    ],
    [
      "inhibition comes before silences",
      firing,
      { silencedBy: () => ["s1"], inhibitedBy: () => ["ab"] },
      [],
      ["chat", "pager"],
      "inhibit suppressed inhibited by ab",
    ],
    [
      "a muted time holds back too",
      firing,
      { timeMute: () => "weekends" },
      [],
      ["chat", "pager"],
      "mute suppressed muted by weekends",
    ],
    [
      "a denied target is out for good, the others hear",
      firing,
      { filterRules: [onlyFor("chat", "deny")] },
      ["pager"],
      [],
      "filter deny r chat",
    ],
    [
      "a delayed target hears later",
      firing,
      { filterRules: [onlyFor("chat", "delay")] },
      ["pager"],
      ["chat"],
      "filter delay r chat",
    ],
    [
      "a disabled target is named",
      firing,
      {
        targets: new Map([
          ["chat", target("chat", { enabled: false })],
          ["pager", target("pager")],
        ]),
      },
      ["pager"],
      [],
      "notify none target_disabled chat",
    ],
    [
      "two routes to one target tell it once",
      firing,
      { match: () => [route(), route({ id: "0", targets: ["chat"] })] },
      ["chat", "pager"],
      [],
      "route matched default (0)",
    ],
    [
      "without any enabled target it is only counted",
      firing,
      { targets: new Map() },
      [],
      [],
      "notify none metrics_only",
    ],
    ["so it is where metrics-only is forced", firing, { metricsOnlyForced: true }, [], [], "notify none metrics_only"],
    [
      "a receiver without targets is said to have none",
      firing,
      { match: () => [route({ receiver: "null", targets: [] })] },
      [],
      [],
      "route none receiver null has no target",
    ],
    [
      "where none of a route's targets is switched on, its fallback is told",
      firing,
      {
        targets: new Map([
          ["chat", target("chat", { enabled: false })],
          ["spare", target("spare")],
        ]),
        match: () => [route({ targets: ["chat"], fallback: { target: "spare", afterMs: 1 } })],
      },
      ["spare"],
      [],
      "route fallback no target of default can be told spare",
    ],
    [
      "so it is where they are all gone",
      firing,
      {
        targets: new Map([["spare", target("spare")]]),
        match: () => [route({ targets: [], fallback: { target: "spare", afterMs: 1 } })],
      },
      ["spare"],
      [],
      "notify queued firstNotification spare",
    ],
    [
      "a receiver that is meant to tell nobody has no fallback",
      firing,
      {
        match: () => [route({ receiver: "null", targets: [], isSink: true, fallback: { target: "chat", afterMs: 1 } })],
      },
      [],
      [],
      "route none receiver null has no target",
    ],
  ])("%s", (_, e, over, told, parked, because) => {
    const decision = decide(e, over);
    expect([decision.told, decision.parked]).toEqual([told, parked]);
    expect(decision.reasons).toContain(because);
  });

  test("send_resolved off keeps the end back", () => {
    const quiet = new Map([["chat", target("chat", { sendResolved: false })]]);
    expect(decide(resolved, { targets: quiet, toldTargets: () => ["chat"] }).told).toEqual([]);
  });

  test("a delay that has passed is over", () => {
    const late = { ...firing, receivedAt: NOW - 301_000 };
    expect(decide(late, { filterRules: [onlyFor("chat", "delay")] }).told).toEqual(["chat", "pager"]);
  });
});

test("a notification carries its route's fallback, and how long that waits", () => {
  const match = () => [route({ targets: ["chat"], fallback: { target: "pager", afterMs: 60_000 } })];
  const decision = process(firing, null, context({ match }));
  expect(addressDirect(firing, decision)).toMatchObject([
    { target: "chat", item: { fallback: "pager", fallbackAfterMs: 60_000 } },
  ]);
});

describe("a route that groups", () => {
  const grouping = route({
    groupBy: ["alertname"],
    timing: { groupWaitMs: 30_000, groupIntervalMs: 300_000, repeatIntervalMs: 1 },
  });

  test("lets the group decide when", () => {
    const decision = decide(firing, { match: () => [grouping] });
    expect(decision.told).toEqual([]);
    expect(decision.groups).toMatchObject([{ key: '{}:{alertname="HighCPU"}', timing: { groupWaitMs: 30_000 } }]);
  });

  test("does not make wait again what an Alertmanager has grouped, unless the route says so", () => {
    const upstream = { groupKey: "{}:{up}", receiver: "hook", externalURL: "" };
    const forwarded = decide({ ...firing, upstream }, { match: () => [grouping] });
    expect(forwarded.groups).toMatchObject([{ key: "{}:{up}", timing: { groupWaitMs: 0, groupIntervalMs: 0 } }]);
    const again = decide({ ...firing, upstream }, { match: () => [{ ...grouping, regroup: true }] });
    expect(again.groups).toMatchObject([{ timing: { groupWaitMs: 30_000 } }]);
  });

  test("groups what comes in an Alertmanager's shape but names no group", () => {
    const upstream = { groupKey: "", receiver: "hook", externalURL: "" };
    const decision = decide({ ...firing, upstream }, { match: () => [grouping] });
    expect(decision.groups).toMatchObject([{ key: '{}:{alertname="HighCPU"}', timing: { groupWaitMs: 30_000 } }]);
  });
});

describe("explained", () => {
  const grouping = route({ targets: ["chat"], groupBy: ["alertname"], timing: { ...route().timing, groupWaitMs: 1 } });
  const verdicts = (over: Partial<Context>) =>
    explain(firing, null, context({ match: () => [grouping], ...over })).verdicts.map(
      ({ target: name, told, reason }) => `${name} ${told} ${reason}`,
    );
  test.each<[sentence: string, over: Partial<Context>, want: string[]]>([
    ["a group says which", {}, ['chat group {}:{alertname="HighCPU"}', "pager no no route leads to it"]],
    [
      "a silence holds a group back too",
      { silencedBy: () => ["s1"] },
      ["chat held silence: silenced by s1", "pager no no route leads to it"],
    ],
    [
      "so does a filter that denies, for good",
      { filterRules: [onlyFor("chat", "deny")] },
      ["chat no filter: r", "pager no no route leads to it"],
    ],
    [
      "a target that is switched off says so",
      {
        targets: new Map([
          ["chat", target("chat", { enabled: false })],
          ["pager", target("pager")],
        ]),
      },
      ["chat no target_disabled", "pager no no route leads to it"],
    ],
  ])("%s", (_, over, want) => {
    expect(verdicts(over)).toEqual(want);
  });
});

describe("what a classification may do", () => {
  test("it raises the severity from the threshold up", () => {
    expect(decide(firing, {}, classified()).severity).toBe("critical");
    expect(decide(firing, {}, classified({ confidence: 0.7 })).severity).toBe("warning");
  });

  test("routes see it only where it counts", () => {
    const seen: unknown[] = [];
    const match: Context["match"] = (_, judgement) => {
      seen.push(judgement?.severity ?? null);
      return [route()];
    };
    decide(firing, { match }, classified());
    decide(firing, { match }, classified({ confidence: 0.5 }));
    decide(firing, { match, mode: "transparent_with_recommendations" }, classified());
    expect(seen).toEqual(["critical", null, null]);
  });

  test.each<[sentence: string, severity: string, over: Partial<Context>, told: string[], because: string]>([
    [
      "with suppression on a critical label is delivered",
      "critical",
      { suppressionEnabled: true },
      ["chat", "pager"],
      "filter allow allow_critical_alerts chat",
    ],
    ["and an info is filtered", "info", { suppressionEnabled: true }, [], "filter deny exclude_noise chat"],
    [
      "with suppression off it is delivered, and the trace says what was held back",
      "info",
      {},
      ["chat", "pager"],
      "filter suppression_guard block_noise_alerts chat",
    ],
    [
      "where the mode only recommends it is delivered, and the trace says what would have been",
      "info",
      { mode: "transparent_with_recommendations", suppressionEnabled: true },
      ["chat", "pager"],
      "filter would_deny block_noise_alerts chat",
    ],
  ])("a verdict of noise: %s", (_, severity, over, told, because) => {
    const filterRules = orderRules(BUILT_IN_RULES.map((json) => rule(json)));
    const decision = decide(
      event({ alertname: "HighCPU", severity }),
      { ...over, filterRules },
      classified({ severity: "noise", confidence: 0.95 }),
    );
    expect(decision.told).toEqual(told);
    expect(decision.reasons).toContain(because);
  });

  test("in shadow it is recorded and goes out with nothing", () => {
    const decision = decide(firing, { mode: "shadow" }, classified());
    expect(decision.classification?.severity).toBe("critical");
    expect(decision.notifications[0]?.notification.alerts[0]?.classification).toBeNull();
  });
});

test("deciding twice decides the same", () => {
  expect(decide(firing, {}, classified())).toEqual(decide(firing, {}, classified()));
});

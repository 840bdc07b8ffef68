import { describe, expect, test } from "vitest";
import type { Classification } from "../../../src/core/classify/classification.ts";
import type { EnrichmentMode } from "../../../src/core/classify/mode.ts";
import { applyClassification } from "../../../src/core/classify/policy.ts";
import { BUILT_IN_RULES } from "../../../src/core/filter/built-in.ts";
import {
  applyFilters,
  compileFilterRule,
  type FilterInput,
  type FilterRule,
  type OwnFilter,
  orderRules,
} from "../../../src/core/filter/rules.ts";

const rule = (json: object): FilterRule => {
  const compiled = compileFilterRule(json);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return compiled.value;
};
const builtIn = BUILT_IN_RULES.map((json) => rule(json));
const own: OwnFilter = { severity: [], namespaces: [], excludeNoise: true, namePattern: null };
const noise = (over: Partial<Classification> = {}): Classification => ({
  severity: "noise",
  category: "other",
  confidence: 0.95,
  reasoning: "",
  recommendations: [],
  source: "llm",
  model: "m",
  promptVersion: "1",
  createdAt: 0,
  cached: false,
  processingMs: 1,
  metadata: {},
  ...over,
});

interface Case {
  labels?: Record<string, string>;
  status?: "firing" | "resolved";
  classification?: Classification | null;
  mode?: EnrichmentMode;
  suppression?: boolean;
  rules?: readonly FilterRule[];
  own?: Partial<OwnFilter>;
}
const decide = (c: Case) => {
  const labels = { alertname: "HighCPU", ...c.labels };
  const classification = c.classification ?? null;
  const verdict = applyClassification({
    alert: { labels },
    classification,
    mode: c.mode ?? "enriched",
    threshold: 0.8,
    suppressionEnabled: c.suppression ?? true,
  });
  const input: FilterInput = {
    targetName: "slack-ops",
    own: { ...own, ...c.own },
    rules: orderRules(c.rules ?? builtIn),
    labels,
    status: c.status ?? "firing",
    classification,
    verdict,
  };
  return applyFilters(input);
};

describe("the rules present at start, and the seat belt", () => {
  test.each<[sentence: string, c: Case, action: string, reason: string]>([
    ["an ordinary alert passes", {}, "allow", "no_rule"],
    ["a critical one passes by rule", { labels: { severity: "critical" } }, "allow", "rule"],
    [
      "noise is denied where suppression is on",
      { labels: { severity: "info" }, classification: noise() },
      "deny",
      "exclude_noise",
    ],
    ["a critical label is never hidden", { labels: { severity: "page" }, classification: noise() }, "allow", "rule"],
    [
      "suppression off: the guard lets it pass",
      { classification: noise(), suppression: false },
      "allow",
      "suppression_guard",
    ],
    ["low confidence hides nothing", { classification: noise({ confidence: 0.79 }) }, "allow", "suppression_guard"],
    [
      "the rules' answer hides nothing",
      { classification: noise({ source: "fallback" }) },
      "allow",
      "suppression_guard",
    ],
    [
      "only recommending: it passes",
      { classification: noise(), mode: "transparent_with_recommendations" },
      "allow",
      "no_rule",
    ],
    [
      "a target that wants noise still has the rule",
      { classification: noise(), own: { excludeNoise: false } },
      "deny",
      "rule",
    ],
    [
      "the target's severities",
      { labels: { severity: "info" }, own: { severity: ["critical"] } },
      "deny",
      "own_severity",
    ],
    [
      "the target's namespaces",
      { labels: { namespace: "dev" }, own: { namespaces: ["prod"] } },
      "deny",
      "own_namespace",
    ],
  ])("%s", (_, c, action, reason) => {
    expect(decide(c)).toMatchObject({ action, reason });
  });

  const noDev = rule({ name: "no_dev", action: "deny", priority: 50, conditions: { namespace: "dev" } });
  const high = (over: Partial<Classification> = {}) => noise({ severity: "critical", ...over });
  test.each<[sentence: string, c: Case, action: string, reason: string, guarded: string | null]>([
    [
      "a verdict that may not hide does not undo what the operator denies",
      { labels: { namespace: "dev" }, classification: noise(), suppression: false, rules: [...builtIn, noDev] },
      "deny",
      "rule",
      "block_noise_alerts",
    ],
    [
      "raising an alert takes it from no target that wanted it as it was",
      { labels: { severity: "warning" }, classification: high(), own: { severity: ["warning"] } },
      "allow",
      "suppression_guard",
      "own_severity",
    ],
    [
      "nor into a rule that denies the higher severity",
      {
        classification: high(),
        suppression: false,
        rules: [rule({ name: "no_critical", action: "deny", conditions: { effective_severity: "critical" } })],
      },
      "allow",
      "suppression_guard",
      "no_critical",
    ],
    [
      "what the operator denies whatever a model says stays denied",
      { labels: { severity: "warning", namespace: "dev" }, classification: high(), rules: [noDev] },
      "deny",
      "rule",
      null,
    ],
    [
      "noise the target would not take passes where it may not be hidden, and says so",
      { classification: noise({ confidence: 0.5 }), rules: [] },
      "allow",
      "no_rule",
      "exclude_noise",
    ],
  ])("%s", (_, c, action, reason, guarded) => {
    expect(decide(c)).toMatchObject({ action, reason, guarded });
  });

  test("an allow that rests on a classification is none where the mode only recommends", () => {
    const sure = rule({ name: "sure", action: "allow", priority: 5, conditions: { llm_confidence_above: 0.7 } });
    const c = { labels: { namespace: "dev" }, classification: high(), rules: [sure, noDev] };
    expect(decide(c)).toMatchObject({ action: "allow", rule: "sure" });
    for (const mode of ["shadow", "transparent_with_recommendations"] as const) {
      expect(decide({ ...c, mode })).toMatchObject({ action: "deny", rule: "no_dev" });
    }
  });

  test("what a mode that only recommends would have done is told", () => {
    expect(decide({ classification: noise(), mode: "transparent_with_recommendations" }).would).toEqual({
      action: "would_deny",
      rule: "block_noise_alerts",
    });
  });
});

describe("rules are asked in order, and the first that matches wins", () => {
  const named = (name: string, over: object) =>
    rule({ name, action: "deny", conditions: { alert_name: "HighCPU" }, ...over });
  test.each<[sentence: string, rules: FilterRule[], winner: string]>([
    ["smaller priority first", [named("b", { priority: 2 }), named("a", { priority: 3 })], "b"],
    ["on a tie, the target's own", [named("a", {}), named("z", { target_name: "slack-ops" })], "z"],
    ["on a tie, by name", [named("b", {}), named("a", {})], "a"],
    ["another target's rules are none of ours", [named("a", { target_name: "pager" }), named("b", {})], "b"],
    ["a disabled rule is not asked", [named("a", { enabled: false }), named("b", {})], "b"],
  ])("%s", (_, rules, winner) => {
    expect(decide({ rules }).rule).toBe(winner);
  });

  test("a delay carries its seconds, also from inside the conditions", () => {
    const delay = rule({ name: "d", action: "delay", conditions: { alert_name: "HighCPU", delay_seconds: 60 } });
    expect(decide({ rules: [delay] })).toMatchObject({ action: "delay", delaySeconds: 60 });
  });
});

describe("conditions", () => {
  test.each<[conditions: object, labels: Record<string, string>, holds: boolean]>([
    [{ severity: "critical" }, { severity: "Critical" }, true],
    [{ effective_severity: ["warning"] }, {}, true],
    [{ namespace: ["a", "b"] }, { namespace: "b" }, true],
    [{ namespace_pattern: "dev-.*" }, { namespace: "dev-1" }, true],
    [{ namespace_pattern: "dev" }, { namespace: "dev-1" }, false],
    [{ alert_name_pattern: "(?i)high.*" }, {}, true],
    [{ label_exists: "team" }, { team: "" }, false],
    [{ label_missing: "team" }, {}, true],
    [{ label_equals: { team: "sre" } }, { team: "sre" }, true],
    [{ matchers: ['team=~"sre|dba"', "x!=1"] }, { team: "dba" }, true],
    [{ status: "resolved" }, {}, false],
    [{ llm_severity: "noise" }, {}, false],
    [{ has_llm_classification: false }, {}, true],
    [{ namespace: "a", alert_name: "HighCPU" }, { namespace: "b" }, false],
  ])("%j on %j: %s", (conditions, labels, holds) => {
    const decision = decide({ labels, rules: [rule({ name: "r", action: "deny", conditions })] });
    // A rule that rests on a classification holds too where the seat belt keeps it from denying.
    expect((decision.rule ?? decision.guarded) === "r").toBe(holds);
  });

  const said = noise({ severity: "info", category: "database", confidence: 0.7 });
  test.each<[conditions: object, classification: Classification | null, holds: boolean]>([
    [{ llm_severity: "INFO" }, said, true],
    [{ llm_severity: ["noise", "info"] }, said, true],
    [{ llm_severity: "noise" }, said, false],
    [{ llm_category: "Database" }, said, true],
    [{ llm_category: ["network"] }, said, false],
    [{ llm_confidence_above: 0.69 }, said, true],
    [{ llm_confidence_above: 0.7 }, said, false],
    [{ llm_confidence_below: 0.71 }, said, true],
    [{ llm_confidence_below: 0.7 }, said, false],
    [{ llm_confidence_below: 1 }, null, false],
    [{ llm_category: "database" }, null, false],
    [{ has_llm_classification: true }, said, true],
    [{ has_llm_classification: true }, noise({ source: "fallback" }), false],
    [{ has_llm_classification: false }, noise({ source: "fallback" }), true],
    [{ has_llm_classification: true }, null, false],
    [{ llm_severity: "info", namespace: "prod" }, said, false],
    [{ effective_severity: "critical" }, noise({ severity: "critical" }), true],
    [{ effective_severity: "critical" }, noise({ severity: "critical", confidence: 0.5 }), false],
  ])("%j on a classification", (conditions, classification, holds) => {
    // An allow is guarded by nothing, so it shows the condition alone.
    const rules = [rule({ name: "r", action: "allow", conditions })];
    expect(decide({ classification, rules, own: { excludeNoise: false } }).rule === "r").toBe(holds);
  });

  test.each<[sentence: string, json: object, path: string]>([
    ["an unknown key", { name: "r", action: "deny", conditions: { alertnam: "x" } }, "/conditions"],
    ["no condition at all", { name: "r", action: "deny", conditions: {} }, "/conditions"],
    [
      "a regex that is none",
      { name: "r", action: "deny", conditions: { namespace_pattern: "(" } },
      "/conditions/namespace_pattern",
    ],
    [
      "look-ahead",
      { name: "r", action: "deny", conditions: { alert_name_pattern: "a(?=b)" } },
      "/conditions/alert_name_pattern",
    ],
    [
      "a matcher that is none",
      { name: "r", action: "deny", conditions: { matchers: ["=x"] } },
      "/conditions/matchers/0",
    ],
    ["a name with blanks", { name: "a b", action: "deny", conditions: { status: "firing" } }, "/name"],
    ["an unknown action", { name: "r", action: "drop", conditions: { status: "firing" } }, "/action"],
  ])("%s is refused at its path", (_, json, path) => {
    const compiled = compileFilterRule(json);
    expect(compiled.ok ? null : compiled.error[0]?.path).toBe(path);
  });
});

/** Whatever a model says, and however the operator configured it: it may add and raise, and hides only what it was let. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { isMoreUrgent, SEVERITIES, severityOf } from "../../../src/core/alert/severity.ts";
import { CATEGORIES, type Classification } from "../../../src/core/classify/classification.ts";
import { ENRICHMENT_MODES } from "../../../src/core/classify/mode.ts";
import { BUILT_IN_RULES } from "../../../src/core/filter/built-in.ts";
import { compileFilterRule, type FilterRule, orderRules } from "../../../src/core/filter/rules.ts";
import type { Context } from "../../../src/core/pipeline/context.ts";
import { explain } from "../../../src/core/pipeline/explain.ts";
import { readConfig } from "../../../src/core/route/config.ts";
import { compileRouting } from "../../../src/worker/routing.ts";
import { context, event, NOW, target } from "../../support/decisions.ts";

const NAMES = ["slack", "pager", "hook"];
const words = fc.subarray(["critical", "warning", "info", "noise"], { minLength: 1 });
const condition = fc.oneof(
  words.map((effective_severity) => ({ effective_severity })),
  words.map((llm_severity) => ({ llm_severity })),
  fc.subarray([...CATEGORIES], { minLength: 1 }).map((llm_category) => ({ llm_category })),
  fc.boolean().map((has_llm_classification) => ({ has_llm_classification })),
  fc.constantFrom(0.2, 0.7).map((llm_confidence_above) => ({ llm_confidence_above })),
  fc.constantFrom(0.5, 1).map((llm_confidence_below) => ({ llm_confidence_below })),
  fc.constantFrom("dev", "prod").map((namespace) => ({ namespace })),
  words.map((severity) => ({ severity })),
);
const rules: fc.Arbitrary<readonly FilterRule[]> = fc
  .array(
    fc.record({
      action: fc.constantFrom("allow" as const, "deny" as const, "delay" as const),
      conditions: fc.tuple(condition, fc.option(condition)).map(([a, b]) => ({ ...a, ...b })),
      priority: fc.integer({ min: 1, max: 30 }),
      target_name: fc.option(fc.constantFrom(...NAMES), { nil: undefined }),
    }),
    { maxLength: 5 },
  )
  .map((list) =>
    orderRules(
      [...BUILT_IN_RULES, ...list.map((rule, i) => ({ ...rule, name: `r${i}` }))].map((json) => {
        const rule = compileFilterRule(json);
        if (!rule.ok) throw new Error(JSON.stringify(rule.error));
        return rule.value;
      }),
    ),
  );

const classification: fc.Arbitrary<Classification> = fc.record({
  severity: fc.constantFrom(...SEVERITIES),
  category: fc.constantFrom(...CATEGORIES),
  confidence: fc.constantFrom(0, 0.3, 0.79, 0.8, 0.95, 1),
  reasoning: fc.string(),
  recommendations: fc.array(fc.string(), { maxLength: 2 }),
  source: fc.constantFrom("llm" as const, "fallback" as const),
  model: fc.constant("m"),
  promptVersion: fc.constant("1"),
  createdAt: fc.constant(NOW),
  cached: fc.boolean(),
  processingMs: fc.constant(1),
  metadata: fc.constant({}),
});

const document = readConfig(`
route:
  receiver: team
  group_by: ['...']
  group_wait: 0s
  routes:
    - { receiver: pagers, matchers: ['llm_severity="critical"'], continue: true }
    - { receiver: grouped, matchers: ['llm_category="database"'], group_by: [alertname], group_wait: 30s }
    - { receiver: nobody, matchers: ['namespace="dev"', 'llm_severity="noise"'] }
    - { receiver: grouped, matchers: ['namespace="prod"'], group_by: [alertname], group_wait: 30s, fallback: pager }
receivers:
  - { name: team, targets: [slack] }
  - { name: pagers, targets: [pager, slack] }
  - { name: grouped, targets: [hook] }
  - { name: nobody, targets: [] }
`);
if (!document.ok) throw new Error(JSON.stringify(document.error));
const routing = compileRouting(document.value.config, new Set(NAMES), NAMES);

const own = fc.record({
  severity: fc.oneof(fc.constant([]), words),
  namespaces: fc.constantFrom([], [], ["prod"]),
  excludeNoise: fc.boolean(),
});
const world: fc.Arbitrary<Context> = fc
  .record({
    mode: fc.constantFrom("enriched" as const, "enriched" as const, ...ENRICHMENT_MODES),
    threshold: fc.constantFrom(0.5, 0.8, 1),
    suppressionEnabled: fc.boolean(),
    filterRules: rules,
    owns: fc.tuple(own, own, own),
    minimums: fc.tuple(...NAMES.map(() => fc.constantFrom(null, null, 0.9))),
    disabled: fc.constantFrom("", ...NAMES),
  })
  .map(({ owns, minimums, disabled, ...rest }) =>
    context({
      ...rest,
      match: routing.match,
      timeMute: routing.timeMute,
      targets: new Map(
        NAMES.map((name, i) => {
          const state = target(name, { enabled: name !== disabled });
          const filter = { ...state.target.filter, minConfidence: minimums[i] ?? null };
          return [name, { target: { ...state.target, filter }, own: { ...owns[i]!, namePattern: null } }];
        }),
      ),
    }),
  );

const HEARD = { no: 0, held: 1, group: 2, now: 2 } as const;
const labels = fc.record({
  namespace: fc.constantFrom("dev", "prod"),
  severity: fc.constantFrom("", "critical", "P1", "warning", "info", "low", "noise"),
});

test("no answer of a model hides a critical, lowers without leave, leaves the enum or reaches where no route leads", () => {
  let hidden = 0;
  let raised = 0;
  fc.assert(
    fc.property(labels, classification, world, (label, said, asked) => {
      const alert = event({ alertname: "A", ...label });
      const alone = explain(alert, null, asked);
      const { decision, verdicts } = explain(alert, said, asked);
      const labelled = severityOf(alert.labels);
      const may = asked.mode === "enriched" && asked.suppressionEnabled && said.source === "llm";
      const isCritical = labelled === "critical" || said.severity === "critical";
      verdicts.forEach(({ target: name, told }, i) => {
        const threshold = asked.targets.get(name)?.target.filter.minConfidence ?? asked.threshold;
        const before = HEARD[alone.verdicts[i]!.told];
        if (isCritical || !may || said.confidence < threshold) {
          expect([name, HEARD[told]]).toEqual([name, Math.max(before, HEARD[told])]);
        } else if (HEARD[told] < before) hidden += 1;
      });
      expect(SEVERITIES).toContain(decision.severity);
      if (isMoreUrgent(labelled, decision.severity)) expect([may, isCritical]).toEqual([true, false]);
      if (isMoreUrgent(decision.severity, labelled)) raised += 1;
      if (asked.mode !== "enriched") expect(verdicts).toEqual(alone.verdicts);
      // Whoever is told stands in a route that the operator wrote for such an alert and such an answer.
      const routes = routing.match(alert.labels, said);
      const allowed = routes.flatMap((route) => [...route.targets, route.fallback?.target ?? ""]);
      for (const { target: name, told } of verdicts) if (told !== "no") expect(allowed).toContain(name);
    }),
    { numRuns: 5_000 },
  );
  // The property says something only where models were let and did hide and raise.
  expect(hidden).toBeGreaterThan(5);
  expect(raised).toBeGreaterThan(5);
}, 120_000);

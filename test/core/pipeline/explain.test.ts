import fc from "fast-check";
import { expect, test } from "vitest";
import type { Classification } from "../../../src/core/classify/classification.ts";
import { ENRICHMENT_MODES } from "../../../src/core/classify/mode.ts";
import { compileFilterRule } from "../../../src/core/filter/rules.ts";
import { explain } from "../../../src/core/pipeline/explain.ts";
import { process } from "../../../src/core/pipeline/process.ts";
import { readConfig } from "../../../src/core/route/config.ts";
import { explainRoutes } from "../../../src/core/route/explain.ts";
import { compileRouting } from "../../../src/worker/routing.ts";
import { context, event, NOW, target } from "../../support/decisions.ts";

const NAMES = ["slack", "pager", "hook"];
const value = fc.constantFrom("1", "2", "3");
const matcher = fc
  .tuple(fc.constantFrom("a", "b", "severity", "llm_severity"), fc.constantFrom("=", "!=", "=~"), value)
  .map(([name, operator, v]) => `${name}${operator}"${name.includes("severity") ? "critical" : v}"`);
const child = fc.record({
  receiver: fc.constantFrom("all", "one", "none"),
  matchers: fc.array(matcher, { minLength: 1, maxLength: 2 }),
  continue: fc.boolean(),
  grouped: fc.boolean(),
});
const classification = fc.option(
  fc.record({
    severity: fc.constantFrom("critical" as const, "noise" as const, "info" as const),
    confidence: fc.constantFrom(0.5, 0.9),
    source: fc.constantFrom("llm" as const, "fallback" as const),
  }),
  { nil: null },
);

const yaml = (
  children: readonly { receiver: string; matchers: string[]; continue: boolean; grouped: boolean }[],
): string =>
  JSON.stringify({
    route: {
      receiver: "all",
      group_by: ["..."],
      group_wait: "0s",
      routes: children.map(({ receiver, matchers, continue: goOn, grouped }) => ({
        receiver,
        matchers,
        continue: goOn,
        ...(grouped ? { group_by: ["a"], group_wait: "30s" } : {}),
      })),
    },
    receivers: [
      { name: "all", targets: NAMES },
      { name: "one", targets: ["slack"] },
      { name: "none", targets: [] },
    ],
  });

const deny = compileFilterRule({
  name: "no-three",
  action: "deny",
  target_name: "hook",
  conditions: { label_equals: { a: "3" } },
});
if (!deny.ok) throw new Error("rule");

test("live traffic and its explanation agree on random alerts and documents", () => {
  const labels = fc.record({ a: value, b: value, severity: fc.constantFrom("critical", "info", "") });
  const said = (
    c: { severity: Classification["severity"]; confidence: number; source: "llm" | "fallback" } | null,
  ): Classification | null =>
    c === null
      ? null
      : {
          ...c,
          category: "other",
          reasoning: "",
          recommendations: [],
          model: "m",
          promptVersion: "1",
          createdAt: NOW,
          cached: false,
          processingMs: 0,
          metadata: {},
        };
  fc.assert(
    fc.property(
      fc.array(child, { maxLength: 6 }),
      labels,
      classification,
      fc.constantFrom(...ENRICHMENT_MODES),
      fc.boolean(),
      (children, alert, c, mode, isSilenced) => {
        const document = readConfig(yaml(children));
        if (!document.ok) throw new Error(JSON.stringify(document.error));
        const { config } = document.value;
        const routing = compileRouting(config, new Set(NAMES), NAMES);
        const world = context({
          mode,
          suppressionEnabled: true,
          targets: new Map(NAMES.map((name) => [name, target(name)])),
          filterRules: [deny.value],
          match: routing.match,
          timeMute: routing.timeMute,
          silencedBy: () => (isSilenced ? ["s"] : []),
        });
        const one = event({ alertname: "A", ...alert });
        const live = process(one, said(c), world);
        const { decision, verdicts } = explain(one, said(c), world);
        expect(decision).toEqual(live);
        const told = new Set(live.notifications.map((n) => n.target));
        const waiting = new Set(live.groups.flatMap((g) => g.targets));
        for (const { target: name, told: how, reason } of verdicts) {
          expect([name, how === "now"]).toEqual([name, told.has(name)]);
          expect([name, how === "group" || how === "held"]).toEqual([name, !told.has(name) && waiting.has(name)]);
          expect(reason).not.toBe("");
        }
        // The tree explains the routes that were taken, and no others.
        const counts = c !== null && mode === "enriched" && c.confidence >= 0.8;
        const judged = counts ? said(c) : null;
        const matched = explainRoutes(routing.tree, one.labels, judged)
          .filter((step) => step.reason === "matched")
          .map((step) => step.route.id);
        const taken = routing.match(one.labels, judged).map((route) => route.id);
        expect(matched.toSorted()).toEqual([...new Set(taken)].toSorted());
      },
    ),
    { numRuns: 10_000 },
  );
}, 300_000);

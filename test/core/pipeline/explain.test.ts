import fc from "fast-check";
import { expect, test } from "vitest";
import type { Classification } from "../../../src/core/classify/classification.ts";
import { ENRICHMENT_MODES } from "../../../src/core/classify/mode.ts";
import { compileFilterRule } from "../../../src/core/filter/rules.ts";
import { addMembers, EMPTY_GROUP } from "../../../src/core/group/group.ts";
import { judgementOf, toldBy } from "../../../src/core/pipeline/admit.ts";
import type { Context } from "../../../src/core/pipeline/context.ts";
import { explain } from "../../../src/core/pipeline/explain.ts";
import { flushGroup } from "../../../src/core/pipeline/flush.ts";
import { type GroupJoin, process } from "../../../src/core/pipeline/process.ts";
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
  fallback: fc.option(fc.constantFrom("slack", "hook"), { nil: null }),
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
  children: readonly {
    receiver: string;
    matchers: string[];
    continue: boolean;
    grouped: boolean;
    fallback: string | null;
  }[],
): string =>
  JSON.stringify({
    route: {
      receiver: "all",
      group_by: ["..."],
      group_wait: "0s",
      routes: children.map(({ receiver, matchers, continue: goOn, grouped, fallback }) => ({
        receiver,
        matchers,
        continue: goOn,
        ...(fallback === null ? {} : { fallback }),
        ...(grouped ? { group_by: ["a"], group_wait: "30s" } : {}),
      })),
    },
    receivers: [
      { name: "all", targets: NAMES },
      { name: "one", targets: ["slack"] },
      { name: "none", targets: [] },
    ],
  });

const rules = [
  { name: "no-three", action: "deny", target_name: "hook", conditions: { label_equals: { a: "3" } } },
  { name: "later", action: "delay", target_name: "pager", conditions: { label_equals: { b: "2" } } },
  { name: "noise", action: "deny", conditions: { llm_severity: "noise" } },
].map((json) => {
  const rule = compileFilterRule(json);
  if (!rule.ok) throw new Error(JSON.stringify(rule.error));
  return rule.value;
});

/** Whom a group of this one alert tells, were it to flush now. */
const firstFlush = ({ member, ...info }: GroupJoin, world: Context): string[] => {
  const { fingerprint, seq, status, startsAt } = member;
  const state = addMembers(EMPTY_GROUP, [{ fingerprint, seq, status, startsAt }], info.timing, NOW);
  const members = new Map([[fingerprint, member]]);
  return flushGroup(info, state, members, new Map(), () => false, world).notifications.map(({ target: name }) => name);
};

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
      fc.constantFrom("", "", ...NAMES),
      (children, alert, c, mode, isSilenced, disabled) => {
        const document = readConfig(yaml(children));
        if (!document.ok) throw new Error(JSON.stringify(document.error));
        const { config } = document.value;
        const routing = compileRouting(config, new Set(NAMES), NAMES);
        const world = context({
          mode,
          suppressionEnabled: true,
          targets: new Map(NAMES.map((name) => [name, target(name, { enabled: name !== disabled })])),
          filterRules: rules,
          match: routing.match,
          timeMute: routing.timeMute,
          silencedBy: () => (isSilenced ? ["s"] : []),
        });
        const one = event({ alertname: "A", ...alert });
        const live = process(one, said(c), world);
        const { decision, verdicts } = explain(one, said(c), world);
        expect(decision).toEqual(live);
        const told = new Set(live.notifications.map((n) => n.target));
        const waiting = new Set(live.groups.flatMap((join) => toldBy(join, world)));
        const flushed = new Set(live.groups.flatMap((join) => firstFlush(join, world)));
        for (const { target: name, told: how, reason } of verdicts) {
          expect([name, how === "now"]).toEqual([name, told.has(name)]);
          // What its group tells at once, were it to flush now.
          expect([name, how === "group"]).toEqual([name, !told.has(name) && flushed.has(name)]);
          if (how === "held") expect([name, waiting.has(name)]).toEqual([name, true]);
          expect(reason).not.toBe("");
        }
        // The tree explains the routes that were taken, and no others.
        const judged = judgementOf({ classification: said(c) }, world);
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

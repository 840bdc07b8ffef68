/** Rules and dashboard ask only for metrics there are; what is recorded may be asked for too. */
import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { FAMILIES } from "../src/worker/metrics/families.ts";

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly annotations?: { readonly runbook?: string };
}
const rules = globSync("docs/monitoring/*.yml").flatMap((path) =>
  (parse(readFileSync(path, "utf8")) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules),
);
const dashboard = JSON.parse(readFileSync("docs/monitoring/grafana-dashboard.json", "utf8")) as {
  panels: { title: string; targets: { expr: string }[] }[];
};
const known = new Set([
  ...FAMILIES.flatMap(({ name, type }) =>
    type === "histogram" ? ["_bucket", "_sum", "_count"].map((part) => name + part) : [name],
  ),
  ...rules.flatMap(({ record }) => (record === undefined ? [] : [record])),
]);
const asked = (expr: string): string[] => expr.match(/\b(?:alert_history[:_]|webhook_)[a-z0-9_]+/g) ?? [];

test.each(rules.map((rule) => [rule.alert ?? rule.record ?? "", rule.expr]))("rule %s", (_, expr) => {
  expect(asked(expr).length).toBeGreaterThan(0);
  expect(asked(expr).filter((name) => !known.has(name))).toEqual([]);
});

test.each(dashboard.panels.map(({ title, targets }) => [title, targets.map(({ expr }) => expr).join(" ")]))(
  "panel %s",
  (_, expr) => {
    expect(asked(expr).length).toBeGreaterThan(0);
    expect(asked(expr).filter((name) => !known.has(name))).toEqual([]);
  },
);

test("every alerting rule has a unit test for promtool, with a time at which it is silent or fires", () => {
  const { tests } = parse(readFileSync("test/monitoring/alerts.yml", "utf8")) as {
    tests: { alert_rule_test?: { alertname: string; exp_alerts: object[] }[] }[];
  };
  const firing = tests.flatMap(({ alert_rule_test: cases = [] }) =>
    cases.filter(({ exp_alerts }) => exp_alerts.length > 0).map(({ alertname }) => alertname),
  );
  expect(rules.flatMap(({ alert }) => (alert === undefined || firing.includes(alert) ? [] : [alert]))).toEqual([]);
});

test("every alerting rule has a section that says what to do", () => {
  const headings = [...readFileSync("docs/operations.md", "utf8").matchAll(/^#+ (.+)$/gm)].map(([, text = ""]) =>
    text.toLowerCase(),
  );
  for (const { alert, annotations } of rules) {
    if (alert === undefined) continue;
    expect(annotations?.runbook).toBe(`docs/operations.md#${alert.toLowerCase()}`);
    expect(headings).toContain(alert.toLowerCase());
  }
});

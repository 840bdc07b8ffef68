import { describe, expect, test } from "vitest";
import { parseMatchers } from "../../../src/core/alert/matcher-parse.ts";
import { groupKey, groupLabels, groupSubject } from "../../../src/core/group/key.ts";

const route = (...matchers: string[]) => [
  [],
  ...matchers.map((text) => {
    const parsed = parseMatchers(text);
    if (!parsed.ok) throw new Error(text);
    return parsed.value;
  }),
];

describe("a group's key reads as Alertmanager prints it", () => {
  test.each<[route: string[], groupBy: string[], labels: Record<string, string>, key: string]>([
    [[], [], { alertname: "X", a: "b" }, "{}:{}"],
    [[], ["alertname"], { alertname: "HighCPU", cluster: "c1" }, '{}:{alertname="HighCPU"}'],
    [[], ["alertname", "service"], { alertname: "HighCPU" }, '{}:{alertname="HighCPU"}'],
    [
      ['severity="critical"'],
      ["alertname", "cluster"],
      { severity: "critical", cluster: "c1", alertname: "HighCPU" },
      '{}/{severity="critical"}:{alertname="HighCPU", cluster="c1"}',
    ],
    [
      ['t="plain"'],
      ["..."],
      { t: "plain", instance: "c:9100", alertname: "HighCPU" },
      '{}/{t="plain"}:{alertname="HighCPU", instance="c:9100", t="plain"}',
    ],
    [['b!="2", a="1"'], [], { a: "1" }, '{}/{a="1",b!="2"}:{}'],
    [[], ["alertname"], { alertname: 'Disk "full"' }, '{}:{alertname="Disk \\"full\\""}'],
  ])("route %j by %j", (matchers, groupBy, labels, key) => {
    expect(groupKey(route(...matchers), groupLabels(labels, groupBy))).toBe(key);
  });

  test("a subject is short, and another for another key", () => {
    expect(groupSubject("{}:{}")).toMatch(/^g[0-9a-f]{16}$/);
    expect(groupSubject("{}:{}")).not.toBe(groupSubject('{}:{a="b"}'));
  });
});

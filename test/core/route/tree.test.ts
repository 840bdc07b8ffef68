import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matchesAll } from "../../../src/core/alert/matcher.ts";
import { parseMatchers } from "../../../src/core/alert/matcher-parse.ts";
import { compileTree, type Judged, type RouteNode } from "../../../src/core/route/tree.ts";

const node = (receiver: string | null, matchers: string, over: Partial<RouteNode> = {}): RouteNode => {
  const parsed = parseMatchers(matchers);
  if (!parsed.ok) throw new Error(matchers);
  return {
    receiver,
    matchers: parsed.value.map(({ name, operator, value }) => ({ name, operator, value })),
    groupBy: null,
    groupWaitMs: null,
    groupIntervalMs: null,
    repeatIntervalMs: null,
    continue: false,
    muteTimes: [],
    activeTimes: [],
    minConfidence: null,
    fallback: null,
    regroup: null,
    routes: [],
    ...over,
  };
};

// The tree of Alertmanager's own documentation: owners, one of them with a child for criticals, and a continue.
const tree = compileTree(
  node("default", "", {
    groupBy: ["cluster", "alertname"],
    routes: [
      node("db-pager", 'service=~"mysql|cassandra"', { groupWaitMs: 10_000 }),
      node("frontend-pager", 'team="frontend"', {
        groupBy: ["product"],
        continue: true,
        routes: [node("frontend-critical", 'severity="critical"', { muteTimes: ["weekends"] })],
      }),
      node("audit", 'audit!=""'),
    ],
  }),
);
const receivers = (labels: Record<string, string>): string[] => tree.match(labels, null).map((route) => route.receiver);

describe("which routes an alert takes", () => {
  test.each<[sentence: string, labels: Record<string, string>, receivers: string[]]>([
    ["no child matches: the root itself", { a: "b" }, ["default"]],
    ["the first child that matches ends the search", { service: "mysql", team: "frontend" }, ["db-pager"]],
    ["a regex holds for the whole value only", { service: "mysqlx" }, ["default"]],
    ["a child that has no matching child is the match", { team: "frontend" }, ["frontend-pager"]],
    ["the deepest match wins over its parents", { team: "frontend", severity: "critical" }, ["frontend-critical"]],
    ["continue goes on to the next sibling", { team: "frontend", audit: "yes" }, ["frontend-pager", "audit"]],
    ["a missing label equals the empty text", { audit: "" }, ["default"]],
  ])("%s", (_, labels, expected) => {
    expect(receivers(labels)).toEqual(expected);
  });

  test("what a route does not say it inherits, times excepted", () => {
    const [critical] = tree.match({ team: "frontend", severity: "critical" }, null);
    expect(critical).toMatchObject({
      groupBy: ["product"],
      groupWaitMs: 30_000,
      groupIntervalMs: 300_000,
      muteTimes: ["weekends"],
    });
    const [pager] = tree.match({ service: "mysql" }, null);
    expect(pager).toMatchObject({ groupBy: ["cluster", "alertname"], groupWaitMs: 10_000, muteTimes: [] });
  });

  test("each route says why it was not taken", () => {
    const verdicts = Object.fromEntries(
      tree
        .explain({ team: "frontend", severity: "warning" }, null)
        .map((v) => [v.receiver, [v.taken, v.reason, v.matcher]]),
    );
    expect(verdicts).toEqual({
      default: [false, "child_matched", null],
      "db-pager": [false, "matcher", 'service=~"mysql|cassandra"'],
      "frontend-pager": [true, "matched", null],
      "frontend-critical": [false, "matcher", 'severity="critical"'],
      audit: [false, "matcher", 'audit!=""'],
    });
  });
});

describe("routes on a classification", () => {
  const judged: Judged = { severity: "critical", category: "database", confidence: 0.85 };
  const withModel = compileTree(
    node("default", "", {
      routes: [
        node("model-pager", 'llm_severity="critical"'),
        node("sure-dba", 'llm_category="database"', { minConfidence: 0.9 }),
        node("team", 'team="x"'),
      ],
    }),
  );
  const match = (labels: Record<string, string>, what: Judged | null) =>
    withModel.match(labels, what).map((route) => route.receiver);

  test("add to what holds without them, and take nothing away", () => {
    expect(match({ team: "x" }, null)).toEqual(["team"]);
    expect(match({ team: "x" }, judged)).toEqual(["team", "model-pager"]);
    expect(match({}, { ...judged, severity: "info" })).toEqual(["default"]);
  });

  test("ask for the confidence they name", () => {
    expect(match({}, { ...judged, severity: "info", confidence: 0.95 })).toEqual(["default", "sure-dba"]);
  });

  test("are not fooled by a label of their name", () => {
    expect(match({ llm_severity: "critical" }, null)).toEqual(["default"]);
  });
});

test("a wide tree matches as a search one by one would", () => {
  const labels = fc.record({ a: fc.constantFrom("1", "2", "3", ""), b: fc.constantFrom("1", "2", "") });
  const child = fc.tuple(
    fc.constantFrom('a="1"', 'a="2"', 'a=~"1|3"', 'a!="1"', 'b="1"', 'a="1",b="2"', 'b=""'),
    fc.boolean(),
  );
  fc.assert(
    fc.property(fc.array(child, { minLength: 8, maxLength: 30 }), labels, (children, alert) => {
      const root = node("root", "", {
        routes: children.map(([matchers, goOn], i) => node(`r${i}`, matchers, { continue: goOn })),
      });
      const expected: string[] = [];
      for (const [i, [matchers, goOn]] of children.entries()) {
        const parsed = parseMatchers(matchers);
        if (!parsed.ok || !matchesAll(parsed.value, alert)) continue;
        expected.push(`r${i}`);
        if (!goOn) break;
      }
      expect(
        compileTree(root)
          .match(alert, null)
          .map((r) => r.receiver),
      ).toEqual(expected.length > 0 ? expected : ["root"]);
    }),
  );
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Labels } from "../../../src/core/alert/alert.ts";
import { compareMatchers, matchesAll } from "../../../src/core/alert/matcher.ts";
import { parseMatchers } from "../../../src/core/alert/matcher-parse.ts";
import { explainRoutes } from "../../../src/core/route/explain.ts";
import type { RouteNode } from "../../../src/core/route/routing.ts";
import { compileTree, matchRoutes, type RoutedClassification } from "../../../src/core/route/tree.ts";

const matchers = (text: string) => {
  const parsed = parseMatchers(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value.toSorted(compareMatchers);
};

const node = (text: string, given: Partial<RouteNode> = {}): RouteNode => ({
  path: "",
  receiver: null,
  matchers: matchers(text),
  minConfidence: null,
  continue: false,
  groupBy: null,
  groupWaitMs: null,
  groupIntervalMs: null,
  repeatIntervalMs: null,
  muteTimeIntervals: [],
  activeTimeIntervals: [],
  labels: {},
  fallback: null,
  fallbackAfterMs: null,
  regroup: null,
  routes: [],
  ...given,
});

const labels = (text: string): Labels =>
  Object.fromEntries(text === "" ? [] : text.split(",").map((pair) => pair.split("=") as [string, string]));

const receiversOf = (root: RouteNode, text: string, classification?: RoutedClassification): string[] =>
  matchRoutes(compileTree(root, []), labels(text), classification ?? null).map((route) => route.receiver);

describe("Alertmanager's own example of a tree", () => {
  const root = node("", {
    receiver: "notify-def",
    routes: [
      node('owner="team-A"', {
        receiver: "notify-A",
        routes: [
          node('env="testing"', { receiver: "notify-testing" }),
          node('env="production"', { receiver: "notify-productionA", groupWaitMs: 60_000, continue: true }),
          node('env=~"produ.*",job=~".*"', { receiver: "notify-productionB", groupWaitMs: 30_000 }),
        ],
      }),
      node('owner=~"team-(B|C)"', { receiver: "notify-BC", groupBy: ["foo", "bar"] }),
      node('group_by="role"', {
        groupBy: ["role"],
        routes: [
          node('env="testing"', {
            receiver: "notify-testing",
            routes: [node('wait="long"', { groupWaitMs: 120_000 })],
          }),
        ],
      }),
    ],
  });

  it.each([
    ["owner=team-A", ["notify-A"]],
    ["owner=team-A,env=unset", ["notify-A"]],
    ["owner=team-C", ["notify-BC"]],
    ["owner=team-A,env=testing", ["notify-testing"]],
    ["owner=team-A,env=production", ["notify-productionA", "notify-productionB"]],
    ["group_by=role", ["notify-def"]],
    ["env=testing,group_by=role", ["notify-testing"]],
    ["env=testing,group_by=role,wait=long", ["notify-testing"]],
    ["", ["notify-def"]],
  ])("%s goes to %j", (text, want) => {
    expect(receiversOf(root, text)).toEqual(want);
  });

  it("passes receiver, grouping and times down", () => {
    const tree = compileTree(root, [{ name: "notify-testing", targets: ["t"] }]);
    const [long] = matchRoutes(tree, labels("env=testing,group_by=role,wait=long"));
    expect(long).toMatchObject({
      receiver: "notify-testing",
      targets: ["t"],
      groupBy: ["role"],
      groupWaitMs: 120_000,
      groupIntervalMs: 300_000,
      repeatIntervalMs: 14_400_000,
      id: '{}/{group_by="role"}/2/{env="testing"}/0/{wait="long"}/0',
    });
    expect(new Set(tree.routes.map((route) => route.id)).size).toBe(tree.routes.length);
  });
});

describe("what a route inherits", () => {
  const root = node("", {
    receiver: "r",
    groupBy: ["..."],
    labels: { team: "a", tier: "1" },
    fallback: "phone",
    fallbackAfterMs: 60_000,
    regroup: true,
    routes: [
      node('a="1"', {
        labels: { tier: "2" },
        groupBy: [],
        muteTimeIntervals: ["night"],
        routes: [node('b="1"', { fallback: "mail", regroup: false })],
      }),
    ],
  });
  const tree = compileTree(root, [{ name: "r", targets: "all" }]);
  const take = (text: string) => matchRoutes(tree, labels(text))[0];

  it("labels are merged, an empty group_by replaces, intervals are its own", () => {
    expect(take("a=1")).toMatchObject({
      labels: { team: "a", tier: "2" },
      groupBy: [],
      muteTimeIntervals: ["night"],
      fallback: { target: "phone", afterMs: 60_000 },
      regroup: true,
      targets: "all",
    });
    expect(take("a=1,b=1")).toMatchObject({
      muteTimeIntervals: [],
      fallback: { target: "mail", afterMs: 60_000 },
      regroup: false,
    });
    expect(take("")).toMatchObject({ groupBy: ["..."], labels: { team: "a", tier: "1" } });
  });
});

describe("routes on a classification only add", () => {
  const root = node("", {
    receiver: "def",
    routes: [
      node('llm_severity="critical"', { receiver: "pager" }),
      node('llm_severity=~"critical|warning"', { receiver: "never, the pager does not continue" }),
      node('team="db"', {
        receiver: "db",
        routes: [
          node('llm_category="security"', { receiver: "db-sec", minConfidence: 0.95, continue: true }),
          node('llm_category="security",env="prod"', {
            receiver: "db-sec-prod",
            routes: [node('zone="eu"', { receiver: "db-sec-eu" })],
          }),
        ],
      }),
      node('team=~".+"', { receiver: "others" }),
    ],
  });
  const security = (severity: RoutedClassification["severity"], confidence: number): RoutedClassification => ({
    severity,
    category: "security",
    confidence,
  });

  it.each([
    ["without one they are absent", "team=db", undefined, ["db"]],
    ["a label of that name is not asked", "llm_severity=critical", undefined, ["def"]],
    ["one adds its route to the others", "team=web", security("critical", 0.9), ["others", "pager"]],
    ["it does not stop the label routes behind it", "", security("critical", 0.9), ["def", "pager"]],
    ["nor is it stopped by those before it", "team=db", security("info", 0.9), ["db"]],
    ["a route may want more confidence", "team=db", security("info", 0.95), ["db", "db-sec"]],
    ["label matchers beside it hold too", "team=db,env=prod", security("info", 0.9), ["db", "db-sec-prod"]],
    [
      "children below it match labels",
      "team=db,env=prod,zone=eu",
      security("info", 0.99),
      ["db", "db-sec", "db-sec-eu"],
    ],
    ["on two levels at once", "team=db", security("critical", 0.95), ["db", "db-sec", "pager"]],
  ])("%s", (_, text, classification, want) => {
    expect(receiversOf(root, text, classification)).toEqual(want);
  });

  it("says which routes those are", () => {
    const routes = matchRoutes(compileTree(root, []), {}, security("critical", 0.9));
    expect(routes.map((route) => route.isByClassification)).toEqual([false, true]);
  });
});

describe("explaining", () => {
  const root = node("", {
    receiver: "def",
    path: "/route",
    routes: [
      node('team="db"', {
        path: "A",
        routes: [node('env="prod"', { path: "A1" }), node('env=~".*"', { path: "A2" })],
      }),
      node('team=~"db|web"', { path: "B", routes: [node('x="1"', { path: "B1" })] }),
      node('llm_severity="critical"', { path: "C", minConfidence: 0.9 }),
    ],
  });
  const explain = (text: string, classification: RoutedClassification | null = null) =>
    explainRoutes(compileTree(root, []), labels(text), classification).map(({ route, reason, matcher, actual }) =>
      [route.path, reason, matcher, actual].filter((part) => part !== null),
    );

  it("gives every route its reason", () => {
    expect(explain("team=db,env=dev")).toEqual([
      ["/route", "passed_on"],
      ["A", "passed_on"],
      ["A1", "matcher", 'env="prod"', "dev"],
      ["A2", "matched"],
      ["B", "sibling"],
      ["B1", "parent"],
      ["C", "no_classification"],
    ]);
    expect(explain("", { severity: "critical", category: "other", confidence: 0.85 })).toEqual([
      ["/route", "matched"],
      ["A", "matcher", 'team="db"', ""],
      ["A1", "parent"],
      ["A2", "parent"],
      ["B", "matcher", 'team=~"db|web"', ""],
      ["B1", "parent"],
      ["C", "low_confidence"],
    ]);
    expect(explain("", { severity: "info", category: "other", confidence: 1 }).at(-1)).toEqual([
      "C",
      "matcher",
      'llm_severity="critical"',
      "info",
    ]);
  });
});

describe("against a plain model", () => {
  const value = fc.constantFrom("1", "2", "3");
  const name = fc.constantFrom("a", "b", "c");
  const matcher = fc.oneof(
    fc.tuple(name, value).map(([n, v]) => `${n}="${v}"`),
    fc.tuple(name, value).map(([n, v]) => `${n}!="${v}"`),
    fc.tuple(name, fc.constantFrom("1|2", ".*", "[23]")).map(([n, v]) => `${n}=~"${v}"`),
    fc.constantFrom('llm_severity="critical"', 'llm_category="other"'),
  );
  const tree: fc.Arbitrary<RouteNode> = fc.letrec<{ node: RouteNode }>((tie) => ({
    node: fc
      .record({
        text: fc.array(matcher, { maxLength: 2 }).map((list) => list.join(",")),
        continue: fc.boolean(),
        routes: fc.oneof({ depthSize: "small" }, fc.constant([]), fc.array(tie("node"), { maxLength: 4 })),
      })
      .map(({ text, ...given }) => node(text, given)),
  })).node;
  const number = (given: RouteNode, path: string): RouteNode => ({
    ...given,
    path,
    routes: given.routes.map((child, at) => number(child, `${path}.${at}`)),
  });

  /** Alertmanager's walk, without index, over the routes that `keep` lets stand. */
  const walk = (given: RouteNode, set: Labels, keep: (node: RouteNode) => boolean): string[] => {
    if (!matchesAll(given.matchers, set)) return [];
    const found: string[] = [];
    for (const child of given.routes.filter(keep)) {
      const taken = walk(child, set, keep);
      found.push(...taken);
      if (taken.length > 0 && !child.continue) break;
    }
    return found.length > 0 ? found : [given.path];
  };
  const asks = (given: RouteNode): boolean => given.matchers.some(({ name: n }) => n.startsWith("llm_"));
  const root = tree.map((given) => number({ ...given, matchers: [] }, "/route"));
  const set = fc.dictionary(name, value, { maxKeys: 3 });

  it("takes the same routes as Alertmanager's walk does, whatever a classification adds", () => {
    fc.assert(
      fc.property(root, set, fc.boolean(), (given, alert, isClassified) => {
        const classification = { severity: "critical", category: "other", confidence: 1 } as const;
        const compiled = compileTree(given, []);
        const taken = matchRoutes(compiled, alert, isClassified ? classification : null);
        const plain = taken.filter((route) => !route.isByClassification).map((route) => route.path);
        expect(plain.toSorted()).toEqual(walk(given, alert, (child) => !asks(child)).toSorted());
        expect(new Set(taken).size).toBe(taken.length);
        const steps = explainRoutes(compiled, alert, isClassified ? classification : null);
        expect(steps).toHaveLength(compiled.routes.length);
        expect(new Set(steps.filter((step) => step.reason === "matched").map((step) => step.route))).toEqual(
          new Set(taken),
        );
      }),
      { numRuns: 2000 },
    );
  });
});

/**
 * Nothing an operator writes and nothing a sender posts runs long. Each of these would hang, or fill the memory, if a
 * limit were missing: what is asserted is that an answer comes and which limit gave it.
 */
import { describe, expect, it } from "vitest";
import { mapBody } from "../../../src/core/ingest/mapped.ts";
import { readSources } from "../../../src/core/ingest/source.ts";
import { applySource, type SourceOutcome } from "../../../src/core/ingest/source-apply.ts";
import { compileJsonPath } from "../../../src/core/ingest/source-jsonpath.ts";
import { createBudget, MAX_NODES, MAX_STEPS } from "../../../src/core/ingest/source-limits.ts";
import { compileRegex } from "../../../src/core/ingest/source-regex.ts";
import { compileTemplate } from "../../../src/core/ingest/source-template.ts";
import { readersAt } from "./source-readers.ts";

const READERS = readersAt(Date.UTC(2026, 0, 1));

const compileOne = (source: object) => {
  const sources = readSources([{ name: "a", ...source }]);
  if (!sources.ok) throw new Error(JSON.stringify(sources.error));
  return sources.value[0];
};

const apply = (source: object, body: unknown): readonly SourceOutcome[] => {
  const outcomes = applySource(compileOne(source), body, READERS);
  if (!outcomes.ok) throw new Error(outcomes.error.message);
  return outcomes.value;
};

/** Lists in lists, 500 values at each of 60 levels. */
const deep = (levels: number): unknown => (levels === 0 ? [] : [deep(levels - 1), ...Array(500).fill(1)]);
const DEEP = deep(60);

describe("JSONPath", () => {
  it.each([
    "$..*..*",
    "$..*..*..*..*",
    "$..[*,*,*,*,*,*,*,*,*,*,*,*,*,*,*,*,*,*,*,*]",
    "$..[0:500,0:500,0:500,0:500,0:500,0:500,0:500,0:500,0:500,0:500,0:500,0:500,0:500,0:500,0:500,0:500,0:500]",
    "$..[?@..missing]",
    "$..[?$..[?$..missing]]",
    "$..[?@[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0] == @[0][0][0][0][0][0][0][0][0][0][0][0][0][0]]",
  ])("%s over 30 000 values ends", (path) => {
    const compiled = compileJsonPath(path);
    const result = compiled.ok ? compiled.value.select(DEEP, createBudget()) : compiled;
    expect(result.ok ? result.value.length : result.error).toBe(`walks through more than ${MAX_NODES} values`);
  });

  it("the body's budget ends it too, for all alerts together", () => {
    const compiled = compileJsonPath("$..*");
    const budget = createBudget(10_000);
    const results = Array.from({ length: 4 }, () => compiled.ok && compiled.value.select(DEEP, budget).ok);
    expect(results).toEqual([false, false, false, false]);
    expect(budget.isSpent()).toBe(true);
  });

  it("the parser meets nothing that takes it exponential time", () => {
    const nested = (open: string, inner: string, close: string, times: number) =>
      `$[?${open.repeat(times)}${inner}${close.repeat(times)}]`;
    const results = [
      nested("f((", "1", "))", 80),
      nested("(", "@.a == 1", ")", 200),
      nested("!(", "@", ")", 150),
      nested("@[?", "@", "]", 100),
      nested("(@.a && ", "@.b", ")", 40),
      nested("(@[?", "@.a ==", "])", 80),
      nested("@.a && ", "@.b", "", 60),
    ].map((path) => compileJsonPath(path).ok);
    expect(results).toEqual([false, true, true, true, true, false, true]);
  });
});

describe("regexes", () => {
  it.each([
    ["(x+x+)+y", "x".repeat(16_384)],
    ["(a*)*b", "a".repeat(16_384)],
    ["(a|a)*b", "a".repeat(16_384)],
    ["(.*)(.*)(.*)(.*)(.*)(.*)z", "a".repeat(16_384)],
    ["((a{0,20}){0,20})+b", "a".repeat(4_096)],
  ])("%s is linear", (pattern, text) => {
    const regex = compileRegex(pattern);
    expect(regex.ok && regex.value.test(text, createBudget())).toBe(false);
    expect(regex.ok && regex.value.match(text, createBudget())).toBe(null);
  });

  it("large ones are refused, and matching them is counted by their size", () => {
    expect(compileRegex("((a{100}){100}){100}").ok).toBe(false);
    const regex = compileRegex("(a?){150}a{150}");
    const budget = createBudget(1_000);
    expect(regex.ok && regex.value.test("a".repeat(150), budget)).toBe(false);
    expect(budget.isSpent()).toBe(true);
  });
});

describe("templates", () => {
  const long = "x".repeat(10_000);
  const list = Array.from({ length: 20_000 }, (_, index) => `item ${index}`);
  const doubling = (filter: string) =>
    `{% assign a = alert.start %}${`{% assign a = a | ${filter} %}`.repeat(50)}{{ a | size }}`;
  it.each([
    ["a text that doubles fifty times", doubling("append: a")],
    ["a list that doubles fifty times", doubling("concat: a")],
    ["a replacement that multiplies", `{{ alert.long | ${Array(6).fill('replace: "x", alert.long').join(" | ")} }}`],
    ["a join with a long separator", "{{ alert.list | join: alert.long }}"],
    ["a member name that is long for every element", "{{ alert.list | map: alert.long }}"],
    ["the same large list over and over", "{{ alert.list | join }}".repeat(80)],
    ["comparing large lists", "{% if alert.list == alert.list %}{% endif %}".repeat(40)],
    ["a slice of any length", "{{ alert.long | slice: 0, 1000000000 }}"],
    ["sorting again and again", `{{ alert.list | ${Array(100).fill("sort").join(" | ")} }}`],
    ["writing a large list out", "{{ alert.list }}".repeat(100)],
    ["counting the members of a large object", "{{ alert.object.size }}".repeat(80)],
  ])("%s meets the limit", (_, text) => {
    const object = Object.fromEntries(list.map((name) => [name, 1]));
    const template = compileTemplate(text);
    const result =
      template.ok && template.value.render({ alert: { start: ["s"], long, list, object } }, createBudget());
    expect(result).toMatchObject({ ok: false, error: expect.stringContaining("reads or builds too much") });
  });

  it("a negative count gives nothing back", () => {
    const text = `{% assign a = alert.long | slice: 0, -1000000 %}${"{{ alert.list | join }}".repeat(40)}`;
    const template = compileTemplate(text);
    expect(template.ok && template.value.render({ alert: { long, list } }, createBudget()).ok).toBe(false);
  });
});

describe("a whole body", () => {
  const alerts = (count: number, more: object = {}) =>
    Array.from({ length: count }, (_, index) => ({ n: `a${index}`, ...more }));
  const stages = (outcomes: readonly SourceOutcome[]) =>
    new Set(outcomes.map((outcome) => (outcome.kind === "rejected" ? outcome.defect.message : outcome.kind)));

  it("that reads itself once for every alert spends its steps, and every further alert says so", () => {
    const outcomes = apply(
      {
        map: {
          alerts: "/alerts",
          labels: { a: "/n", count: "{{ body.alerts | map: 'n' | sort | reverse | join | size }}" },
          status: "firing",
        },
      },
      { alerts: alerts(1_000) },
    );
    expect(outcomes).toHaveLength(1_000);
    const reasons = stages(outcomes);
    expect(reasons).toContain("accepted");
    expect(reasons).toContain("the source needs more steps than one body may take");
  });

  it.each<[sentence: string, map: object]>([
    ["a path through the whole body", { labels: { a: { path: "$..missing", from: "body" } } }],
    ["a list of the whole body", { labels: { a: { path: "/texts", from: "body" } } }],
    ["the whole body as an annotation", { labels: { a: "b" }, annotations: { all: { path: "", from: "body" } } }],
    ["all members of the body", { labels: { a: "b" }, labels_from: [{ path: "/wide", from: "body" }] }],
    ["a text with very many pairs", { labels: { a: "b" }, annotations_from: [{ path: "/pairs", from: "body" }] }],
  ])("%s for each of 1 000 alerts spends the steps of a body", (_, map) => {
    const body = {
      alerts: alerts(1_000),
      texts: Array.from({ length: 30_000 }, (_, index) => `${index}`),
      wide: Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`k${index}`, index])),
      pairs: "a:b,".repeat(200_000),
    };
    const compiled = compileOne({ map: { alerts: "/alerts", ...map } });
    const budget = createBudget(MAX_STEPS / 10);
    const entries = compiled.map && mapBody(compiled.map, body, budget);
    const failures = entries?.ok ? entries.value.filter(({ read }) => !read().ok) : [];
    expect(failures.length).toBeGreaterThan(0);
    expect(budget.isSpent()).toBe(true);
  });

  it("an ordinary body of 1 000 alerts with 20 rules is far from its limit", () => {
    const budget = createBudget();
    const fields = Object.fromEntries(
      Array.from({ length: 25 }, (_, index) => [`l${index}`, `{{ alert.n | upcase }}-${index}`]),
    );
    const rule = { source_labels: ["l1", "l2"], regex: "(.*)-1;(.*)", target_label: "x" };
    const source = compileOne({
      map: { alerts: "/alerts", labels: fields, annotations: { a: "/n", b: "$.n" }, status: "firing" },
      alert_relabel_configs: Array.from({ length: 20 }, () => rule),
      validate: [{ required: ["l1"], allowed: { l2: "A[0-9]+-2" } }],
    });
    const outcomes = applySource(source, { alerts: alerts(1_000), status: "firing" }, READERS, budget);
    expect(outcomes.ok && outcomes.value).toHaveLength(1_000);
    expect(budget.spend(MAX_STEPS / 2)).toBe(true);
  });
});

describe("relabelling", () => {
  const twice = { regex: "(.*)", replacement: "$1$1", action: "labelmap" };
  it.each<[sentence: string, rules: readonly object[], message: string]>([
    ["names that double", Array(20).fill(twice), "a label name is longer"],
    [
      "labels that multiply",
      Array.from({ length: 20 }, (_, index) => ({ regex: "(.*)", replacement: `\${1}_${index}`, action: "labelmap" })),
      "more than 256 labels",
    ],
    [
      "values that double",
      Array(30).fill({ source_labels: ["a"], target_label: "a", replacement: "$1$1" }),
      "value is longer",
    ],
    [
      "sources that add up",
      [
        { source_labels: Array(200).fill("a"), target_label: "a" },
        { source_labels: Array(200).fill("a"), target_label: "b" },
      ],
      "exceed 16384",
    ],
  ])("%s stop the alert", (_, rules, message) => {
    const [outcome] = apply(
      { map: { labels: { a: "x".repeat(50) }, status: "firing" }, alert_relabel_configs: rules },
      {},
    );
    expect(outcome).toMatchObject({
      kind: "rejected",
      stage: "relabel",
      defect: { message: expect.stringContaining(message) },
    });
  });
});

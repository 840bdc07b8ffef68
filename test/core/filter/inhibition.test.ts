import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Labels } from "../../../src/core/alert/alert.ts";
import { labelValue } from "../../../src/core/alert/labels.ts";
import { matchesAll } from "../../../src/core/alert/matcher.ts";
import { parseMatchers } from "../../../src/core/alert/matcher-parse.ts";
import {
  compileInhibition,
  type InhibitionSource,
  type InhibitRule,
  indexSources,
  inhibitedBy,
  mayInhibit,
} from "../../../src/core/filter/inhibition.ts";

const NOW = 1_000_000;
const matchers = (text: string) => {
  const parsed = parseMatchers(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
};
const rule = (source: string, target: string, equal: string[] = [], name = "r"): InhibitRule => ({
  name,
  sourceMatchers: matchers(source),
  targetMatchers: matchers(target),
  equal,
});
const alert = (fingerprint: string, labels: Labels, given: Partial<InhibitionSource> = {}): InhibitionSource => ({
  fingerprint,
  labels,
  status: "firing",
  expiresAt: null,
  ...given,
});
const inhibitors = (rules: InhibitRule[], sources: InhibitionSource[], labels: Labels): string[] =>
  inhibitedBy(indexSources(compileInhibition(rules), sources, NOW), labels).map(({ source }) => source);

describe("the cases of contracts 8.4", () => {
  const critical = [rule('severity="critical"', 'severity="warning"', ["cluster", "service"])];
  const source = alert("src", { severity: "critical", cluster: "c1", service: "s1" });

  it.each([
    ["all equal labels are equal", [source], { severity: "warning", cluster: "c1", service: "s1" }, ["src"]],
    ["one of them differs", [source], { severity: "warning", cluster: "c1", service: "s2" }, []],
    ["the target does not match", [source], { severity: "info", cluster: "c1", service: "s1" }, []],
    [
      "missing on both sides is equal",
      [alert("src", { severity: "critical", cluster: "c1" })],
      { severity: "warning", cluster: "c1" },
      ["src"],
    ],
    [
      "empty on one side and missing on the other is equal",
      [alert("src", { severity: "critical", cluster: "c1", service: "" })],
      { severity: "warning", cluster: "c1" },
      ["src"],
    ],
    ["present on one side only is not", [source], { severity: "warning", cluster: "c1" }, []],
    [
      "a resolved source",
      [alert("src", source.labels, { status: "resolved" })],
      { ...source.labels, severity: "warning" },
      [],
    ],
    [
      "an expired source",
      [alert("src", source.labels, { expiresAt: NOW })],
      { ...source.labels, severity: "warning" },
      [],
    ],
    [
      "one that expires later",
      [alert("src", source.labels, { expiresAt: NOW + 1 })],
      { ...source.labels, severity: "warning" },
      ["src"],
    ],
    ["no source", [], { severity: "warning" }, []],
  ])("%s", (_, sources, labels, want) => {
    expect(inhibitors(critical, sources, labels)).toEqual(want);
  });

  it("an alert never inhibits itself, nor do two that match both sides", () => {
    const both = [rule('severity="critical"', 'cluster=~".+"', ["cluster"])];
    const a = alert("a", { severity: "critical", cluster: "c1", n: "1" });
    const b = alert("b", { severity: "critical", cluster: "c1", n: "2" });
    expect(inhibitors(both, [a], a.labels)).toEqual([]);
    expect(inhibitors(both, [a, b], b.labels)).toEqual([]);
    expect(inhibitors(both, [a, b], { severity: "warning", cluster: "c1" })).toEqual(["a"]);
  });

  it("a source on one side only inhibits also what matches both", () => {
    const both = [rule('severity="critical"', 'cluster="c1"')];
    const oneSided = alert("one", { severity: "critical", cluster: "c2" });
    const twoSided = alert("two", { severity: "critical", cluster: "c1" });
    expect(inhibitors(both, [twoSided, oneSided], twoSided.labels)).toEqual(["one"]);
  });

  it("names every rule that inhibits, with its source", () => {
    const rules = [rule('s="1"', 't="1"', [], "first"), rule('s="2"', 't="1"', [], "second")];
    const index = indexSources(compileInhibition(rules), [alert("x", { s: "2" }), alert("y", { s: "1" })], NOW);
    expect(inhibitedBy(index, { t: "1" })).toEqual([
      { rule: "first", source: "y" },
      { rule: "second", source: "x" },
    ]);
  });

  // Alertmanager's inhibit.go: an empty list of matchers holds for every label set.
  it.each([
    ["a rule without target_matchers inhibits all that is no source", 's="1"', "", { n: "1" }, ["source"]],
    ["and no source", 's="1"', "", { s: "1" }, []],
    ["one without source_matchers is set off by all that is no target", "", 't="1"', { t: "1" }, ["source", "other"]],
    ["and inhibits no other", "", 't="1"', { n: "1" }, []],
    ["one without any inhibits nothing", "", "", { n: "1" }, []],
  ])("%s", (_, source, target, labels, want) => {
    const given = [alert("source", { s: "1" }), alert("target", { t: "1" }), alert("other", {})];
    const by = (from: InhibitionSource) => inhibitors([rule(source, target)], [from], labels).length > 0;
    expect(given.filter(by).map(({ fingerprint }) => fingerprint)).toEqual(want);
  });

  it("and what must be equal must be so without matchers, too", () => {
    const given = [rule('s="1"', "", ["cluster"])];
    const source = alert("src", { s: "1", cluster: "c1" });
    expect(inhibitors(given, [source], { cluster: "c1" })).toEqual(["src"]);
    expect(inhibitors(given, [source], { cluster: "c2" })).toEqual([]);
    expect(mayInhibit(compileInhibition([rule("", 's="1"')]), {})).toBe(true);
  });

  it("tells which alerts can inhibit at all", () => {
    const compiled = compileInhibition(critical);
    expect(mayInhibit(compiled, { severity: "critical" })).toBe(true);
    expect(mayInhibit(compiled, { severity: "warning" })).toBe(false);
  });
});

describe("against asking every pair", () => {
  const name = fc.constantFrom("a", "b", "c");
  const value = fc.constantFrom("", "1", "2");
  const side = fc
    .array(fc.tuple(name, fc.constantFrom("=", "!=", "=~"), value), { maxLength: 2 })
    .map((list) => list.map(([n, operator, v]) => `${n}${operator}"${v}"`).join());
  const rules = fc.array(
    fc.tuple(side, side, fc.uniqueArray(name, { maxLength: 2 })).map(([s, t, equal]) => rule(s, t, equal)),
    { maxLength: 3 },
  );
  const labels = fc.dictionary(name, value, { maxKeys: 3 });

  const model = (given: InhibitRule[], sources: Labels[], target: Labels): boolean =>
    given.some(
      ({ sourceMatchers, targetMatchers, equal }) =>
        matchesAll(targetMatchers, target) &&
        sources.some(
          (source) =>
            matchesAll(sourceMatchers, source) &&
            equal.every((n) => labelValue(source, n) === labelValue(target, n)) &&
            !(matchesAll(sourceMatchers, target) && matchesAll(targetMatchers, source)),
        ),
    );

  it("gives the same answer", () => {
    fc.assert(
      fc.property(rules, fc.array(labels, { maxLength: 4 }), labels, (given, sources, target) => {
        const alerts = sources.map((set, at) => alert(`${at}`, set));
        expect(inhibitors(given, alerts, target).length > 0).toBe(model(given, sources, target));
      }),
      { numRuns: 3000 },
    );
  });
});

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${1} is how Prometheus writes a group
/** Prometheus' documented semantics of relabel_configs; the cases follow its own table in model/relabel, re-typed. */
import { describe, expect, it } from "vitest";
import { relabel } from "../../../src/core/ingest/relabel.ts";
import { compileRelabel, relabelSchema } from "../../../src/core/ingest/relabel-rule.ts";
import { createBudget } from "../../../src/core/ingest/source-limits.ts";
import { compileRegex, expandTemplate } from "../../../src/core/ingest/source-regex.ts";

type Labels = Readonly<Record<string, string>>;

const compile = (rules: readonly unknown[]) =>
  rules.map((rule) => {
    const compiled = compileRelabel(relabelSchema.parse(rule));
    if (!compiled.ok) throw new Error(compiled.error.message);
    return compiled.value;
  });

const run = (labels: Labels, rules: readonly unknown[]): Labels | string => {
  const result = relabel(compile(rules), new Map(Object.entries(labels)), createBudget());
  return result.kind === "kept"
    ? Object.fromEntries(result.labels)
    : `${result.kind} by ${result.rule}: ${result.reason}`;
};

const ABC = { a: "foo", b: "bar", c: "baz" };

describe("actions", () => {
  it.each<[sentence: string, labels: Labels, rules: readonly unknown[], expected: Labels | string]>([
    [
      "replace is the default and takes groups by ${1}",
      ABC,
      [{ source_labels: ["a"], regex: "f(.*)", target_label: "d", replacement: "ch${1}-ch${1}" }],
      { ...ABC, d: "choo-choo" },
    ],
    [
      "source labels are joined with ; and a later rule sees what an earlier one wrote",
      ABC,
      [
        { source_labels: ["a", "b"], regex: "f(.*);(.*)r", target_label: "a", replacement: "b${1}${2}m" },
        { source_labels: ["c", "a"], regex: "(b).*b(.*)ba(.*)", target_label: "d", replacement: "$1$2$2$3" },
      ],
      { a: "boobam", b: "bar", c: "baz", d: "boooom" },
    ],
    [
      "the separator may be another",
      ABC,
      [{ source_labels: ["a", "b"], separator: "/", target_label: "d" }],
      { ...ABC, d: "foo/bar" },
    ],
    [
      "without regex and replacement the value is copied",
      ABC,
      [{ source_labels: ["b"], target_label: "a" }],
      { a: "bar", b: "bar", c: "baz" },
    ],
    [
      "without source labels a constant is set",
      { a: "foo" },
      [{ target_label: "cluster", replacement: "eu" }],
      { a: "foo", cluster: "eu" },
    ],
    [
      "no replacement takes place without a match",
      { a: "boo" },
      [{ source_labels: ["a"], regex: "f", target_label: "b", replacement: "bar" }],
      { a: "boo" },
    ],
    [
      "the regex matches the whole value only",
      { a: "foo" },
      [{ source_labels: ["a"], regex: "o", target_label: "b", replacement: "bar" }],
      { a: "foo" },
    ],
    [
      "an empty replacement deletes the target",
      { a: "foo", f: "baz" },
      [{ source_labels: ["a"], regex: "(f).*", target_label: "$1", replacement: "$2" }],
      { a: "foo" },
    ],
    [
      "an empty target name changes nothing",
      { a: "some-name-0" },
      [{ source_labels: ["a"], regex: "some-([^-]+)-([^,]+)", target_label: "${3}", replacement: "${1}" }],
      { a: "some-name-0" },
    ],
    [
      "the target may come from the value",
      { a: "some-name-value" },
      [{ source_labels: ["a"], regex: "some-([^-]+)-([^,]+)", target_label: "${1}", replacement: "${2}" }],
      { a: "some-name-value", name: "value" },
    ],
    [
      "a list of pairs in one label is taken apart",
      { tags: "path:/secret,job:some-job,label:foo=bar" },
      [
        { source_labels: ["tags"], regex: "(?:.+,|^)path:(/[^,]+).*", target_label: "path" },
        { source_labels: ["tags"], regex: "(?:.+,|^)job:([^,]+).*", target_label: "job" },
        {
          source_labels: ["tags"],
          regex: "(?:.+,|^)label:([^=]+)=([^,]+).*",
          target_label: "${1}",
          replacement: "${2}",
        },
      ],
      { tags: "path:/secret,job:some-job,label:foo=bar", path: "/secret", job: "some-job", foo: "bar" },
    ],
    [
      "the dot matches a line break",
      { a: "line1\nline2" },
      [{ source_labels: ["a"], regex: "line1.*line2", target_label: "d", replacement: "match${1}" }],
      { a: "line1\nline2", d: "match" },
    ],
    [
      "groups may have names",
      { a: "line1\nline2" },
      [
        { source_labels: ["a"], regex: "(line1).*(?<second>line2)", target_label: "l_$1", replacement: "v_$second" },
        { source_labels: ["a"], regex: "(line1).*(?P<second>line2)", target_label: "m_${1}", replacement: "${second}" },
      ],
      { a: "line1\nline2", l_line1: "v_line2", m_line1: "line2" },
    ],
    [
      "label names are UTF-8",
      { "utf-8.label": "x" },
      [{ source_labels: ["utf-8.label"], target_label: "größe", replacement: "$1$1" }],
      { "utf-8.label": "x", größe: "xx" },
    ],
    ["keep keeps what matches", { a: "foo" }, [{ source_labels: ["a"], regex: "f.*", action: "keep" }], { a: "foo" }],
    [
      "keep drops what does not match and says so",
      { a: "foo" },
      [{ source_labels: ["a"], regex: "no-match", action: "keep" }],
      'dropped by 0: "foo" does not match "no-match"',
    ],
    [
      "a missing label is an empty one",
      { a: "foo" },
      [{ source_labels: ["missing"], regex: "", action: "keep" }],
      { a: "foo" },
    ],
    [
      "drop drops what matches, and the rule is named",
      ABC,
      [
        { source_labels: ["b"], target_label: "d" },
        { source_labels: ["a"], regex: ".*o.*", action: "drop" },
      ],
      'dropped by 1: "foo" matches ".*o.*"',
    ],
    [
      "an alternative is anchored as a whole",
      { a: "foo" },
      [{ source_labels: ["a"], regex: "f|o", action: "drop" }],
      { a: "foo" },
    ],
    [
      "keepequal compares with the target",
      { tmp: "1234", port1: "1234" },
      [{ source_labels: ["tmp"], target_label: "port1", action: "keepequal" }],
      { tmp: "1234", port1: "1234" },
    ],
    [
      "keepequal drops where they differ",
      { tmp: "1234", port2: "5678" },
      [{ source_labels: ["tmp"], target_label: "port2", action: "keepequal" }],
      'dropped by 0: port2 does not equal "1234"',
    ],
    [
      "dropequal drops where they are equal",
      { tmp: "1234", port1: "1234" },
      [{ source_labels: ["tmp"], target_label: "port1", action: "DropEqual" }],
      'dropped by 0: port1 equals "1234"',
    ],
    [
      "dropequal keeps where they differ",
      { tmp: "1234", port2: "5678" },
      [{ source_labels: ["tmp"], target_label: "port2", action: "dropequal" }],
      { tmp: "1234", port2: "5678" },
    ],
    [
      "hashmod gives Prometheus' number",
      ABC,
      [{ source_labels: ["c"], target_label: "d", modulus: 1000, action: "hashmod" }],
      { ...ABC, d: "976" },
    ],
    [
      "hashmod hashes line breaks too",
      { a: "foo\nbar" },
      [{ source_labels: ["a"], target_label: "b", modulus: 1000, action: "hashmod" }],
      { a: "foo\nbar", b: "734" },
    ],
    [
      "labelmap copies to the new name and leaves the old",
      { a: "foo", b1: "bar", b2: "baz" },
      [{ regex: "(b.*)", replacement: "bar_${1}", action: "labelmap" }],
      { a: "foo", b1: "bar", b2: "baz", bar_b1: "bar", bar_b2: "baz" },
    ],
    [
      "labelmap takes the group by default",
      { meta_my_bar: "aaa", meta_other: "ccc" },
      [{ regex: "meta_(my.*)", action: "labelmap" }],
      { meta_my_bar: "aaa", meta_other: "ccc", my_bar: "aaa" },
    ],
    [
      "of two names mapped to one, the last by name wins",
      { b1: "first", b2: "second" },
      [{ regex: "b.", replacement: "b", action: "labelmap" }],
      { b1: "first", b2: "second", b: "second" },
    ],
    [
      "labeldrop removes what matches",
      { a: "x", b1: "y", b2: "z" },
      [{ regex: "b.*", action: "labeldrop" }],
      { a: "x" },
    ],
    ["labelkeep removes the rest", { a: "x", b1: "y" }, [{ regex: "(b.*)", action: "labelkeep" }], { b1: "y" }],
    [
      "lowercase and uppercase write to the target",
      { foo: "bAr123Foo" },
      [
        { source_labels: ["foo"], target_label: "up", action: "uppercase" },
        { source_labels: ["foo"], target_label: "low", action: "lowercase" },
      ],
      { foo: "bAr123Foo", up: "BAR123FOO", low: "bar123foo" },
    ],
    [
      "letters are mapped one by one, as Go does: ß stays, İ becomes i",
      { foo: "Straße İ Σ" },
      [
        { source_labels: ["foo"], target_label: "up", action: "uppercase" },
        { source_labels: ["foo"], target_label: "low", action: "lowercase" },
      ],
      { foo: "Straße İ Σ", up: "STRAßE İ Σ", low: "straße i σ" },
    ],
    [
      "temporary labels are gone at the end, other reserved ones stay",
      { a: "x", __alert_rule_uid__: "u" },
      [
        { source_labels: ["a"], target_label: "__tmp_a" },
        { source_labels: ["__tmp_a"], target_label: "b" },
      ],
      { a: "x", b: "x", __alert_rule_uid__: "u" },
    ],
    [
      "names of inherited properties are names like others",
      { constructor: "x", toString: "y" },
      [
        { source_labels: ["constructor", "valueOf"], target_label: "hasOwnProperty" },
        { regex: "toString", action: "labeldrop" },
      ],
      { constructor: "x", hasOwnProperty: "x;" },
    ],
  ])("%s", (_, labels, rules, expected) => {
    expect(run(labels, rules)).toEqual(expected);
  });

  it("leaves temporary labels alone where there is no rule", () => {
    expect(run({ __tmp: "x" }, [])).toEqual({ __tmp: "x" });
  });
});

describe("what Prometheus refuses when it loads a rule", () => {
  it.each([
    [{ source_labels: ["a"] }, "/target_label", "the action replace needs target_label"],
    [{ action: "lowercase" }, "/target_label", "the action lowercase needs target_label"],
    [{ action: "hashmod", target_label: "a" }, "/modulus", "the action hashmod needs modulus"],
    [{ action: "uppercase", target_label: "a", replacement: "x" }, "/replacement", "does not take replacement"],
    [{ action: "keepequal", target_label: "a", regex: "x" }, "/regex", "does not take regex"],
    [{ action: "dropequal", target_label: "a", separator: "," }, "/separator", "does not take separator"],
    [{ action: "labeldrop", source_labels: ["a"], regex: "x" }, "/source_labels", "does not take source_labels"],
    [{ action: "labelkeep", target_label: "a", regex: "x" }, "/target_label", "does not take target_label"],
    [{ action: "labelmap", regex: "x", replacement: "" }, "/replacement", "needs a label name"],
    [{ target_label: "a", regex: "(" }, "/regex", "is no RE2 regular expression"],
    [{ target_label: "a", regex: "a)|(b" }, "/regex", "is no RE2 regular expression"],
    [{ target_label: "a", regex: "(?=a)" }, "/regex", "is no RE2 regular expression"],
    [{ target_label: "a", regex: "(a)\\1" }, "/regex", "is no RE2 regular expression"],
    [{ target_label: "a", regex: "x".repeat(501) }, "/regex", "at most 500 characters"],
    [{ target_label: "a", regex: "(?:[a-z]{30}){31}x{900}y{900}" }, "/regex", "repeats too much"],
  ])("%j", (rule, path, message) => {
    expect(compileRelabel(relabelSchema.parse(rule))).toMatchObject({
      ok: false,
      error: { path, message: expect.stringContaining(message) },
    });
  });

  it("an unknown action or field", () => {
    expect(relabelSchema.safeParse({ action: "rename" }).success).toBe(false);
    expect(relabelSchema.safeParse({ sources: ["a"] }).success).toBe(false);
  });
});

describe("replacements, as Go's Regexp.Expand reads them", () => {
  it.each([
    ["$1", "one"],
    ["${1}", "one"],
    ["$1x", ""],
    ["${1}x", "onex"],
    ["$0", "one-two"],
    ["$name", "two"],
    ["${name}!", "two!"],
    ["$3", ""],
    ["$missing.", "."],
    ["$01", ""],
    ["$$1", "$1"],
    ["$", "$"],
    ["$ 1", "$ 1"],
    ["${", "${"],
    ["${1", "${1"],
    ["${}", "${}"],
    ["a$-b", "a$-b"],
    ["${1$2", "${1two"],
    ["größe $1ß", "größe "],
  ])("%s gives %j", (template, expected) => {
    const regex = compileRegex("(one)-(?P<name>two)|(three)");
    const match = regex.ok ? regex.value.match("one-two", createBudget()) : null;
    expect(match && expandTemplate(template, match)).toBe(expected);
  });
});

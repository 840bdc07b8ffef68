import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FAMILIES } from "../../src/worker/metrics/families.ts";
import { encodeMetrics, type Family, nameOf, seriesOf } from "../../src/worker/metrics/text.ts";

const family: Family = { name: "things_total", type: "counter", help: "Things" };

/** Reads one series as Prometheus' text parser does: a name, then labels with their three escapes. */
const readSeries = (text: string): { name: string; labels: Record<string, string> } => {
  const [, name = "", inner = ""] = /^([a-z_]+)(?:\{(.*)\})?$/s.exec(text) ?? [];
  const pairs = [...inner.matchAll(/([a-z]+)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"/g)];
  expect(pairs.map((pair) => pair[0]).join(",")).toBe(inner);
  const unescaped = (value: string): string =>
    value.replace(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
  return { name, labels: Object.fromEntries(pairs.map(([, label = "", value = ""]) => [label, unescaped(value)])) };
};

test("any label value is read back as it was", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom("a", "b", "target", "reason"), fc.string({ unit: "binary" })),
      (labels) => {
        expect(readSeries(seriesOf("things_total", labels))).toEqual({ name: "things_total", labels: { ...labels } });
      },
    ),
  );
});

test("the order of labels makes no second series", () => {
  expect(seriesOf("x", { b: "2", a: "1" })).toBe(seriesOf("x", { a: "1", b: "2" }));
});

describe("the text", () => {
  test.each<[sentence: string, families: Family[], samples: [string, number][], text: string]>([
    ["a family without samples is left out", [family], [], ""],
    ["a sample of no family is left out", [family], [["others_total", 1]], ""],
    [
      "samples stand below the head of their family",
      [family],
      [["things_total", 3]],
      "# HELP things_total Things\n# TYPE things_total counter\nthings_total 3\n",
    ],
    [
      "a line break in a help is escaped",
      [{ ...family, help: "a\nb" }],
      [["things_total", 3]],
      "# HELP things_total a\\nb\n# TYPE things_total counter\nthings_total 3\n",
    ],
    [
      "buckets stand by their bounds, the infinite one last",
      [{ name: "t_seconds", type: "histogram", help: "T" }],
      [
        ['t_seconds_bucket{le="+Inf"}', 3],
        ['t_seconds_bucket{le="10"}', 2],
        ['t_seconds_bucket{le="2.5"}', 1],
        ["t_seconds_count", 3],
        ["t_seconds_sum", 30.5],
      ],
      '# HELP t_seconds T\n# TYPE t_seconds histogram\nt_seconds_bucket{le="2.5"} 1\nt_seconds_bucket{le="10"} 2\nt_seconds_bucket{le="+Inf"} 3\nt_seconds_sum 30.5\nt_seconds_count 3\n',
    ],
  ])("%s", (_, families, samples, text) => {
    expect(encodeMetrics(families, new Map(samples))).toBe(text);
  });
});

test("no two families share a name, and every counter is called total", () => {
  const names = FAMILIES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, type } of FAMILIES) expect(name.endsWith("_total")).toBe(type === "counter");
  expect(nameOf('x_total{a="b"}')).toBe("x_total");
});

import { describe, expect, it } from "vitest";
import { readSources } from "../../../src/core/ingest/source.ts";

const MINIMAL = { name: "a" };

const defects = (json: unknown) => {
  const sources = readSources(json);
  return sources.ok ? [] : sources.error.map(({ path }) => path);
};

describe("the sources block", () => {
  it("may be empty", () => {
    expect(readSources([])).toEqual({ ok: true, value: [] });
  });

  it("takes a source of a known format that only changes labels", () => {
    const sources = readSources([
      { name: "prom-eu", drop_labels: ["replica"], add_labels: { region: "eu", tier: 1 } },
      { name: "x", format: "mapped", map: { labels: { a: "/a" } } },
    ]);
    expect(sources).toMatchObject({
      ok: true,
      value: [
        {
          name: "prom-eu",
          map: null,
          dropLabels: ["replica"],
          addLabels: new Map([
            ["region", "eu"],
            ["tier", "1"],
          ]),
        },
        { name: "x", map: { fields: new Map() } },
      ],
    });
  });

  it.each<[sentence: string, json: unknown, paths: readonly string[]]>([
    ["is a list", {}, [""]],
    [
      "names are DNS labels",
      [{ name: "A" }, { name: "-a" }, { name: "a".repeat(64) }, {}],
      ["/0/name", "/1/name", "/2/name", "/3/name"],
    ],
    ["names are unique", [MINIMAL, { name: "b" }, MINIMAL], ["/2/name"]],
    ["an unknown field is named", [{ ...MINIMAL, lables: {}, "x/y": 1 }], ["/0/lables", "/0/x~1y"]],
    ["a mapped source needs a map", [{ ...MINIMAL, format: "mapped" }], ["/0/map"]],
    ["an automatic one takes none", [{ ...MINIMAL, format: "auto", map: { labels: { a: "b" } } }], ["/0/map"]],
    ["an unknown format", [{ ...MINIMAL, format: "xml" }], ["/0/format"]],
    [
      "an expression with two origins",
      [{ ...MINIMAL, map: { labels: { a: { path: "/a", value: 1 } } } }],
      ["/0/map/labels/a"],
    ],
    [
      "defects of every part at once",
      [
        MINIMAL,
        {
          name: "b",
          map: { labels: { a: "/a~" } },
          alert_relabel_configs: [
            { action: "labeldrop", regex: "x" },
            { action: "drop", regex: "(" },
          ],
          validate: [{ allowed: { env: "[" } }],
        },
      ],
      ["/1/map/labels/a", "/1/alert_relabel_configs/1/regex", "/1/validate/0/allowed/env"],
    ],
  ])("%s", (_, json, paths) => {
    expect(defects(json)).toEqual(paths);
  });

  it("limits the number of sources and rules", () => {
    const named = (count: number, more: object) =>
      Array.from({ length: count }, (_, index) => ({ name: `s${index}`, ...more }));
    const rule = { action: "labeldrop", regex: "x" };
    const rules = (count: number) => ({ alert_relabel_configs: Array.from({ length: count }, () => rule) });
    expect(defects(named(100, rules(10)))).toEqual([]);
    expect(defects(named(101, {}))).toEqual([""]);
    expect(defects(named(1, rules(101)))).toEqual(["/0/alert_relabel_configs"]);
    expect(defects(named(100, rules(11)))).toEqual([""]);
  });
});

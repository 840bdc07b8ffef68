import fc from "fast-check";
import { query } from "jsonpath-rfc9535";
import { describe, expect, it } from "vitest";
import { compileJsonPath } from "../../../src/core/ingest/source-jsonpath.ts";
import { createBudget } from "../../../src/core/ingest/source-limits.ts";
import { parsePointer, readPointer } from "../../../src/core/ingest/source-pointer.ts";

const BODY = {
  status: "open",
  alerts: [
    { name: "a", level: 3, state: "open", tags: ["x", "y"], labels: { team: "pay" } },
    { name: "b", level: 1, state: "closed", tags: [], labels: { team: "search", "a/b~c": 1 } },
    { name: "c", level: 2, state: "open", tags: ["z"] },
  ],
  "odd key": { é: null, "": "empty" },
};

const select = (path: string, body: unknown = BODY) => {
  const compiled = compileJsonPath(path);
  if (!compiled.ok) throw new Error(compiled.error);
  const nodes = compiled.value.select(body, createBudget());
  if (!nodes.ok) throw new Error(nodes.error);
  return nodes.value;
};

describe("paths of RFC 9535", () => {
  it.each<[path: string, pointers: readonly string[]]>([
    ["$", [""]],
    ["$.status", ["/status"]],
    ["$.missing.deeper", []],
    ["$['odd key']['é']", ["/odd key/é"]],
    ['$["odd key"][""]', ["/odd key/"]],
    ["$.alerts[0].name", ["/alerts/0/name"]],
    ["$.alerts[-1].name", ["/alerts/2/name"]],
    ["$.alerts[3]", []],
    ["$.alerts[*].name", ["/alerts/0/name", "/alerts/1/name", "/alerts/2/name"]],
    ["$.alerts[0,2].name", ["/alerts/0/name", "/alerts/2/name"]],
    ["$.alerts[1:].name", ["/alerts/1/name", "/alerts/2/name"]],
    ["$.alerts[:-2].name", ["/alerts/0/name"]],
    ["$.alerts[::2].name", ["/alerts/0/name", "/alerts/2/name"]],
    ["$.alerts[::-1].name", ["/alerts/2/name", "/alerts/1/name", "/alerts/0/name"]],
    ["$.alerts[2:0:-1].name", ["/alerts/2/name", "/alerts/1/name"]],
    ["$.alerts[::0]", []],
    ["$..team", ["/alerts/0/labels/team", "/alerts/1/labels/team"]],
    ["$..['a/b~c']", ["/alerts/1/labels/a~1b~0c"]],
    ["$.status[0]", []],
    ["$.alerts.name", []],
    ["$.alerts['0']", []],
  ])("%s", (path, pointers) => {
    expect(select(path).map((node) => node.pointer)).toEqual(pointers);
  });

  it("gives every node with the pointer at which it stands", () => {
    for (const node of select("$..*")) {
      const tokens = parsePointer(node.pointer);
      expect(tokens.ok && readPointer(BODY, tokens.value)).toBe(node.value);
    }
    expect(select("$..*")).toHaveLength(28);
  });

  it("never sees inherited members", () => {
    for (const name of ["constructor", "__proto__", "toString"]) expect(select(`$.${name}`)).toEqual([]);
    expect(select("$.__proto__", JSON.parse('{"__proto__": 1}'))).toEqual([{ value: 1, pointer: "/__proto__" }]);
    expect(select("$.alerts.length")).toEqual([]);
  });
});

describe("filters", () => {
  it.each<[condition: string, names: string]>([
    ["@.state == 'open'", "ac"],
    ['@.state != "open"', "b"],
    ["@.level > 1", "ac"],
    ["@.level >= 2", "ac"],
    ["@.level < 2", "b"],
    ["@.level <= 2", "bc"],
    ["@.level > '1'", ""],
    ["@.labels", "ab"],
    ["!@.labels", "c"],
    ["@.labels.team == 'pay' || @.level == 2", "ac"],
    ["@.state == 'open' && @.level > 2", "a"],
    ["@.state == 'open' && @.level > 1 && @.labels", "a"],
    ["@.state == 'open' && @.level > 1 && @.labels && @.name == 'c'", ""],
    ["@.level == 1 || @.state == 'open' && @.level == 2 && @.tags[0] == 'z'", "bc"],
    ["(@.level == 1 || @.state == 'open') && @.level < 3", "bc"],
    ["!(@.state == 'open' && @.level > 1 && @.labels)", "bc"],
    ["@.tags[0] == 'z'", "c"],
    ["@.tags[-1] == 'y'", "a"],
    ["@.tags[0]", "ac"],
    ["@.state == $.status", "ac"],
    ["@.nothing == @.nowhere", "abc"],
    ["@.labels == @.labels", "c"],
    ["@.name == 'a && b'", ""],
    ["@.tags[?@ == 'y']", "a"],
  ])("[?%s]", (condition, names) => {
    const found = select(`$.alerts[?${condition}].name`).map((node) => node.value);
    expect(found.join("")).toBe(names);
  });

  it("take the members of an object as well", () => {
    expect(select("$.*[?@ == 'empty']").map((node) => node.pointer)).toEqual(["/odd key/"]);
  });
});

it("agrees with the library where the library keeps to RFC 9535", () => {
  const step = fc.constantFrom(
    ".a",
    ".b",
    "[0]",
    "[-1]",
    "[*]",
    ".*",
    "..a",
    "[0:2]",
    "['a','b']",
    "[?@.a == 1]",
    "[?@.b]",
  );
  const path = fc.array(step, { maxLength: 4 }).map((steps) => `$${steps.join("")}`);
  const { body } = fc.letrec((tie) => ({
    body: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(1, 2, "x", null, true),
      fc.array(tie("body"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom("a", "b", "c"), tie("body")),
    ),
  }));
  const sorted = (values: readonly unknown[]) => values.map((value) => JSON.stringify(value)).sort();
  fc.assert(
    fc.property(path, body, (text, json) => {
      const expected = query(json as Parameters<typeof query>[0], text);
      expect(sorted(select(text, json).map((node) => node.value))).toEqual(sorted(expected));
    }),
    { numRuns: 2_000 },
  );
});

describe("what is refused", () => {
  it.each([
    ["$.a[", "is no JSONPath"],
    ["$.", "is no JSONPath"],
    ["$.a-b", "is no JSONPath"],
    ["$[?length(@.a) > 2]", "uses a function"],
    ["$[?match(@.a, '(a+)+b')]", "uses a function"],
    ["$[?search(@.a, 'x')]", "uses a function"],
    [`$.${"a".repeat(500)}`, "at most 500 characters"],
  ])("%s", (path, message) => {
    expect(compileJsonPath(path)).toMatchObject({ ok: false, error: expect.stringContaining(message) });
  });
});

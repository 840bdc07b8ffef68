import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Labels } from "../../../src/core/alert/alert.ts";
import {
  addLabels,
  commonLabels,
  compareBytes,
  dropLabels,
  equalLabels,
  isEmpty,
  labelValue,
  pickLabels,
  sortedNames,
} from "../../../src/core/alert/labels.ts";

const bytes = (text: string): Buffer => Buffer.from(text, "utf8");
const withProto = JSON.parse('{"__proto__":"x","a":"1"}');

describe("order of names", () => {
  test("is that of the UTF-8 bytes", () => {
    const text = fc.string({ unit: "binary", maxLength: 8 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(bytes(a), bytes(b)));
      }),
      { numRuns: 2000 },
    );
  });

  test("puts what lies beyond the basic plane behind U+E000, where UTF-16 units would not", () => {
    expect("\u{10000}" < "\uE000").toBe(true);
    expect(compareBytes("\u{10000}", "\uE000")).toBeGreaterThan(0);
    expect(compareBytes("\u{1F600}", "\u{1F601}")).toBeLessThan(0);
  });

  test("sortedNames sorts what comes unsorted and keeps what is sorted", () => {
    expect(sortedNames({ b: "1", a: "2", "\u{10000}": "3", "\uE000": "4" })).toEqual(["a", "b", "\uE000", "\u{10000}"]);
    expect(sortedNames({ a: "1", b: "2" })).toEqual(["a", "b"]);
    expect(sortedNames({ "9": "", "10": "", A: "" })).toEqual(["10", "9", "A"]);
    expect(sortedNames({})).toEqual([]);
  });
});

describe("reading", () => {
  test.each([
    ["a label that is there", { a: "1" }, "a", "1"],
    ["a missing label is empty", { a: "1" }, "b", ""],
    ["an inherited property is no label", {}, "constructor", ""],
    ["nor is the prototype", {}, "__proto__", ""],
    ["an own __proto__ is a label like any other", withProto, "__proto__", "x"],
  ])("%s", (_, labels, name, value) => {
    expect(labelValue(labels, name)).toBe(value);
  });

  test("isEmpty", () => {
    expect(isEmpty({})).toBe(true);
    expect(isEmpty({ a: "" })).toBe(false);
    expect(isEmpty(JSON.parse('{"__proto__":"x"}'))).toBe(false);
  });

  test.each([
    ["order does not matter", { a: "1", b: "2" }, { b: "2", a: "1" }, true],
    ["a value differs", { a: "1" }, { a: "2" }, false],
    ["a name is missing on one side", { a: "1" }, { a: "1", b: "2" }, false],
    ["same size, other names", { a: "1" }, { b: "1" }, false],
    ["an inherited property does not stand in", { toString: "x" }, { a: "x" }, false],
  ])("equalLabels: %s", (_, a, b, equal) => {
    expect(equalLabels(a, b)).toBe(equal);
    expect(equalLabels(b, a)).toBe(equal);
  });

  test.each<[string, Labels[], Labels]>([
    ["no sets have nothing in common", [], {}],
    ["one set has all", [{ a: "1" }], { a: "1" }],
    [
      "only equal values of names that all have",
      [
        { a: "1", b: "2", c: "3" },
        { a: "1", b: "x" },
      ],
      { a: "1" },
    ],
    ["an inherited property is not common", [{ constructor: "x" }, {}], {}],
  ])("commonLabels: %s", (_, sets, common) => {
    expect(commonLabels(sets)).toEqual(common);
  });
});

describe("changing", () => {
  test("dropping removes only the named labels and leaves the set it was given alone", () => {
    const labels = { alertname: "X", replica: "a" };
    expect(dropLabels(labels, ["replica", "toString"])).toEqual({ alertname: "X" });
    expect(labels).toEqual({ alertname: "X", replica: "a" });
  });

  test("nothing to drop gives the same set", () => {
    const labels = { alertname: "X" };
    expect(dropLabels(labels, ["replica"])).toBe(labels);
    expect(addLabels(labels, {})).toBe(labels);
  });

  test("added labels overwrite, an added empty value removes", () => {
    expect(addLabels({ a: "1", b: "2" }, { b: "x", c: "y", a: "" })).toEqual({ b: "x", c: "y" });
  });

  test("a label called __proto__ stays a label and changes no prototype", () => {
    const added = addLabels({ b: "2" }, withProto);
    expect(Object.keys(added).sort()).toEqual(["__proto__", "a", "b"]);
    expect(Object.getPrototypeOf(added)).toBe(Object.prototype);
    expect(Object.keys(dropLabels(withProto, ["a"]))).toEqual(["__proto__"]);
  });

  test("pickLabels keeps those that are there", () => {
    expect(pickLabels({ a: "1", b: "2" }, ["b", "c", "constructor"])).toEqual({ b: "2" });
  });
});

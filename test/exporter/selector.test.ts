import { describe, expect, test } from "vitest";
import { readSelector } from "../../src/exporter/selector.ts";

describe("matches as Kubernetes does", () => {
  test.each<[string, Record<string, string>, boolean]>([
    ["a=b", { a: "b" }, true],
    ["a==b", { a: "b" }, true],
    ["a = b", { a: "b" }, true],
    ["a=b", { a: "c" }, false],
    ["a=b", {}, false],
    ["a=", { a: "" }, true],
    ["a=", {}, false],
    ["a", { a: "anything" }, true],
    ["a", {}, false],
    ["a,!b", { a: "1" }, true],
    ["a,!b", { a: "1", b: "2" }, false],
    ["a,b!=c", { a: "1" }, true],
    ["a,b!=c", { a: "1", b: "c" }, false],
    ["a in (x, y)", { a: "y" }, true],
    ["a in (x,y)", { a: "z" }, false],
    ["a,b notin (x,y)", { a: "1", b: "z" }, true],
    ["a,b notin (x,y)", { a: "1", b: "x" }, false],
    ["a,b notin (x,y)", { a: "1" }, true],
    ["alert-history.io/publish-target=true", { "alert-history.io/publish-target": "true" }, true],
    ["constructor", {}, false],
    ["a=b", JSON.parse('{"__proto__":{"a":"b"}}'), false],
  ])("%s on %j: %s", (text, labels, wanted) => {
    const selector = readSelector(text);
    expect(selector.ok && selector.value.matches(labels)).toBe(wanted);
  });
});

test.each(["", " ", ",", "a=b,", "a=b,,c", "a in x", "a in (x", "=b", "a b", "a=b c", "a=ü", "-a", "a/b/c=d"])(
  "%j is no selector",
  (text) => {
    expect(readSelector(text)).toEqual({ ok: false, error: "is not a label selector" });
  },
);

test.each(["!a", "a!=b", "a notin (b)", "!a,b!=c"])("%s is refused: it matches what has no label", (text) => {
  expect(readSelector(text)).toEqual({ ok: false, error: "would match Secrets without a label" });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fingerprint, isFingerprint, readFingerprint } from "../../../src/core/alert/fingerprint.ts";

describe("contracts 4.1", () => {
  test.each([
    ["Prometheus' own test value", { name: "garland, briggs", fear: "love is not enough" }, "507a62d79ee76c9a"],
    ["the empty set", {}, "cbf29ce484222325"],
    ["one label", { alertname: "HighCPU" }, "b5160f6bd9249a48"],
    ["a label of empty value counts as missing", { alertname: "HighCPU", team: "" }, "b5160f6bd9249a48"],
    ["two labels", { alertname: "HighCPU", severity: "critical" }, "bbf38a17b6294e0a"],
    ["in whatever order", { severity: "critical", alertname: "HighCPU" }, "bbf38a17b6294e0a"],
    [
      "printed by Alertmanager 0.25",
      { alertname: "HighCPU", cluster: "c1", instance: "a:9100", severity: "critical", t: "plain" },
      "144c2acf086139f0",
    ],
    [
      "printed by Alertmanager 0.25, the other instance",
      { alertname: "HighCPU", cluster: "c1", instance: "b:9100", severity: "warning", t: "plain" },
      "13f2c7408f12c380",
    ],
    ["a leading zero", { alertname: "A0" }, "061341434523470b"],
    ["byte order of names matters", { alertname: "X", "\u{10000}": "a", "\uE000": "b" }, "6ba308ee1a5801db"],
    ["beyond ASCII", { alertname: "ДискЗаполнен", severity: "critical" }, "a4d622fda42a6c3a"],
  ])("%s", (_, labels, expected) => {
    expect(fingerprint(labels)).toBe(expected);
  });
});

test("equals the textbook hash over bytes for any labels", () => {
  const labels = fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), { maxKeys: 6 });
  fc.assert(
    fc.property(labels, (set) => {
      expect(fingerprint(set)).toBe(textbook(set));
    }),
    { numRuns: 1000 },
  );
});

test("a lone surrogate counts as the replacement character, as an encoder would write it", () => {
  expect(fingerprint({ a: "\ud800" })).toBe(textbook({ a: "\ufffd" }));
  expect(fingerprint({ a: "\udc00x" })).toBe(textbook({ a: "\ufffdx" }));
});

test.each([
  ["our form", "061341434523470b", true, "061341434523470b"],
  ["upper case is read, not written", "061341434523470B", false, "061341434523470b"],
  ["too short", "61341434523470b", false, null],
  ["too long", "0061341434523470b", false, null],
  ["no hexadecimal", "061341434523470g", false, null],
  ["a line break behind", "061341434523470b\n", false, null],
  ["empty", "", false, null],
])("reading a fingerprint: %s", (_, text, is, read) => {
  expect(isFingerprint(text)).toBe(is);
  expect(readFingerprint(text)).toBe(read);
});

/** FNV-1a 64 as its authors write it, with arithmetic of any size. */
const textbook = (labels: Record<string, string>): string => {
  const parts = Object.entries(labels)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => [Buffer.from(name), Buffer.from(value)] as const)
    .sort(([a], [b]) => Buffer.compare(a, b))
    .flatMap(([name, value]) => [...name, 0xff, ...value, 0xff]);
  const hash = parts.reduce(
    (sum, byte) => BigInt.asUintN(64, (sum ^ BigInt(byte)) * 1099511628211n),
    14695981039346656037n,
  );
  return hash.toString(16).padStart(16, "0");
};

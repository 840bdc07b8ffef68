import { describe, expect, test } from "vitest";
import { fingerprint } from "../../../src/core/alert/fingerprint.ts";
import {
  MAX_ANNOTATION_CHARACTERS,
  MAX_ANNOTATIONS,
  MAX_ANNOTATIONS_UNITS,
  MAX_LABEL_SET_UNITS,
  MAX_LABELS,
} from "../../../src/core/ingest/limits.ts";
import { at, NOW, parse, parseOne } from "../../support/ingest.ts";

const good = { labels: { alertname: "Good" } };
const group = (...alerts: unknown[]) => ({ version: "4", receiver: "r", alerts });
/** What becomes of an alert with these labels, beside a good neighbour. */
const withLabels = (labels: unknown) => parse(group({ labels }, good));

describe("labels", () => {
  test.each<[string, unknown, Record<string, string>]>([
    ["strings stay", { a: "1" }, { a: "1" }],
    [
      "numbers and booleans become strings",
      { a: 1, b: 0.5, c: true, d: false, e: -0 },
      { a: "1", b: "0.5", c: "true", d: "false", e: "0" },
    ],
    ["null and empty values are left out", { a: "1", b: null, c: "" }, { a: "1" }],
    [
      "any name that is UTF-8",
      { "a.b-c/d e": "1", имя: "2", "\u{1F600}": "3" },
      { "a.b-c/d e": "1", имя: "2", "\u{1F600}": "3" },
    ],
    [
      "names of Object's own",
      { constructor: "1", toString: "2", hasOwnProperty: "3" },
      { constructor: "1", toString: "2", hasOwnProperty: "3" },
    ],
    ["white space is a value", { a: " " }, { a: " " }],
    ["a name of 255 characters", { ["n".repeat(255)]: "1" }, { ["n".repeat(255)]: "1" }],
    [
      "a name of 255 characters beyond the basic plane",
      { ["\u{1F600}".repeat(255)]: "1" },
      { ["\u{1F600}".repeat(255)]: "1" },
    ],
    ["a value of 4096 characters", { a: "\u{1F600}".repeat(4096) }, { a: "\u{1F600}".repeat(4096) }],
  ])("%s", (_, labels, expected) => {
    const { alerts, rejects } = withLabels(labels);
    expect(rejects).toEqual([]);
    expect(alerts[0]?.alert.labels).toEqual(expected);
    expect(alerts[0]?.alert.fingerprint).toBe(fingerprint(expected));
  });

  test.each<[string, unknown, string, string]>([
    ["none", undefined, "/alerts/0/labels", "labels must be an object"],
    ["null", null, "/alerts/0/labels", "labels must be an object"],
    ["a list", [["a", "b"]], "/alerts/0/labels", "labels must be an object"],
    ["a text", "a=b", "/alerts/0/labels", "labels must be an object"],
    ["an empty set", {}, "/alerts/0/labels", "an alert needs at least one label"],
    ["a set of empty values", { a: "", b: null }, "/alerts/0/labels", "an alert needs at least one label"],
    [
      "an object as value",
      { a: "1", severity: {} },
      "/alerts/0/labels/severity",
      "must be a string, a finite number or a boolean",
    ],
    [
      "a list as value",
      { severity: ["critical"] },
      "/alerts/0/labels/severity",
      "must be a string, a finite number or a boolean",
    ],
    ["1e999", JSON.parse('{"a":1e999}'), "/alerts/0/labels/a", "must be a string, a finite number or a boolean"],
    ["-1e999", JSON.parse('{"a":-1e999}'), "/alerts/0/labels/a", "must be a string, a finite number or a boolean"],
    [
      "the name __proto__",
      JSON.parse('{"a":"1","__proto__":"x"}'),
      "/alerts/0/labels/__proto__",
      "a label cannot have this name",
    ],
    [
      "an object called __proto__",
      JSON.parse('{"a":"1","__proto__":{"b":"c"}}'),
      "/alerts/0/labels/__proto__",
      "a label cannot have this name",
    ],
    ["an empty name", { "": "1" }, "/alerts/0/labels", "a label name is empty"],
    [
      "a name of 256 characters",
      { ["n".repeat(256)]: "1" },
      "/alerts/0/labels",
      "a label name is longer than 255 characters",
    ],
    [
      "half a character in a name",
      { "\ud800": "1" },
      "/alerts/0/labels",
      "a label name holds half a character (a lone surrogate)",
    ],
    ["NUL in a name", { "a\0": "1" }, "/alerts/0/labels", "a label name holds a NUL character"],
    ["a value of 4097 characters", { a: "x".repeat(4097) }, "/alerts/0/labels/a", "is longer than 4096 characters"],
    [
      "half a character in a value",
      { a: "x\udc00" },
      "/alerts/0/labels/a",
      "holds half a character (a lone surrogate)",
    ],
    ["NUL in a value", { a: "x\0y" }, "/alerts/0/labels/a", "holds a NUL character"],
    [
      "a path is an escaped JSON pointer",
      { "a/b~c": [] },
      "/alerts/0/labels/a~1b~0c",
      "must be a string, a finite number or a boolean",
    ],
    [
      "too many",
      Object.fromEntries(Array.from({ length: MAX_LABELS + 1 }, (_, i) => [`l${i}`, "x"])),
      "/alerts/0/labels",
      "more than 256 labels",
    ],
    [
      "too long together",
      Object.fromEntries(Array.from({ length: MAX_LABEL_SET_UNITS / 4096 + 1 }, (_, i) => [`l${i}`, "x".repeat(4096)])),
      "/alerts/0/labels",
      "the labels together are longer than 65536 characters",
    ],
  ])("rejected, the neighbour is kept: %s", (_, labels, path, error) => {
    const { alerts, rejects, received } = withLabels(labels);
    expect(rejects).toEqual([{ index: 0, path, error }]);
    expect(alerts.map(({ index, alert }) => [index, alert.labels.alertname])).toEqual([[1, "Good"]]);
    expect(received).toBe(2);
  });

  test("an alert needs no alertname", () => {
    expect(parseOne({ labels: { severity: "critical" } }).labels).toEqual({ severity: "critical" });
  });

  test("exactly as many labels as allowed; empty ones do not count", () => {
    const labels = Object.fromEntries(Array.from({ length: MAX_LABELS }, (_, i) => [`l${i}`, "x"]));
    expect(Object.keys(parseOne({ labels: { ...labels, more: "", evenMore: null } }).labels)).toHaveLength(MAX_LABELS);
  });
});

describe("the rules of a source", () => {
  const labels = { alertname: "X", replica: "a" };

  test("dropped labels are no part of the identity", () => {
    const alert = parseOne({ labels }, { dropLabels: ["replica", "absent"] });
    expect(alert.labels).toEqual({ alertname: "X" });
    expect(alert.fingerprint).toBe(fingerprint({ alertname: "X" }));
  });

  test("added labels come after dropping and overwrite", () => {
    const rules = { dropLabels: ["replica"], addLabels: { replica: "none", alertname: "Y" } };
    expect(parseOne({ labels }, rules).labels).toEqual({ alertname: "Y", replica: "none" });
  });

  test("an alert of which nothing is left is rejected", () => {
    const { alerts, rejects } = parse([{ labels: { replica: "a" } }, good], { dropLabels: ["replica"] });
    expect(rejects).toEqual([{ index: 0, path: "/0/labels", error: "an alert needs at least one label" }]);
    expect(alerts).toHaveLength(1);
  });

  test("an alert that lives from added labels alone is fine", () => {
    expect(parseOne({ labels: {} }, { addLabels: { job: "backup" } }).labels).toEqual({ job: "backup" });
  });

  test("rules do not change the body they are applied to", () => {
    const body = { labels: { ...labels } };
    parseOne(body, { dropLabels: ["replica"], addLabels: { cluster: "c1" } });
    expect(body).toEqual({ labels });
  });
});

describe("annotations never reject", () => {
  const annotationsOf = (annotations: unknown) => parseOne({ ...good, annotations }).annotations;

  test.each<[string, unknown, Record<string, string>]>([
    ["strings stay, empty ones too", { a: "1", b: "" }, { a: "1", b: "" }],
    ["scalars become strings", { a: 1, b: true }, { a: "1", b: "true" }],
    ["null is left out", { a: null, b: "1" }, { b: "1" }],
    ["1e999 is left out", JSON.parse('{"a":1e999,"b":"1"}'), { b: "1" }],
    ["__proto__ is left out", JSON.parse('{"__proto__":"x","b":"1"}'), { b: "1" }],
    ["lists and objects stay as JSON", { a: [1, { b: null }] }, { a: '[1,{"b":null}]' }],
    ["half characters are replaced", { a: "x\ud800y" }, { a: "x\ufffdy" }],
    ["names that are none are left out", { "": "1", "\ud800": "2", ["n".repeat(256)]: "3", b: "4" }, { b: "4" }],
    ["no object at all", ["a"], {}],
    ["a text", "summary", {}],
    ["null", null, {}],
    ["hostile text stays text", { a: "<script>&\u2028\0" }, { a: "<script>&\u2028\0" }],
  ])("%s", (_, annotations, expected) => {
    expect(annotationsOf(annotations)).toEqual(expected);
  });

  test("long values are cut in code points, the dots included", () => {
    const face = "\u{1F600}";
    const { exact, long, faces } = annotationsOf({
      exact: "x".repeat(MAX_ANNOTATION_CHARACTERS),
      long: "x".repeat(MAX_ANNOTATION_CHARACTERS + 1),
      faces: face.repeat(MAX_ANNOTATION_CHARACTERS + 1),
    });
    expect(exact).toHaveLength(MAX_ANNOTATION_CHARACTERS);
    expect(long).toBe(`${"x".repeat(MAX_ANNOTATION_CHARACTERS - 3)}...`);
    expect(faces).toBe(`${face.repeat(MAX_ANNOTATION_CHARACTERS - 3)}...`);
  });

  test("further ones than allowed are left out, from the end", () => {
    const many = Object.fromEntries(Array.from({ length: MAX_ANNOTATIONS + 5 }, (_, i) => [`a${i}`, "x"]));
    expect(Object.keys(annotationsOf(many))).toEqual(Object.keys(many).slice(0, MAX_ANNOTATIONS));
    const large = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [`a${i}`, "x".repeat(MAX_ANNOTATION_CHARACTERS)]),
    );
    const kept = Object.values(annotationsOf(large));
    expect(kept.join("").length).toBeLessThanOrEqual(MAX_ANNOTATIONS_UNITS);
    expect(kept).toHaveLength(15);
  });

  test("they are no part of the identity", () => {
    expect(parseOne({ ...good, annotations: { a: "1" } }).fingerprint).toBe(fingerprint(good.labels));
  });
});

describe("status and times", () => {
  const ZERO = "0001-01-01T00:00:00Z";
  const past = at(-60);
  const future = at(60);
  const start = at(-600);

  test.each<[string, object, object]>([
    [
      "firing",
      { status: "firing", startsAt: start, endsAt: ZERO },
      { status: "firing", startsAt: NOW - 600_000, endsAt: null, expiresAt: null },
    ],
    [
      "resolved",
      { status: "resolved", startsAt: start, endsAt: past },
      { status: "resolved", startsAt: NOW - 600_000, endsAt: NOW - 60_000, expiresAt: null },
    ],
    ["in any case", { status: "Firing", startsAt: start }, { status: "firing" }],
    ["in any case, resolved", { status: " RESOLVED ", startsAt: start }, { status: "resolved" }],
    ["no status and no end", { startsAt: start }, { status: "firing" }],
    [
      "no status and an end in the past",
      { startsAt: start, endsAt: past },
      { status: "resolved", endsAt: NOW - 60_000 },
    ],
    ["no status and an end right now", { startsAt: start, endsAt: at(0) }, { status: "resolved", endsAt: NOW }],
    [
      "no status and an end in the future",
      { startsAt: start, endsAt: future },
      { status: "firing", endsAt: null, expiresAt: NOW + 60_000 },
    ],
    ["no status and Go's zero time", { startsAt: start, endsAt: ZERO }, { status: "firing", endsAt: null }],
    ["null status", { status: null, startsAt: start, endsAt: past }, { status: "resolved" }],
    ["empty status", { status: "", startsAt: start }, { status: "firing" }],
    [
      "a future end of a firing alert is only its expiry",
      { status: "firing", startsAt: start, endsAt: future },
      { status: "firing", endsAt: null, expiresAt: NOW + 60_000 },
    ],
    [
      "a past end of a firing alert is nothing",
      { status: "firing", startsAt: start, endsAt: past },
      { status: "firing", endsAt: null, expiresAt: null },
    ],
    [
      "an end in the year 9999",
      { status: "firing", endsAt: "9999-12-31T23:59:59Z" },
      { status: "firing", expiresAt: Date.UTC(9999, 11, 31, 23, 59, 59) },
    ],
    ["resolved without an end", { status: "resolved", startsAt: start }, { status: "resolved", endsAt: NOW }],
    [
      "resolved with an unreadable end",
      { status: "resolved", startsAt: start, endsAt: "soon" },
      { status: "resolved", endsAt: NOW },
    ],
    [
      "resolved with an end in the future is over now",
      { status: "resolved", startsAt: start, endsAt: future },
      { status: "resolved", endsAt: NOW },
    ],
    [
      "resolved in the year 9999 is over now",
      { status: "resolved", startsAt: start, endsAt: "9999-12-31T23:59:59Z" },
      { status: "resolved", endsAt: NOW },
    ],
    ["no start", { status: "firing" }, { startsAt: NOW }],
    ["an unreadable start", { status: "firing", startsAt: "yesterday" }, { startsAt: NOW }],
    ["a start in the year 1", { status: "firing", startsAt: ZERO }, { startsAt: NOW }],
    [
      "a start that is a number, outside of the generic format",
      { status: "firing", startsAt: 1767261600 },
      { startsAt: NOW },
    ],
    [
      "resolved without a start began when it ended",
      { status: "resolved", endsAt: past },
      { startsAt: NOW - 60_000, endsAt: NOW - 60_000 },
    ],
    [
      "a start slightly ahead is the sender's clock",
      { status: "firing", startsAt: at(600) },
      { startsAt: NOW + 600_000 },
    ],
    ["a start far ahead is none", { status: "firing", startsAt: at(601) }, { startsAt: NOW }],
    ["a start in the year 9999 is none", { status: "firing", startsAt: "9999-12-31T23:59:59Z" }, { startsAt: NOW }],
    [
      "a start far ahead does not make its own end look early",
      { status: "resolved", startsAt: at(7200), endsAt: past },
      { startsAt: NOW - 60_000, endsAt: NOW - 60_000 },
    ],
    [
      "both slightly ahead: the end stays behind the start",
      { status: "resolved", startsAt: at(300), endsAt: at(400) },
      { startsAt: NOW + 300_000, endsAt: NOW + 300_000 },
    ],
    ["an offset is honoured", { startsAt: "2026-01-01T13:30:00+02:00" }, { startsAt: NOW - 1_800_000 }],
  ])("%s", (_, fields, expected) => {
    expect(parseOne(group({ ...good, ...fields }))).toMatchObject(expected);
  });

  test.each<[string, object, string, string]>([
    ["another word", { status: "unknown" }, "/alerts/0/status", "must be one of firing, resolved"],
    ["no word", { status: 1 }, "/alerts/0/status", "must be one of firing, resolved"],
    [
      "an end before the start",
      { status: "resolved", startsAt: past, endsAt: start },
      "/alerts/0",
      "endsAt is before startsAt",
    ],
    [
      "an end before the start, firing",
      { status: "firing", startsAt: past, endsAt: start },
      "/alerts/0",
      "endsAt is before startsAt",
    ],
  ])("rejected: %s", (_, fields, path, error) => {
    expect(parse(group({ ...good, ...fields }, good)).rejects).toEqual([{ index: 0, path, error }]);
  });

  test("webhook alerts expire only where a timeout is set, and never after their end", () => {
    const timeout = { webhookResolveTimeoutSeconds: 900 };
    expect(parseOne(group({ ...good, startsAt: start }), timeout).expiresAt).toBe(NOW + 900_000);
    expect(parseOne(group({ ...good, endsAt: future }), timeout).expiresAt).toBe(NOW + 60_000);
    expect(parseOne(group({ ...good, status: "resolved" }), timeout).expiresAt).toBeNull();
  });
});

describe("the rest of an alert", () => {
  test.each<[string, unknown, string]>([
    ["a URL is kept as text", "http://prom/graph?g0.expr=a&b", "http://prom/graph?g0.expr=a&b"],
    ["whatever text it is", "javascript:alert(1)", "javascript:alert(1)"],
    ["no text", 5, ""],
    ["missing", undefined, ""],
  ])("generatorURL: %s", (_, generatorURL, expected) => {
    expect(parseOne(group({ ...good, generatorURL })).generatorURL).toBe(expected);
  });

  test("the sender's fingerprint is recomputed, and kept only where it differs", () => {
    const own = fingerprint(good.labels);
    expect(parseOne(group({ ...good, fingerprint: own }))).not.toHaveProperty("sourceFingerprint");
    expect(parseOne(group({ ...good, fingerprint: "" }))).not.toHaveProperty("sourceFingerprint");
    expect(parseOne(group({ ...good, fingerprint: 12 }))).not.toHaveProperty("sourceFingerprint");
    expect(parseOne(group({ ...good, fingerprint: "abc" }))).toMatchObject({
      fingerprint: own,
      sourceFingerprint: "abc",
    });
    expect(parseOne(group({ ...good, fingerprint: "f".repeat(500) })).sourceFingerprint).toHaveLength(128);
  });

  test("unknown fields are tolerated", () => {
    expect(parseOne({ ...group({ ...good, notification_reason: 1, x: {} }), routeLabels: null, y: [] })).toMatchObject(
      good,
    );
  });
});

describe("many alerts", () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => ({ labels: { alertname: "X", i } }));

  test("1000 are accepted, 1001 are too many", () => {
    expect(parse(many(1000)).alerts).toHaveLength(1000);
    expect(() => parse(many(1001))).toThrow("the body holds 1001 alerts, at most 1000 are accepted");
    const twoGroups = { groups: [{ alerts: many(500) }, { alerts: many(501) }] };
    expect(() => parse(twoGroups)).toThrow('"type":"too-large"');
  });

  test("a caller can lower the number, not raise it", () => {
    expect(() => parse(many(3), { maxAlerts: 2 })).toThrow("at most 2 are accepted");
    expect(() => parse(many(1001), { maxAlerts: 5000 })).toThrow("at most 1000 are accepted");
  });

  test("one fingerprint twice in one body stays in order", () => {
    const { alerts } = parse(
      group({ ...good, status: "firing" }, { ...good, status: "resolved" }, { ...good, status: "firing" }),
    );
    expect(alerts.map(({ alert, index }) => [index, alert.status])).toEqual([
      [0, "firing"],
      [1, "resolved"],
      [2, "firing"],
    ]);
    expect(new Set(alerts.map(({ alert }) => alert.fingerprint)).size).toBe(1);
  });

  test("rejects keep the place in the body, and all bad is nothing usable", () => {
    const { alerts, rejects } = parse([good, 5, good, { labels: {} }]);
    expect(alerts.map(({ index }) => index)).toEqual([0, 2]);
    expect(rejects).toEqual([
      { index: 1, path: "/1", error: "an alert must be an object" },
      { index: 3, path: "/3/labels", error: "an alert needs at least one label" },
    ]);
    expect(() => parse({ alerts: [{ annotations: { summary: "no labels" } }] })).toThrow('"path":"/alerts/0/labels"');
  });
});

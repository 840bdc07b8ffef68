import { describe, expect, test } from "vitest";
import { type ParseOptions, parsePrometheus } from "../../../src/core/ingest/parse.ts";
import { at, NOW, OPTIONS } from "../../support/ingest.ts";

const labels = { alertname: "HighCPU" };
const ZERO = "0001-01-01T00:00:00Z";

const post = (body: unknown, options: Partial<ParseOptions> = {}) => parsePrometheus(body, { ...OPTIONS, ...options });

test.each<[string, object, object]>([
  [
    "an end in the past is a resolve",
    { startsAt: at(-600), endsAt: at(-60) },
    { status: "resolved", startsAt: NOW - 600_000, endsAt: NOW - 60_000, expiresAt: null },
  ],
  ["an end right now too", { startsAt: at(-600), endsAt: at(0) }, { status: "resolved", endsAt: NOW }],
  [
    "an end in the future is firing until then",
    { startsAt: at(-600), endsAt: at(240) },
    { status: "firing", startsAt: NOW - 600_000, endsAt: null, expiresAt: NOW + 240_000 },
  ],
  [
    "without an end it fires for the resolve timeout",
    { startsAt: at(-600) },
    { status: "firing", endsAt: null, expiresAt: NOW + 300_000 },
  ],
  ["Go's zero time is no end", { startsAt: at(-600), endsAt: ZERO }, { status: "firing", expiresAt: NOW + 300_000 }],
  ["without any time it starts now", {}, { status: "firing", startsAt: NOW, expiresAt: NOW + 300_000 }],
  ["Go's zero time is no start", { startsAt: ZERO, endsAt: ZERO }, { status: "firing", startsAt: NOW }],
  [
    "without a start it starts at its end",
    { endsAt: at(-60) },
    { status: "resolved", startsAt: NOW - 60_000, endsAt: NOW - 60_000 },
  ],
  ["but not in the future", { endsAt: at(60) }, { status: "firing", startsAt: NOW, expiresAt: NOW + 60_000 }],
  [
    "a start far ahead is none",
    { startsAt: at(7200), endsAt: at(7500) },
    { status: "firing", startsAt: NOW, expiresAt: NOW + 7_500_000 },
  ],
  ["a status is not looked at", { status: "resolved", startsAt: at(-600), endsAt: at(60) }, { status: "firing" }],
  [
    "an end in the year 9999",
    { endsAt: "9999-12-31T23:59:59Z" },
    { status: "firing", expiresAt: Date.UTC(9999, 11, 31, 23, 59, 59) },
  ],
])("%s", (_, fields, expected) => {
  expect(post([{ labels, ...fields }])).toMatchObject({
    ok: true,
    value: { format: "prometheus", received: 1, alerts: [{ index: 0, alert: { labels, ...expected } }] },
  });
});

describe("the body", () => {
  test("an empty list is fine", () => {
    expect(post([])).toEqual({
      ok: true,
      value: {
        format: "prometheus",
        alerts: [],
        rejects: [],
        skipped: 0,
        received: 0,
        dropped: [],
        notes: [],
        truncatedAlerts: 0,
        upstream: null,
        groupMeta: null,
      },
    });
  });

  test.each([
    ["an object", { alerts: [{ labels }] }],
    ["null", null],
    ["a text", "x"],
  ])("%s is malformed", (_, body) => {
    expect(post(body)).toMatchObject({
      ok: false,
      error: { type: "malformed-body", detail: "invalid body: not an array of alerts" },
    });
  });

  test("a bad alert fails alone; all bad is nothing usable", () => {
    const bad = { labels: { alertname: "X" }, startsAt: at(-60), endsAt: at(-120) };
    expect(post([bad, { labels }, { labels: {} }])).toMatchObject({
      ok: true,
      value: {
        alerts: [{ index: 1 }],
        rejects: [
          { index: 0, path: "/0", error: "endsAt is before startsAt" },
          { index: 2, path: "/2/labels", error: "an alert needs at least one label" },
        ],
      },
    });
    expect(post([bad])).toMatchObject({ ok: false, error: { type: "nothing-usable", errors: [{ path: "/0" }] } });
  });

  test("1001 alerts are too many", () => {
    expect(post(Array.from({ length: 1001 }, () => ({ labels })))).toMatchObject({
      ok: false,
      error: { type: "too-large" },
    });
  });

  test("a pair of Prometheis is one alert once the replica label is dropped", () => {
    const pair = ["a", "b"].map((replica) => ({ labels: { ...labels, prometheus_replica: replica } }));
    const parsed = post(pair, { dropLabels: ["prometheus_replica"] });
    const fingerprints = parsed.ok ? parsed.value.alerts.map(({ alert }) => alert.fingerprint) : [];
    expect(fingerprints).toHaveLength(2);
    expect(new Set(fingerprints).size).toBe(1);
  });

  test("a resolve timeout of zero means never", () => {
    expect(post([{ labels }], { resolveTimeoutSeconds: 0 })).toMatchObject({
      value: { alerts: [{ alert: { expiresAt: null } }] },
    });
  });
});

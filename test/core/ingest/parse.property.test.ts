import fc from "fast-check";
import { expect, test } from "vitest";
import { fingerprint } from "../../../src/core/alert/fingerprint.ts";
import { sortedNames } from "../../../src/core/alert/labels.ts";
import { sameUntil } from "../../../src/core/ingest/again.ts";
import { decodeBody } from "../../../src/core/ingest/decode.ts";
import { MAX_CLOCK_SKEW_MS } from "../../../src/core/ingest/limits.ts";
import { type ParseOptions, parseBody, parsePrometheus } from "../../../src/core/ingest/parse.ts";
import { at, NOW, OPTIONS } from "../../support/ingest.ts";

/** Any JSON, and JSON that looks like a body: known names around any values. */
const names = fc.constantFrom(
  ...["alerts", "labels", "annotations", "status", "state", "startsAt", "endsAt", "version", "groups", "data", "rules"],
  ...["alertname", "name", "value", "values", "activeAt", "timestamp", "fingerprint", "truncatedAlerts", "__proto__"],
  ...["constructor", "toString", "orgId", "groupKey", "generatorURL", "", "\ud800"],
);
const words = fc.constantFrom(
  "firing",
  "resolved",
  "pending",
  "inactive",
  "4",
  "1",
  "",
  at(-60),
  at(60),
  "0001-01-01T00:00:00Z",
  "a\0",
  "\udfff",
);
const { body } = fc.letrec((tie) => ({
  body: fc.oneof({ maxDepth: 6 }, words, fc.jsonValue({ maxDepth: 2 }), fc.double(), tie("list"), tie("map")),
  list: fc.array(tie("body"), { maxLength: 4 }),
  map: fc
    .array(fc.tuple(fc.oneof(names, fc.string()), tie("body")), { maxLength: 8 })
    .map((entries) => Object.fromEntries(entries)),
}));
const alert = fc.record(
  {
    labels: fc.dictionary(
      fc.string({ minLength: 1, unit: "binary" }),
      fc.oneof(fc.string({ unit: "binary" }), fc.double(), fc.boolean(), body),
      { maxKeys: 4 },
    ),
    annotations: body,
    status: words,
    state: words,
    startsAt: words,
    endsAt: words,
  },
  { requiredKeys: [] },
);
/** Every format's way to carry alerts. */
const wrapped = fc
  .tuple(
    fc.constantFrom<(alerts: unknown[]) => unknown>(
      (alerts) => alerts,
      (alerts) => ({ alerts }),
      (alerts) => ({ version: "4", status: "resolved", alerts }),
      (alerts) => ({ version: "1", title: "t", status: "firing", alerts }),
      (alerts) => ({ data: { alerts, groups: [{ rules: [{ alerts }] }] } }),
      (alerts) => ({
        groups: [
          { labels: { cluster: "c1" }, alerts },
          { labels: { a: [] }, alerts },
        ],
      }),
      (alerts) => alerts[0],
    ),
    fc.array(alert, { maxLength: 4 }),
  )
  .map(([wrap, alerts]) => wrap(alerts));
const bodies = fc.oneof(body, fc.jsonValue(), { arbitrary: wrapped, weight: 4 });
const rules = fc.record(
  {
    pending: fc.constantFrom("skip" as const, "firing" as const),
    dropLabels: fc.array(fc.string({ maxLength: 2 })),
    addLabels: fc.dictionary(
      fc.string({ minLength: 1 }).filter((name) => name !== "__proto__"),
      fc.string(),
      { maxKeys: 2 },
    ),
    webhookResolveTimeoutSeconds: fc.nat(),
  },
  { requiredKeys: [] },
);

const holds = (parse: typeof parseBody) => (json: unknown, changes: Partial<ParseOptions>) => {
  const options = { ...OPTIONS, ...changes };
  const before = JSON.stringify(json);
  const parsed = parse(json, options);
  expect(JSON.stringify(json)).toBe(before);
  if (!parsed.ok) {
    expect(parsed.error.errors.length).toBeGreaterThan(0);
    return;
  }
  const { alerts, rejects, skipped, received } = parsed.value;
  expect(alerts.length + rejects.length + skipped).toBe(received);
  const indexes = [...alerts, ...rejects].map(({ index }) => index);
  expect(new Set(indexes).size).toBe(indexes.length);
  for (const { path } of rejects) expect(path).toMatch(/^(\/|$)/);
  for (const { alert } of alerts) {
    expect(fingerprint(alert.labels)).toBe(alert.fingerprint);
    expect(sortedNames(alert.labels).length).toBeGreaterThan(0);
    for (const [name, value] of Object.entries(alert.labels)) {
      expect(name).not.toBe("__proto__");
      expect(value).not.toBe("");
      if (!Object.hasOwn(options.addLabels ?? {}, name))
        expect(value.isWellFormed() && !value.includes("\0")).toBe(true);
    }
    for (const value of Object.values(alert.annotations)) expect(value.isWellFormed()).toBe(true);
    for (const name of options.dropLabels ?? []) {
      if (!Object.hasOwn(options.addLabels ?? {}, name)) expect(Object.hasOwn(alert.labels, name)).toBe(false);
    }
    expect(alert.startsAt).toBeLessThanOrEqual(NOW + MAX_CLOCK_SKEW_MS);
    if (alert.status === "firing") {
      expect(alert.endsAt).toBeNull();
      if (alert.expiresAt !== null) expect(alert.expiresAt).toBeGreaterThanOrEqual(NOW);
    } else {
      expect(alert.endsAt).toBeGreaterThanOrEqual(alert.startsAt);
      expect(alert.expiresAt).toBeNull();
    }
  }
};

test("any body is read or refused, never thrown at, and what is accepted is sound", () => {
  fc.assert(fc.property(bodies, rules, holds(parseBody)), { numRuns: 3000 });
});

test("the same for what Prometheus posts", () => {
  fc.assert(fc.property(fc.oneof(fc.array(fc.oneof(alert, body)), bodies), rules, holds(parsePrometheus)), {
    numRuns: 2000,
  });
});

test("what is said to be read the same later, is", () => {
  /** Firing and resolved, with and without times around the moment of arrival: what real bodies differ in. */
  const time = fc.constantFrom(undefined, ...[-700, -60, 0, 60, 300, 590, 700].map(at), "0001-01-01T00:00:00Z");
  const real = fc.record({
    labels: fc.constant({ alertname: "Again" }),
    status: fc.constantFrom(undefined, "firing", "resolved", "pending"),
    startsAt: time,
    endsAt: time,
  });
  const asked = fc.oneof(bodies, { arbitrary: fc.array(real, { minLength: 1, maxLength: 2 }), weight: 4 });
  let same = 0;
  fc.assert(
    fc.property(
      ...[asked, fc.constantFrom(0, 300), fc.integer({ min: 0, max: 1200 })],
      (json, timeoutSeconds, laterSeconds) => {
        const options = { ...OPTIONS, webhookResolveTimeoutSeconds: timeoutSeconds };
        const parsed = parseBody(json, options);
        const until = parsed.ok ? sameUntil(parsed.value, timeoutSeconds, NOW) : null;
        const later = NOW + laterSeconds * 1000;
        if (until === null || later >= until) return;
        same += 1;
        expect(parseBody(json, { ...options, now: later })).toEqual(parsed);
      },
    ),
    { numRuns: 3000 },
  );
  expect(same).toBeGreaterThan(100);
});

test("any bytes are decoded or refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const json = decodeBody(bytes);
      if (!json.ok) expect(json.error.detail).toContain("invalid");
    }),
    { numRuns: 3000 },
  );
});

test("labels in another order are the same alert", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ minLength: 1, maxLength: 4 }), fc.string({ minLength: 1 }), { minKeys: 1 }),
      (labels) => {
        const reversed = Object.fromEntries(Object.entries(labels).reverse());
        const [one, other] = [labels, reversed].map((set) => parseBody({ labels: set }, OPTIONS));
        expect(one).toEqual(other);
      },
    ),
  );
});

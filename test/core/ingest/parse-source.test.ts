import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseBody, parsePrometheus } from "../../../src/core/ingest/parse.ts";
import { type Endpoint, parseFromSource } from "../../../src/core/ingest/parse-source.ts";
import { readSources } from "../../../src/core/ingest/source.ts";
import { OPTIONS } from "../../support/ingest.ts";

const sourceFrom = (parts: object) => {
  const sources = readSources([{ name: "a", ...parts }]);
  if (!sources.ok || sources.value[0] === undefined) throw new Error(JSON.stringify(sources));
  return sources.value[0];
};
const parse = (body: unknown, parts: object, endpoint: Endpoint = "webhook") =>
  parseFromSource(body, sourceFrom(parts), endpoint, OPTIONS);

const label = fc.oneof(fc.string({ maxLength: 4 }), fc.integer(), fc.boolean(), fc.constant(null));
const alert = fc.record(
  {
    labels: fc.dictionary(fc.constantFrom("alertname", "severity", "x", "toString"), label, { maxKeys: 3 }),
    annotations: fc.dictionary(fc.constantFrom("summary", "y"), label, { maxKeys: 2 }),
    status: fc.constantFrom("firing", "resolved", "perhaps"),
    state: fc.constantFrom("firing", "pending", "inactive"),
    startsAt: fc.constantFrom("2026-01-01T10:00:00Z", "0001-01-01T00:00:00Z", "no time"),
    endsAt: fc.constantFrom("2026-01-01T09:00:00Z", "2027-01-01T00:00:00Z"),
    alertname: fc.string({ maxLength: 3 }),
  },
  { requiredKeys: [] },
);
const body = fc.oneof(
  fc.array(alert, { maxLength: 4 }),
  fc.record({ alerts: fc.array(alert, { maxLength: 4 }), version: fc.constantFrom("4", "1"), orgId: fc.constant(1) }),
  alert,
  fc.jsonValue(),
);

describe("a source without any rule changes nothing", () => {
  test.each([
    ["webhook", parseBody],
    ["prometheus", parsePrometheus],
  ] as const)("of what is read at %s", (endpoint, plain) => {
    const source = sourceFrom({});
    fc.assert(
      fc.property(body, (json) => {
        const with_ = parseFromSource(json, source, endpoint, OPTIONS);
        const without = plain(json, OPTIONS);
        expect(with_.ok).toBe(without.ok);
        if (!with_.ok || !without.ok) return;
        expect(with_.value.alerts).toEqual(without.value.alerts);
        expect(with_.value.rejects.map(({ index }) => index)).toEqual(without.value.rejects.map(({ index }) => index));
        expect([with_.value.skipped, with_.value.format]).toEqual([without.value.skipped, without.value.format]);
      }),
      { numRuns: 500 },
    );
  });
});

test("pending alerts of a source are passed over, and counted", () => {
  const pending = [{ labels: { alertname: "A" }, state: "pending" }];
  expect(parse(pending, {})).toMatchObject({ ok: true, value: { skipped: 1, received: 1, alerts: [], rejects: [] } });
});

test("what rules drop, reject and remark on is told apart", () => {
  const rules = {
    alert_relabel_configs: [{ source_labels: ["env"], regex: "test", action: "drop" }],
    validate: [
      { required: ["alertname"], on_fail: "reject" },
      { required: ["team"], on_fail: "accept" },
    ],
  };
  const sent = [{ labels: { alertname: "A", env: "test" } }, { labels: { x: "1" } }, { labels: { alertname: "B" } }];
  expect(parse(sent, rules)).toMatchObject({
    value: {
      received: 3,
      dropped: [{ index: 0, path: "/0", text: 'alert_relabel_configs/0: "test" matches "test"' }],
      rejects: [{ index: 1, path: "/1", error: "label alertname is missing" }],
      alerts: [{ index: 2 }],
      notes: [{ index: 2, path: "/2", text: "label team is missing" }],
    },
  });
});

test("a body of which rules drop everything is no mistake of its sender", () => {
  const dropAll = { alert_relabel_configs: [{ regex: ".*", source_labels: ["alertname"], action: "drop" }] };
  expect(parse([{ labels: { alertname: "A" } }], dropAll)).toMatchObject({ ok: true, value: { alerts: [] } });
});

test("a map reads any body at /webhook, and none at /api/v2/alerts, whose form is fixed", () => {
  const mapped = { map: { alerts: "/incidents", labels: { alertname: "/what" } } };
  expect(parse({ incidents: [{ what: "A" }] }, mapped)).toMatchObject({
    value: { format: "generic", alerts: [{ alert: { labels: { alertname: "A" } } }] },
  });
  expect(parse([{ labels: { alertname: "B" } }], mapped, "prometheus")).toMatchObject({
    value: { format: "prometheus", alerts: [{ alert: { labels: { alertname: "B" } } }] },
  });
  expect(parse({ incidents: "none" }, mapped).ok).toBe(false);
});

test("too many alerts are too many with a source as well", () => {
  const sent = Array.from({ length: 1001 }, () => ({ labels: { alertname: "A" } }));
  expect(parse(sent, {})).toMatchObject({ ok: false, error: { type: "too-large" } });
});

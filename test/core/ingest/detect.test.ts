import { describe, expect, test } from "vitest";
import type { IngestFormat } from "../../../src/core/alert/alert.ts";
import { parseBody } from "../../../src/core/ingest/parse.ts";
import { OPTIONS } from "../../support/ingest.ts";

const alert = { labels: { alertname: "HighCPU" } };

/** The examples of contracts 3.3, as they stand there. */
const EXAMPLES: [IngestFormat, string][] = [
  [
    "alertmanager",
    '{"version":"4","groupKey":"{}:{}","receiver":"hook","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"HighCPU"},"annotations":{},"startsAt":"2026-01-01T10:00:00Z","endsAt":"0001-01-01T00:00:00Z"}]}',
  ],
  [
    "prometheus_v1",
    '[{"labels":{"alertname":"HighCPU"},"annotations":{},"state":"firing","activeAt":"2026-01-01T10:00:00Z","value":"9e+01","generatorURL":"http://prom/graph"}]',
  ],
  [
    "prometheus_v2",
    '{"groups":[{"labels":{"cluster":"c1"},"alerts":[{"labels":{"alertname":"HighCPU"},"state":"firing","activeAt":"2026-01-01T10:00:00Z"}]}]}',
  ],
  [
    "prometheus_api",
    '{"status":"success","data":{"alerts":[{"labels":{"alertname":"HighCPU"},"annotations":{},"state":"firing","activeAt":"2026-01-01T10:00:00Z","value":"9e+01"}]}}',
  ],
  [
    "grafana",
    '{"version":"1","orgId":1,"receiver":"hook","status":"firing","state":"alerting","title":"[FIRING:1]","alerts":[{"status":"firing","labels":{"alertname":"HighCPU"},"startsAt":"2026-01-01T10:00:00Z","values":{"B":91.2}}]}',
  ],
  [
    "generic",
    '{"alertname":"BackupFailed","status":"firing","severity":"warning","namespace":"prod","message":"dump exited 1"}',
  ],
];

test.each(EXAMPLES)("the example of %s", (format, text) => {
  const parsed = parseBody(JSON.parse(text), OPTIONS);
  expect(parsed).toMatchObject({ ok: true, value: { format, received: 1, rejects: [], skipped: 0 } });
});

describe("detection, first match wins (contracts 3.1)", () => {
  test.each<[string, unknown, IngestFormat]>([
    ["2: a list whose first object has labels and a state", [{ ...alert, state: "firing" }], "prometheus_v1"],
    ["2: the first object, not the first entry", [null, { ...alert, state: "firing" }], "prometheus_v1"],
    ["2: in any case", [{ ...alert, state: "FIRING" }], "prometheus_v1"],
    ["2: inactive is a state too", [{ ...alert, state: "inactive" }], "prometheus_v1"],
    ["3: a list with another state", [{ ...alert, state: "alerting" }], "generic"],
    ["3: a list with a state on the second only", [alert, { ...alert, state: "firing" }], "generic"],
    ["3: a list with a state but no labels", [{ name: "X", state: "firing" }], "generic"],
    ["4: data.alerts", { data: { alerts: [alert] } }, "prometheus_api"],
    ["4: alerts of a rule", { data: { groups: [{ rules: [{ name: "r" }, { alerts: [alert] }] }] } }, "prometheus_api"],
    ["4 before 5", { data: { alerts: [alert] }, groups: [{ alerts: [alert] }] }, "prometheus_api"],
    ["4 before 7", { data: { alerts: [alert] }, alerts: [alert], version: "4" }, "prometheus_api"],
    ["5: groups that carry alerts", { groups: [{ name: "g" }, { alerts: [alert] }] }, "prometheus_v2"],
    ["5 before 7", { groups: [{ alerts: [alert] }], alerts: [alert], version: "4" }, "prometheus_v2"],
    ["7: groups without alerts are no groups", { groups: [{}], alerts: [alert], version: "4" }, "alertmanager"],
    ["6: version 1 and orgId", { alerts: [alert], version: "1", orgId: 1 }, "grafana"],
    ["6: version 1 and title", { alerts: [alert], version: "1", title: "t" }, "grafana"],
    ["6: version 1 and state", { alerts: [alert], version: "1", state: "ok" }, "grafana"],
    ["6 before 7", { alerts: [alert], version: "1", orgId: 1, groupKey: "k", receiver: "r" }, "grafana"],
    ["7: version 1 alone is no Grafana", { alerts: [alert], version: "1", receiver: "r" }, "alertmanager"],
    ["7: orgId with version 4", { alerts: [alert], version: "4", orgId: 1 }, "alertmanager"],
    ["7: version 4", { alerts: [alert], version: "4" }, "alertmanager"],
    ["7: groupKey", { alerts: [alert], groupKey: "k" }, "alertmanager"],
    ["7: receiver", { alerts: [alert], receiver: "r" }, "alertmanager"],
    ["7: groupLabels", { alerts: [alert], groupLabels: {} }, "alertmanager"],
    ["7: commonLabels", { alerts: [alert], commonLabels: null }, "alertmanager"],
    ["7: externalURL", { alerts: [alert], externalURL: "" }, "alertmanager"],
    ["7: truncatedAlerts", { alerts: [alert], truncatedAlerts: 0 }, "alertmanager"],
    ["8: alerts and nothing telling (scenario 21)", { alerts: [alert] }, "generic"],
    ["8: status tells nothing", { alerts: [alert], status: "firing", version: "2" }, "generic"],
    ["8 before 9", { alerts: [alert], labels: { a: "b" }, title: "t" }, "generic"],
    ["9: labels", alert, "generic"],
    ["9: alertname", { alertname: "X" }, "generic"],
    ["9: alert_name", { alert_name: "X" }, "generic"],
    ["9: name", { name: "X" }, "generic"],
    ["9: title", { title: "X" }, "generic"],
  ])("%s", (_, body, format) => {
    expect(parseBody(body, OPTIONS)).toMatchObject({ ok: true, value: { format } });
  });

  test.each<[string, unknown]>([
    ["a text", "firing"],
    ["a number", 1],
    ["null", null],
    ["a boolean", true],
  ])("1: %s is malformed", (_, body) => {
    const message = "neither a JSON object nor an array";
    expect(parseBody(body, OPTIONS)).toEqual({
      ok: false,
      error: { type: "malformed-body", detail: `invalid body: ${message}`, errors: [{ path: "", message }] },
    });
  });

  test.each<[string, unknown, string]>([
    ["10: an empty object", {}, "no known alert format"],
    ["10: unknown names", { foo: 1, message: "x" }, "no known alert format"],
    ["10: alerts that are no list", { alerts: { a: 1 } }, "no known alert format"],
    ["10: labels that are no object", { labels: ["a"] }, "no known alert format"],
    [
      "10: names are looked up on the body itself only",
      JSON.parse('{"__proto__":{"alerts":[]}}'),
      "no known alert format",
    ],
    ["an empty list", [], "the body holds no alerts"],
    ["a list without alerts", { alerts: [] }, "the body holds no alerts"],
    ["Go's nil list", { alerts: null, version: "4", receiver: "r" }, "the body holds no alerts"],
    ["no alert in any group", { groups: [{ alerts: [] }] }, "the body holds no alerts"],
    ["Prometheus without alerts", { data: { alerts: [] } }, "the body holds no alerts"],
    ["entries that are no objects", [1, null, "x", []], "none of the 4 alerts can be stored"],
  ])("nothing usable, %s", (_, body, detail) => {
    const parsed = parseBody(body, OPTIONS);
    expect(parsed).toMatchObject({ ok: false, error: { type: "nothing-usable", detail } });
    expect(!parsed.ok && parsed.error.errors.length).toBeGreaterThan(0);
  });
});

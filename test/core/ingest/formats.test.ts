import { describe, expect, test } from "vitest";
import { fingerprint } from "../../../src/core/alert/fingerprint.ts";
import { at, NOW, parse, parseOne } from "../../support/ingest.ts";

const labels = { alertname: "HighCPU" };

describe("alertmanager", () => {
  const group = { version: "4", groupKey: '{}:{alertname="HighCPU"}', receiver: "hook", externalURL: "http://am" };

  test("what is said of the group is kept beside the alerts", () => {
    const { upstream, groupMeta, truncatedAlerts } = parse({
      ...group,
      status: "firing",
      truncatedAlerts: 7,
      groupLabels: { alertname: "HighCPU" },
      commonLabels: { alertname: "HighCPU", cluster: "c1" },
      commonAnnotations: { summary: "hot" },
      routeLabels: { team: "a" },
      notification_reason: "first notification",
      alerts: [{ status: "firing", labels }],
    });
    expect(upstream).toEqual({ groupKey: group.groupKey, receiver: "hook", externalURL: "http://am" });
    expect(truncatedAlerts).toBe(7);
    expect(groupMeta).toEqual({
      version: "4",
      status: "firing",
      groupLabels: { alertname: "HighCPU" },
      commonLabels: { alertname: "HighCPU", cluster: "c1" },
      commonAnnotations: { summary: "hot" },
      routeLabels: { team: "a" },
      notificationReason: "first notification",
      orgId: null,
      title: "",
      state: "",
      message: "",
    });
  });

  test("only alerts are needed; maps may be null, fields of any type", () => {
    const hostile = JSON.parse(
      '{"version":{"toString":1},"orgId":{"valueOf":1},"truncatedAlerts":"x","groupKey":null}',
    );
    const { upstream, groupMeta, truncatedAlerts } = parse({
      ...hostile,
      groupLabels: null,
      commonAnnotations: [1],
      status: 4,
      alerts: [{ labels, annotations: null }],
    });
    expect(upstream).toEqual({ groupKey: "", receiver: "", externalURL: "" });
    expect(groupMeta).toMatchObject({ version: "", status: null, groupLabels: {}, commonAnnotations: {}, orgId: null });
    expect(truncatedAlerts).toBe(0);
  });

  test.each([
    ["resolved means every alert is", "resolved", undefined, "resolved"],
    ["firing means at least one is", "firing", undefined, "firing"],
    ["firing, and this one has ended", "firing", at(-60), "resolved"],
    ["an unknown word says nothing", "mixed", undefined, "firing"],
    ["in any case", "RESOLVED", undefined, "resolved"],
  ])("an alert without status in a group: %s", (_, status, endsAt, expected) => {
    expect(parseOne({ ...group, status, alerts: [{ labels, startsAt: at(-600), endsAt }] }).status).toBe(expected);
  });

  test("an alert's own status wins over the group's", () => {
    expect(parseOne({ ...group, status: "firing", alerts: [{ status: "resolved", labels }] }).status).toBe("resolved");
    expect(parseOne({ ...group, status: "resolved", alerts: [{ status: "firing", labels }] }).status).toBe("firing");
  });
});

describe("prometheus_v1", () => {
  const entry = { labels, state: "firing", activeAt: at(-600), value: "9e+01", generatorURL: "http://prom" };

  test("activeAt is the start, the value an annotation", () => {
    const parsed = parse([{ ...entry, annotations: { summary: "hot" } }]);
    expect(parsed).toMatchObject({ upstream: null, groupMeta: null, truncatedAlerts: 0 });
    expect(parsed.alerts[0]?.alert).toEqual({
      fingerprint: fingerprint(labels),
      labels,
      annotations: { summary: "hot", __prometheus_value__: "9e+01" },
      status: "firing",
      startsAt: NOW - 600_000,
      endsAt: null,
      expiresAt: null,
      generatorURL: "http://prom",
    });
  });

  test.each([
    ["inactive ends on arrival", { state: "inactive" }, { status: "resolved", endsAt: NOW }],
    ["inactive with an end", { state: "inactive", endsAt: at(-5) }, { status: "resolved", endsAt: NOW - 5000 }],
    ["in any case", { state: "Inactive" }, { status: "resolved" }],
    ["a number as value", { value: 90 }, { annotations: { __prometheus_value__: "90" } }],
    ["no value", { value: undefined }, { annotations: {} }],
    [
      "an annotation of that name wins",
      { annotations: { __prometheus_value__: "own" } },
      { annotations: { __prometheus_value__: "own" } },
    ],
    ["startsAt where activeAt is missing", { activeAt: undefined, startsAt: at(-60) }, { startsAt: NOW - 60_000 }],
  ])("%s", (_, fields, expected) => {
    expect(parseOne([{ ...entry, ...fields }])).toMatchObject(expected);
  });

  test("pending alerts are skipped, and a body of nothing else is no error", () => {
    const parsed = parse([{ ...entry, state: "pending" }, entry, { ...entry, state: "Pending" }]);
    expect(parsed).toMatchObject({ received: 3, skipped: 2, rejects: [] });
    expect(parsed.alerts.map(({ index }) => index)).toEqual([1]);
    expect(parse([{ ...entry, state: "pending" }])).toMatchObject({ received: 1, skipped: 1, alerts: [] });
  });

  test("pending alerts count as firing where that is configured", () => {
    expect(parseOne([{ ...entry, state: "pending" }], { pending: "firing" })).toMatchObject({ status: "firing" });
  });

  test("another state rejects that alert alone", () => {
    expect(parse([entry, { ...entry, state: "exploded" }])).toMatchObject({
      rejects: [{ index: 1, path: "/1/state", error: "must be one of firing, inactive, pending" }],
      alerts: [{ index: 0 }],
    });
  });
});

describe("prometheus_v2", () => {
  test("a group's labels stand under those of each alert", () => {
    const { alerts } = parse({
      groups: [
        {
          labels: { cluster: "c1", severity: "info" },
          alerts: [{ labels: { alertname: "A", severity: "page" }, state: "firing" }],
        },
        { alerts: [{ labels: { alertname: "B" }, state: "inactive" }] },
        { labels: null },
      ],
    });
    expect(alerts.map(({ alert, index }) => [index, alert.labels, alert.status])).toEqual([
      [0, { alertname: "A", cluster: "c1", severity: "page" }, "firing"],
      [1, { alertname: "B" }, "resolved"],
    ]);
  });

  test("a defect names the place where the label stands", () => {
    const { rejects } = parse({
      groups: [
        {
          labels: { cluster: {} },
          alerts: [{ labels: { alertname: "A" } }, { labels: { alertname: "B", cluster: "c" } }],
        },
        { labels: { cluster: "c1" }, alerts: [{ labels: { alertname: "C", x: [] } }, { state: "firing" }] },
      ],
    });
    expect(rejects.map(({ index, path }) => [index, path])).toEqual([
      [0, "/groups/0/labels/cluster"],
      [2, "/groups/1/alerts/0/labels/x"],
      [3, "/groups/1/alerts/1/labels"],
    ]);
  });
});

describe("prometheus_api", () => {
  test("alerts of the alerts page and of the rules, in order, with their places", () => {
    const { alerts, rejects, skipped } = parse({
      status: "success",
      data: {
        alerts: [{ labels: { alertname: "A" }, state: "firing" }],
        groups: [
          { rules: [{ name: "recording" }, { alerts: [{ labels: { alertname: "B" }, state: "pending" }, {}] }] },
          { rules: [{ alerts: [{ labels: { alertname: "C" }, state: "firing", value: "1" }] }] },
        ],
      },
    });
    expect(alerts.map(({ alert, index }) => [index, alert.labels.alertname])).toEqual([
      [0, "A"],
      [3, "C"],
    ]);
    expect(rejects.map(({ index, path }) => [index, path])).toEqual([[2, "/data/groups/0/rules/1/alerts/1/labels"]]);
    expect(skipped).toBe(1);
  });
});

describe("grafana", () => {
  const group = { version: "1", orgId: 7, title: "[FIRING:1]", state: "alerting", message: "m", receiver: "hook" };

  test("links and values become annotations, what is said of the group stays beside", () => {
    const parsed = parse({
      ...group,
      truncatedAlerts: 1,
      alerts: [
        {
          status: "firing",
          labels,
          annotations: { summary: "hot", panel_url: "mine" },
          startsAt: at(-60),
          endsAt: "0001-01-01T00:00:00Z",
          silenceURL: "http://g/silence",
          dashboardURL: "http://g/d",
          panelURL: "http://g/p",
          imageURL: "",
          values: { B: 91.2, C: null },
          valueString: "[ var='B' value=91.2 ]",
        },
      ],
    });
    expect(parsed.alerts[0]?.alert.annotations).toEqual({
      summary: "hot",
      silence_url: "http://g/silence",
      dashboard_url: "http://g/d",
      panel_url: "mine",
      grafana_values: '{"B":91.2,"C":null}',
      value_string: "[ var='B' value=91.2 ]",
    });
    expect(parsed.alerts[0]?.alert).toMatchObject({ status: "firing", endsAt: null, expiresAt: null });
    expect(parsed.groupMeta).toMatchObject({
      version: "1",
      orgId: 7,
      title: "[FIRING:1]",
      state: "alerting",
      message: "m",
    });
    expect(parsed.upstream?.receiver).toBe("hook");
    expect(parsed.truncatedAlerts).toBe(1);
  });

  test("an alert without any of them has no such annotations", () => {
    expect(parseOne({ ...group, alerts: [{ labels, values: null }] }).annotations).toEqual({});
  });

  test("the version may be a number", () => {
    expect(parse({ ...group, version: 1, alerts: [{ labels }] }).format).toBe("grafana");
  });
});

describe("generic", () => {
  test("the example of contracts 3.3", () => {
    expect(
      parseOne({
        alertname: "BackupFailed",
        status: "firing",
        severity: "warning",
        namespace: "prod",
        message: "dump exited 1",
      }),
    ).toMatchObject({
      labels: { alertname: "BackupFailed", severity: "warning", namespace: "prod" },
      annotations: { description: "dump exited 1" },
      status: "firing",
      startsAt: NOW,
    });
  });

  test.each<[string, object, object]>([
    ["alertname first", { alertname: "A", alert_name: "B", name: "C", title: "D" }, { alertname: "A" }],
    ["then alert_name", { alert_name: "B", name: "C", title: "D" }, { alertname: "B" }],
    ["then name", { name: "C", title: "D" }, { alertname: "C" }],
    ["then title", { title: "D" }, { alertname: "D" }],
    ["an empty one is passed over", { alertname: "", alert_name: null, name: {}, title: "D" }, { alertname: "D" }],
    [
      "a label that is there wins",
      { labels: { alertname: "L", job: "a" }, name: "C", job: "b" },
      { alertname: "L", job: "a" },
    ],
    [
      "an empty label does not",
      { labels: { alertname: "", job: null }, name: "C", job: "b" },
      { alertname: "C", job: "b" },
    ],
    [
      "all fields that become labels",
      {
        name: "X",
        severity: "s",
        namespace: "n",
        instance: "i",
        job: 1,
        service: true,
        cluster: "c",
        environment: "e",
        team: "t",
      },
      {
        alertname: "X",
        severity: "s",
        namespace: "n",
        instance: "i",
        job: "1",
        service: "true",
        cluster: "c",
        environment: "e",
        team: "t",
      },
    ],
    ["others do not", { name: "X", region: "eu", host: "h" }, { alertname: "X" }],
    ["an object at top level is no label", { name: "X", service: { id: 1 }, team: ["a"] }, { alertname: "X" }],
  ])("labels: %s", (_, body, expected) => {
    expect(parseOne(body).labels).toEqual(expected);
  });

  test.each<[string, object, object]>([
    ["a message describes", { message: "m" }, { description: "m" }],
    ["a description describes", { description: "d" }, { description: "d" }],
    ["both are kept", { description: "d", message: "m" }, { description: "d", message: "m" }],
    ["summary and runbook", { summary: "s", runbook_url: "http://r" }, { summary: "s", runbook_url: "http://r" }],
    [
      "annotations that are there win",
      { annotations: { summary: "own", x: "y" }, summary: "s", message: "m" },
      { summary: "own", x: "y", description: "m" },
    ],
  ])("annotations: %s", (_, body, expected) => {
    expect(parseOne({ name: "X", ...body }).annotations).toEqual(expected);
  });

  test.each([
    ...["firing", "alerting", "active", "open", "triggered", "problem", "PROBLEM"].map((word) => [word, "firing"]),
    ...["resolved", "ok", "normal", "closed", "inactive", "recovered", "OK"].map((word) => [word, "resolved"]),
  ])("status %s is %s", (word, status) => {
    expect(parseOne({ name: "X", status: word }).status).toBe(status);
    expect(parseOne({ name: "X", state: word }).status).toBe(status);
  });

  test("an unknown status rejects, an unknown state is something else", () => {
    expect(() => parse({ name: "X", status: "perhaps" })).toThrow('"path":"/status"');
    expect(parseOne({ name: "X", state: "Bavaria" }).status).toBe("firing");
  });

  test.each<[string, object, object]>([
    ["starts_at", { starts_at: at(-60) }, { startsAt: NOW - 60_000 }],
    ["timestamp", { timestamp: at(-60) }, { startsAt: NOW - 60_000 }],
    ["startsAt first", { startsAt: at(-30), starts_at: at(-60), timestamp: at(-90) }, { startsAt: NOW - 30_000 }],
    ["an unreadable one is passed over", { startsAt: "?", timestamp: at(-90) }, { startsAt: NOW - 90_000 }],
    ["Unix seconds", { timestamp: NOW / 1000 - 60 }, { startsAt: NOW - 60_000 }],
    ["Unix milliseconds", { timestamp: NOW - 60_000 }, { startsAt: NOW - 60_000 }],
    ["without offset it is UTC", { timestamp: "2026-01-01T11:59:00" }, { startsAt: NOW - 60_000 }],
    ["ends_at", { starts_at: at(-60), ends_at: at(-30) }, { status: "resolved", endsAt: NOW - 30_000 }],
    ["Infinity", { timestamp: Number.POSITIVE_INFINITY }, { startsAt: NOW }],
  ])("times: %s", (_, body, expected) => {
    expect(parseOne({ name: "X", ...body })).toMatchObject(expected);
  });

  test("a status beside the list is a default", () => {
    const { alerts } = parse({ status: "ok", alerts: [{ name: "A" }, { name: "B", status: "problem" }] });
    expect(alerts.map(({ alert }) => alert.status)).toEqual(["resolved", "firing"]);
  });

  test("a defect names the field the label came from", () => {
    const nul = "a\0";
    const { rejects } = parse({
      alerts: [
        { name: "A" },
        { name: nul },
        { name: "A", labels: { job: nul } },
        { name: "A", team: nul, labels: {} },
        { name: "A", labels: [1] },
      ],
    });
    expect(rejects.map(({ path }) => path)).toEqual([
      "/alerts/1/name",
      "/alerts/2/labels/job",
      "/alerts/3/team",
      "/alerts/4/labels",
    ]);
    expect(() => parse({ alertname: nul })).toThrow('"path":"/alertname"');
  });
});

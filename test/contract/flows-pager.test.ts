/** The life of an alert at a pager: opened, changed and resolved under its key or id, and when that is lost. */
import { describe, expect, test } from "vitest";
import { receiptKey } from "../../src/core/publish/index.ts";
import { createOpsgenie } from "../support/sinks/opsgenie.ts";
import { createPagerDuty } from "../support/sinks/pagerduty.ts";
import { createRootly } from "../support/sinks/rootly.ts";
import { createSink } from "../support/sinks/sink.ts";
import { deliver } from "./deliver.ts";
import { alertOf, firingBecause, groupOf, notificationOf, resolvedAlert, SITUATIONS } from "./notifications.ts";
import { API_KEY, caseNamed, ROUTING_KEY } from "./targets.ts";

describe("PagerDuty", () => {
  const target = caseNamed("pagerduty").target;
  const start = () => createSink(createPagerDuty([ROUTING_KEY, "f".repeat(32)]));

  test("triggers, triggers again and resolves under the fingerprint", () => {
    const sink = start();
    const { receipt } = deliver(target, firingBecause(), sink);
    deliver(target, firingBecause("repeatIntervalElapsed"), sink, receipt);
    expect(deliver(target, SITUATIONS.resolved!, sink, receipt)).toMatchObject({ steps: ["resolve"], receipt: null });
    expect(sink.provider.incidents).toEqual([
      { dedupKey: "144c2acf086139f0", routingKey: ROUTING_KEY, triggers: 2, resolved: true },
    ]);
  });

  test("a resolve needs no receipt, and firing again is a new incident", () => {
    const sink = start();
    deliver(target, firingBecause(), sink);
    deliver(target, SITUATIONS.resolved!, sink);
    deliver(target, firingBecause(), sink);
    expect(sink.provider.incidents.map((incident) => incident.resolved)).toEqual([true, false]);
  });

  test("a group has one key that is not the group key", () => {
    const sink = start();
    const grouped = { ...target, per: "group" as const };
    const group = firingBecause("firstNotification", [...groupOf(5)]);
    deliver(grouped, group, sink);
    deliver(grouped, { ...firingBecause("newAlerts"), groupKey: group.groupKey }, sink);
    expect(sink.provider.incidents).toHaveLength(1);
    expect(sink.provider.incidents[0]!.dedupKey).toMatch(/^[0-9a-f]{16}$/);
    expect(sink.provider.incidents[0]!.triggers).toBe(2);
  });

  test("what was missed opens nothing; it closes what a lost answer may have opened", () => {
    const sink = start();
    expect(deliver(target, SITUATIONS.missed!, sink).steps).toEqual(["resolve"]);
    expect(sink.provider.incidents).toEqual([]);
    expect(sink.provider.droppedResolves).toEqual(["144c2acf086139f0"]);
  });

  test("a resolve after the routing key changed says that it is lost", () => {
    const sink = start();
    const { receipt } = deliver(target, firingBecause(), sink);
    expect(JSON.stringify(receipt)).not.toContain(ROUTING_KEY);
    const rotated = { ...target, credentials: { routingKey: "f".repeat(32) } };
    const { outcomes } = deliver(rotated, SITUATIONS.resolved!, sink, receipt);
    expect(outcomes[0]).toMatchObject({
      kind: "delivered",
      note: expect.stringContaining("close that incident by hand"),
    });
    expect(deliver(target, SITUATIONS.resolved!, sink, receipt).outcomes[0]).not.toHaveProperty("note");
  });

  test("while a key rotates, what was opened with the former one is changed and resolved with it", () => {
    const NEW_KEY = "f".repeat(32);
    const sink = createSink(createPagerDuty([ROUTING_KEY, NEW_KEY]));
    const credentials = { routingKey: NEW_KEY, formerRoutingKeys: ["e".repeat(32), ROUTING_KEY] };
    const rotated = { ...target, credentials };
    const opened = deliver(target, firingBecause(), sink);
    const again = deliver(rotated, firingBecause("repeatIntervalElapsed"), sink, opened.receipt);
    const ended = deliver(rotated, SITUATIONS.resolved!, sink, again.receipt);
    expect([...again.outcomes, ...ended.outcomes].map((outcome) => "note" in outcome)).toEqual([false, false]);
    expect(sink.provider.incidents).toMatchObject([{ routingKey: ROUTING_KEY, triggers: 2, resolved: true }]);
    expect(sink.provider.droppedResolves).toEqual([]);
    // What begins now begins with the new one.
    deliver(rotated, firingBecause(), sink, ended.receipt);
    expect(sink.provider.incidents[1]).toMatchObject({ routingKey: NEW_KEY, resolved: false });
  });

  test("a change event has its own address, no reminder and no end", () => {
    const sink = start();
    const labels = { ...alertOf().labels, change_event: "true" };
    expect(deliver(target, firingBecause("firstNotification", [alertOf({ labels })]), sink).steps).toEqual(["change"]);
    const again = firingBecause("repeatIntervalElapsed", [alertOf({ labels })]);
    expect(deliver(target, again, sink)).toMatchObject({ steps: [], end: "done" });
    expect(deliver(target, notificationOf([resolvedAlert({ labels })]), sink)).toMatchObject({
      steps: [],
      end: "done",
    });
    expect(sink.provider.changes).toHaveLength(1);
    expect(sink.exchanges[0]!.request.url).toBe("/v2/change/enqueue");
    expect(sink.provider.incidents).toEqual([]);
  });

  test.each([
    ["critical", "critical", "critical"],
    ["warning", "warning", "warning"],
    ["error", "warning", "error"],
    ["major", "warning", "error"],
    ["error", "critical", "critical"],
    ["info", "info", "info"],
    ["whatever", "noise", "info"],
  ] as const)("label %s, effective %s, is sent as %s", (label, severity, sent) => {
    const sink = start();
    deliver(
      target,
      firingBecause("firstNotification", [alertOf({ severity, labels: { alertname: "A", severity: label } })]),
      sink,
    );
    expect(JSON.parse(sink.exchanges[0]!.request.body).payload.severity).toBe(sent);
  });

  test("details above 512 000 bytes become a note", () => {
    const sink = start();
    const annotations = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`a${index}`, "x".repeat(4000)]));
    deliver(target, firingBecause("firstNotification", [alertOf({ annotations })]), sink);
    const { payload } = JSON.parse(sink.exchanges[0]!.request.body);
    expect(payload.custom_details).toEqual({
      note: "left out: larger than 512000 bytes",
      history: "https://alerts.example.com/alerts?sel=144c2acf086139f0",
    });
    expect(payload.summary).toBe("HighCPU in production (AI: critical)");
  });
});

describe.each(["incident", "alert"])("Rootly %s", (kind) => {
  const target = caseNamed(`rootly ${kind}`).target;
  const start = () => createSink(createRootly(API_KEY));

  test("is opened, changed and resolved by its id", () => {
    const sink = start();
    const { receipt } = deliver(target, firingBecause(), sink);
    expect(receipt).toEqual({ id: "rootly-1", kind });
    expect(deliver(target, firingBecause("repeatIntervalElapsed"), sink, receipt)).toMatchObject({
      steps: ["update"],
      receipt,
    });
    expect(deliver(target, SITUATIONS.resolved!, sink, receipt)).toMatchObject({ steps: ["resolve"], receipt: null });
    expect(sink.provider.records).toMatchObject([{ id: "rootly-1", kind: `${kind}s`, updates: 1, resolved: true }]);
  });

  test("that was deleted there is opened anew", () => {
    const sink = start();
    const { receipt } = deliver(target, firingBecause(), sink);
    sink.provider.remove("rootly-1");
    const after = deliver(target, firingBecause("repeatIntervalElapsed"), sink, receipt);
    expect(after).toMatchObject({ steps: ["update", "create"], receipt: { kind } });
  });

  test("that was resolved there by hand is no failure", () => {
    const sink = start();
    const { receipt } = deliver(target, firingBecause(), sink);
    deliver(target, SITUATIONS.resolved!, sink, receipt);
    expect(deliver(target, SITUATIONS.resolved!, sink, receipt)).toMatchObject({ end: "done", receipt: null });
  });

  test("that was never opened is not resolved", () => {
    const sink = start();
    expect(deliver(target, SITUATIONS.resolved!, sink)).toMatchObject({ end: "not_opened", steps: [] });
    expect(sink.exchanges).toEqual([]);
  });

  test("keeps its kind though the option changed since", () => {
    const sink = start();
    const { receipt } = deliver(target, firingBecause(), sink);
    const other = {
      ...target,
      options: { ...target.options, rootlyKind: kind === "alert" ? ("incident" as const) : ("alert" as const) },
    };
    expect(deliver(other, SITUATIONS.resolved!, sink, receipt)).toMatchObject({ end: "done", steps: ["resolve"] });
  });
});

test("Rootly incidents carry the title, labels and severity id of the contract", () => {
  const sink = createSink(createRootly(API_KEY));
  deliver(caseNamed("rootly incident").target, firingBecause(), sink);
  const { attributes } = JSON.parse(sink.exchanges[0]!.request.body).data;
  expect(attributes).toMatchObject({
    title: "[HighCPU] Alert in production (LLM: critical, 95% confidence)",
    severity_id: "sev-1",
    kind: "normal",
    status: "started",
    service_ids: ["svc-1"],
    url: "https://prometheus.example.com/graph?g0.expr=up%3D%3D0&g0.tab=1",
    labels: {
      managed_by: "alert-history",
      alert: "HighCPU",
      severity: "critical",
      llm_severity: "critical",
      confidence: "high",
      instance: "a:9100",
    },
  });
});

describe("Opsgenie", () => {
  const target = caseNamed("opsgenie").target;
  const start = () => createSink(createOpsgenie(API_KEY));

  test("creates, counts and closes under its alias", () => {
    const sink = start();
    const { receipt } = deliver(target, firingBecause(), sink);
    expect(receipt).toMatchObject({ alias: "144c2acf086139f0", request_id: expect.any(String) });
    deliver(target, firingBecause("repeatIntervalElapsed"), sink, receipt);
    expect(deliver(target, SITUATIONS.resolved!, sink, receipt)).toMatchObject({ steps: ["close"], receipt: null });
    expect(sink.provider.alerts).toMatchObject([{ count: 2, closed: true, priority: "P1" }]);
    expect(sink.provider.failedLater).toEqual([]);
  });

  test("a changed group gets its message and description replaced", () => {
    const sink = start();
    const grouped = { ...target, per: "group" as const };
    const { receipt } = deliver(grouped, firingBecause("firstNotification", [...groupOf(2)]), sink);
    expect(deliver(grouped, firingBecause("newAlerts", [...groupOf(7)]), sink, receipt).steps).toEqual([
      "message",
      "description",
    ]);
    expect(sink.provider.alerts[0]!.message).toBe("HighCPU: 6 firing, 1 resolved");
    expect(sink.provider.alerts[0]!.count).toBe(1);
  });

  test.each(["https://sink.example.com", "https://sink.example.com/v2/", "https://sink.example.com/v2/alerts"])(
    "finds the alerts below %s",
    (url) => {
      expect(deliver({ ...target, url }, firingBecause(), start()).end).toBe("done");
    },
  );
});

test("what a target remembers is kept apart: alerts, groups, tests and digests", () => {
  const target = caseNamed("pagerduty").target;
  const keys = [
    receiptKey(firingBecause(), target),
    receiptKey(firingBecause(), { ...target, per: "group" }),
    receiptKey(SITUATIONS.test!, target),
    receiptKey(SITUATIONS.digest!, target),
  ];
  expect(new Set(keys).size).toBe(4);
  expect(receiptKey(SITUATIONS.resolved!, target)).toBe(keys[0]);
});

/** A life of an alert at each provider: opened, repeated, changed, resolved, and what happens when something got lost. */
import { describe, expect, test } from "vitest";
import { receiptKey } from "../../src/core/publish/index.ts";
import type { NotifyReason } from "../../src/core/publish/notification.ts";
import { createDiscord } from "../support/sinks/discord.ts";
import { createOpsgenie } from "../support/sinks/opsgenie.ts";
import { createPagerDuty } from "../support/sinks/pagerduty.ts";
import { createRootly } from "../support/sinks/rootly.ts";
import { createSink } from "../support/sinks/sink.ts";
import { createSlackBot } from "../support/sinks/slack.ts";
import { createTelegram } from "../support/sinks/telegram.ts";
import { deliver } from "./deliver.ts";
import { alertOf, groupOf, notificationOf, resolvedAlert, SITUATIONS } from "./notifications.ts";
import { API_KEY, BOT_TOKEN, CASES, DISCORD_PATH, ROUTING_KEY, TELEGRAM_TOKEN } from "./targets.ts";

const targetNamed = (name: string) => CASES.find((one) => one.name === name)!.target;

const firing = (reason: NotifyReason = "firstNotification", alerts = [alertOf()]) => notificationOf(alerts, { reason });
const resolved = notificationOf([resolvedAlert()], { reason: "allResolved" });

describe("Slack bot", () => {
  const target = targetNamed("slack bot");
  const open = () => {
    const sink = createSink(createSlackBot(BOT_TOKEN, ["C0123"]));
    return { sink, messages: sink.provider.messages, receipt: deliver(target, firing(), sink).receipt };
  };

  test("remembers channel and ts of the first message", () => {
    expect(open().receipt).toEqual({ channel: "C0123", ts: "1767225600.000001" });
  });

  test("a repeat is a reply in the thread", () => {
    const { sink, messages, receipt } = open();
    const again = deliver(target, firing("repeatIntervalElapsed"), sink, receipt);
    expect(again).toMatchObject({ steps: ["reply"], receipt });
    expect(messages[1]).toMatchObject({
      threadTs: receipt?.ts,
      body: { text: "Still firing: HighCPU", reply_broadcast: false },
    });
    expect(messages[0]!.edits).toBe(0);
  });

  test("new alerts change the message, and the reply is shown in the channel", () => {
    const { sink, messages, receipt } = open();
    deliver(target, firing("newAlerts", [...groupOf(3)]), sink, receipt);
    expect(messages[0]!.edits).toBe(1);
    expect(messages[1]).toMatchObject({
      threadTs: receipt?.ts,
      body: { text: "New alerts: HighCPU", reply_broadcast: true },
    });
  });

  test("a resolve edits the message, replies, and forgets it", () => {
    const { sink, messages, receipt } = open();
    expect(deliver(target, resolved, sink, receipt)).toMatchObject({
      steps: ["update", "reply"],
      receipt: null,
      end: "done",
    });
    expect(JSON.stringify(messages[0]!.body)).toContain("#36A64F");
    expect(messages[1]).toMatchObject({ body: { text: "Resolved: HighCPU" } });
  });

  test("a message that was deleted is posted anew and remembered", () => {
    const { sink, messages, receipt } = open();
    (messages[0] as { deleted: boolean }).deleted = true;
    const after = deliver(target, firing("newAlerts"), sink, receipt);
    expect(after).toMatchObject({ steps: ["update", "post"], receipt: { channel: "C0123", ts: "1767225600.000002" } });
    expect(after.outcomes[0]).toMatchObject({ note: "message_not_found: opened anew" });
  });

  test("a repeat whose thread was deleted is posted anew", () => {
    const { sink, messages, receipt } = open();
    (messages[0] as { deleted: boolean }).deleted = true;
    expect(deliver(target, firing("repeatIntervalElapsed"), sink, receipt).steps).toEqual(["reply", "post"]);
  });

  test("a resolve of a deleted message is told in a new one and nothing is remembered", () => {
    const { sink, messages, receipt } = open();
    (messages[0] as { deleted: boolean }).deleted = true;
    expect(deliver(target, resolved, sink, receipt)).toMatchObject({ steps: ["update", "post"], receipt: null });
  });

  test("a resolve without a receipt is told, never swallowed", () => {
    const sink = createSink(createSlackBot(BOT_TOKEN, ["C0123"]));
    expect(deliver(target, resolved, sink)).toMatchObject({ steps: ["post"], receipt: null });
  });

  test.each(["test", "digest", "missed"])("a %s leaves the message of the alert alone", (name) => {
    const { sink, messages, receipt } = open();
    expect(deliver(target, SITUATIONS[name]!, sink, receipt)).toMatchObject({ steps: ["post"], receipt });
    expect(messages[0]!.edits).toBe(0);
  });
});

describe("PagerDuty", () => {
  const target = targetNamed("pagerduty");
  const start = () => createSink(createPagerDuty([ROUTING_KEY, "f".repeat(32)]));

  test("triggers, triggers again and resolves under the fingerprint", () => {
    const sink = start();
    const { receipt } = deliver(target, firing(), sink);
    deliver(target, firing("repeatIntervalElapsed"), sink, receipt);
    expect(deliver(target, resolved, sink, receipt)).toMatchObject({ steps: ["resolve"], receipt: null });
    expect(sink.provider.incidents).toEqual([
      { dedupKey: "144c2acf086139f0", routingKey: ROUTING_KEY, triggers: 2, resolved: true },
    ]);
  });

  test("a resolve needs no receipt, and firing again is a new incident", () => {
    const sink = start();
    deliver(target, firing(), sink);
    deliver(target, resolved, sink);
    deliver(target, firing(), sink);
    expect(sink.provider.incidents.map((incident) => incident.resolved)).toEqual([true, false]);
  });

  test("a group has one key that is not the group key", () => {
    const sink = start();
    const grouped = { ...target, per: "group" as const };
    const group = firing("firstNotification", [...groupOf(5)]);
    deliver(grouped, group, sink);
    deliver(grouped, { ...firing("newAlerts"), groupKey: group.groupKey }, sink);
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
    const { receipt } = deliver(target, firing(), sink);
    expect(JSON.stringify(receipt)).not.toContain(ROUTING_KEY);
    const rotated = { ...target, credentials: { routingKey: "f".repeat(32) } };
    const { outcomes } = deliver(rotated, resolved, sink, receipt);
    expect(outcomes[0]).toMatchObject({
      kind: "delivered",
      note: expect.stringContaining("close the incident by hand"),
    });
    expect(deliver(target, resolved, sink, receipt).outcomes[0]).not.toHaveProperty("note");
  });

  test("a change event has its own address and no end", () => {
    const sink = start();
    const labels = { ...alertOf().labels, change_event: "true" };
    expect(deliver(target, firing("firstNotification", [alertOf({ labels })]), sink).steps).toEqual(["change"]);
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
      firing("firstNotification", [alertOf({ severity, labels: { alertname: "A", severity: label } })]),
      sink,
    );
    expect(JSON.parse(sink.exchanges[0]!.request.body).payload.severity).toBe(sent);
  });

  test("details above 512 000 bytes become a note", () => {
    const sink = start();
    const annotations = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`a${index}`, "x".repeat(4000)]));
    deliver(target, firing("firstNotification", [alertOf({ annotations })]), sink);
    const { payload } = JSON.parse(sink.exchanges[0]!.request.body);
    expect(payload.custom_details).toEqual({
      note: "left out: larger than 512000 bytes",
      history: "https://alerts.example.com/alerts/144c2acf086139f0",
    });
    expect(payload.summary).toBe("HighCPU in production (AI: critical)");
  });
});

describe.each(["incident", "alert"])("Rootly %s", (kind) => {
  const target = targetNamed(`rootly ${kind}`);
  const start = () => createSink(createRootly(API_KEY));

  test("is opened, changed and resolved by its id", () => {
    const sink = start();
    const { receipt } = deliver(target, firing(), sink);
    expect(receipt).toEqual({ id: "rootly-1", kind });
    expect(deliver(target, firing("repeatIntervalElapsed"), sink, receipt)).toMatchObject({
      steps: ["update"],
      receipt,
    });
    expect(deliver(target, resolved, sink, receipt)).toMatchObject({ steps: ["resolve"], receipt: null });
    expect(sink.provider.records).toMatchObject([{ id: "rootly-1", kind: `${kind}s`, updates: 1, resolved: true }]);
  });

  test("that was deleted there is opened anew", () => {
    const sink = start();
    const { receipt } = deliver(target, firing(), sink);
    sink.provider.remove("rootly-1");
    const after = deliver(target, firing("repeatIntervalElapsed"), sink, receipt);
    expect(after).toMatchObject({ steps: ["update", "create"], receipt: { kind } });
  });

  test("that was resolved there by hand is no failure", () => {
    const sink = start();
    const { receipt } = deliver(target, firing(), sink);
    deliver(target, resolved, sink, receipt);
    expect(deliver(target, resolved, sink, receipt)).toMatchObject({ end: "done", receipt: null });
  });

  test("that was never opened is not resolved", () => {
    const sink = start();
    expect(deliver(target, resolved, sink)).toMatchObject({ end: "not_opened", steps: [] });
    expect(sink.exchanges).toEqual([]);
  });

  test("keeps its kind though the option changed since", () => {
    const sink = start();
    const { receipt } = deliver(target, firing(), sink);
    const other = {
      ...target,
      options: { ...target.options, rootlyKind: kind === "alert" ? ("incident" as const) : ("alert" as const) },
    };
    expect(deliver(other, resolved, sink, receipt)).toMatchObject({ end: "done", steps: ["resolve"] });
  });
});

test("Rootly incidents carry the title, labels and severity id of the contract", () => {
  const sink = createSink(createRootly(API_KEY));
  deliver(targetNamed("rootly incident"), firing(), sink);
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

describe("Discord", () => {
  const target = targetNamed("discord");
  const open = () => {
    const sink = createSink(createDiscord(DISCORD_PATH, "42"));
    return { sink, messages: sink.provider.messages, receipt: deliver(target, firing(), sink).receipt };
  };

  test("waits for the message and remembers its id", () => {
    const { sink, receipt } = open();
    expect(sink.exchanges[0]!.request.url).toBe(`${DISCORD_PATH}?thread_id=42&wait=true`);
    expect(receipt).toEqual({ message_id: "1100000000000000000" });
  });

  test("a resolve edits it and forgets it", () => {
    const { sink, messages, receipt } = open();
    expect(deliver(target, resolved, sink, receipt)).toMatchObject({ steps: ["update"], receipt: null });
    expect(messages).toHaveLength(1);
    expect(messages[0]!.edits).toBe(1);
  });

  test("a repeat edits it and tells people", () => {
    const { sink, messages, receipt } = open();
    expect(deliver(target, firing("repeatIntervalElapsed"), sink, receipt)).toMatchObject({
      steps: ["update", "notice"],
      receipt,
    });
    expect(messages[1]!.body.content).toBe("Still firing: HighCPU (firing)");
  });

  test("some resolved is a quiet edit", () => {
    const { sink, receipt } = open();
    expect(deliver(target, firing("someResolved"), sink, receipt).steps).toEqual(["update"]);
  });

  test("a message deleted there is told anew, firing or resolved", () => {
    for (const notification of [firing("newAlerts"), resolved]) {
      const { sink, receipt } = open();
      sink.provider.remove(receipt?.message_id ?? "");
      expect(deliver(target, notification, sink, receipt).steps).toEqual(["update", "post"]);
    }
  });
});

describe("Telegram", () => {
  const target = targetNamed("telegram");
  const open = () => {
    const sink = createSink(createTelegram(TELEGRAM_TOKEN, ["-100123"]));
    return { sink, messages: sink.provider.messages, receipt: deliver(target, firing(), sink).receipt };
  };

  test("edits and replies on resolve", () => {
    const { sink, messages, receipt } = open();
    expect(receipt).toEqual({ chat_id: "-100123", message_id: "1" });
    expect(deliver(target, resolved, sink, receipt)).toMatchObject({ steps: ["edit", "reply"], receipt: null });
    expect(messages[0]!.edits).toBe(1);
    expect(messages[1]).toMatchObject({ replyTo: 1, text: "Resolved: HighCPU" });
  });

  test("an edit that changes nothing is success", () => {
    const { sink, receipt } = open();
    expect(deliver(target, firing("newAlerts"), sink, receipt)).toMatchObject({
      steps: ["edit", "reply"],
      end: "done",
    });
  });

  test("a message deleted there is sent anew", () => {
    const { sink, receipt } = open();
    sink.provider.remove(1);
    expect(deliver(target, firing("newAlerts"), sink, receipt).steps).toEqual(["edit", "send"]);
  });

  test("a group that moved gets the message under its new id, in the same delivery", () => {
    const sink = createSink(createTelegram(TELEGRAM_TOKEN, ["-100123"]));
    sink.provider.move("-100123", "-1009999999999");
    const sent = deliver(target, firing(), sink);
    expect(sent).toMatchObject({
      steps: ["send", "send_moved"],
      receipt: { chat_id: "-1009999999999", message_id: "1" },
    });
    expect(sink.provider.messages[0]!.chatId).toBe("-1009999999999");
  });

  test("a group that moved while its alert fired gets the resolve under its new id", () => {
    const { sink, receipt } = open();
    sink.provider.move("-100123", "-1009999999999");
    expect(deliver(target, resolved, sink, receipt)).toMatchObject({ steps: ["edit", "send_moved"], receipt: null });
  });

  test("takes a URL that already holds the token", () => {
    const sink = createSink(createTelegram(TELEGRAM_TOKEN, ["-100123"]));
    const url = `https://sink.example.com/bot${TELEGRAM_TOKEN}/sendMessage`;
    expect(deliver({ ...target, url }, firing(), sink).end).toBe("done");
  });
});

describe("Opsgenie", () => {
  const target = targetNamed("opsgenie");
  const start = () => createSink(createOpsgenie(API_KEY));

  test("creates, counts and closes under its alias", () => {
    const sink = start();
    const { receipt } = deliver(target, firing(), sink);
    expect(receipt).toMatchObject({ alias: "144c2acf086139f0", request_id: expect.any(String) });
    deliver(target, firing("repeatIntervalElapsed"), sink, receipt);
    expect(deliver(target, resolved, sink, receipt)).toMatchObject({ steps: ["close"], receipt: null });
    expect(sink.provider.alerts).toMatchObject([{ count: 2, closed: true, priority: "P1" }]);
    expect(sink.provider.failedLater).toEqual([]);
  });

  test("a changed group gets its message and description replaced", () => {
    const sink = start();
    const grouped = { ...target, per: "group" as const };
    const { receipt } = deliver(grouped, firing("firstNotification", [...groupOf(2)]), sink);
    expect(deliver(grouped, firing("newAlerts", [...groupOf(7)]), sink, receipt).steps).toEqual([
      "message",
      "description",
    ]);
    expect(sink.provider.alerts[0]!.message).toBe("HighCPU: 6 firing, 1 resolved");
    expect(sink.provider.alerts[0]!.count).toBe(1);
  });

  test.each(["https://sink.example.com", "https://sink.example.com/v2/", "https://sink.example.com/v2/alerts"])(
    "finds the alerts below %s",
    (url) => {
      expect(deliver({ ...target, url }, firing(), start()).end).toBe("done");
    },
  );
});

test("what a target remembers is kept apart: alerts, groups, tests and digests", () => {
  const target = targetNamed("pagerduty");
  const keys = [
    receiptKey(firing(), target),
    receiptKey(firing(), { ...target, per: "group" }),
    receiptKey(SITUATIONS.test!, target),
    receiptKey(SITUATIONS.digest!, target),
  ];
  expect(new Set(keys).size).toBe(4);
  expect(receiptKey(resolved, target)).toBe(keys[0]);
});

/** The life of an alert in a chat that can edit: told, repeated, changed, resolved, and when the message is gone. */
import { describe, expect, test } from "vitest";
import { createDiscord } from "../support/sinks/discord.ts";
import { createSink } from "../support/sinks/sink.ts";
import { createSlackBot } from "../support/sinks/slack.ts";
import { createTelegram } from "../support/sinks/telegram.ts";
import { deliver } from "./deliver.ts";
import { firingBecause, groupOf, SITUATIONS } from "./notifications.ts";
import { BOT_TOKEN, caseNamed, DISCORD_PATH, TELEGRAM_TOKEN } from "./targets.ts";

describe("Slack bot", () => {
  const target = caseNamed("slack bot").target;
  const open = () => {
    const sink = createSink(createSlackBot(BOT_TOKEN, ["C0123"]));
    return { sink, messages: sink.provider.messages, receipt: deliver(target, firingBecause(), sink).receipt };
  };

  test("remembers channel and ts of the first message", () => {
    expect(open().receipt).toEqual({ channel: "C0123", ts: "1767225600.000001" });
  });

  test("a repeat is a reply in the thread", () => {
    const { sink, messages, receipt } = open();
    const again = deliver(target, firingBecause("repeatIntervalElapsed"), sink, receipt);
    expect(again).toMatchObject({ steps: ["reply"], receipt });
    expect(messages[1]).toMatchObject({
      threadTs: receipt?.ts,
      body: { text: "Still firing: HighCPU", reply_broadcast: false },
    });
    expect(messages[0]!.edits).toBe(0);
  });

  test("new alerts change the message, and the reply is shown in the channel", () => {
    const { sink, messages, receipt } = open();
    deliver(target, firingBecause("newAlerts", [...groupOf(3)]), sink, receipt);
    expect(messages[0]!.edits).toBe(1);
    expect(messages[1]).toMatchObject({
      threadTs: receipt?.ts,
      body: { text: "New alerts: HighCPU", reply_broadcast: true },
    });
  });

  test("a resolve edits the message, replies, and forgets it", () => {
    const { sink, messages, receipt } = open();
    expect(deliver(target, SITUATIONS.resolved!, sink, receipt)).toMatchObject({
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
    const after = deliver(target, firingBecause("newAlerts"), sink, receipt);
    expect(after).toMatchObject({ steps: ["update", "post"], receipt: { channel: "C0123", ts: "1767225600.000002" } });
    expect(after.outcomes[0]).toMatchObject({ note: "message_not_found: opened anew" });
  });

  test("a repeat whose thread was deleted is posted anew", () => {
    const { sink, messages, receipt } = open();
    (messages[0] as { deleted: boolean }).deleted = true;
    expect(deliver(target, firingBecause("repeatIntervalElapsed"), sink, receipt).steps).toEqual(["reply", "post"]);
  });

  test("a resolve of a deleted message is told in a new one and nothing is remembered", () => {
    const { sink, messages, receipt } = open();
    (messages[0] as { deleted: boolean }).deleted = true;
    expect(deliver(target, SITUATIONS.resolved!, sink, receipt)).toMatchObject({
      steps: ["update", "post"],
      receipt: null,
    });
  });

  test("a resolve without a receipt is told, never swallowed", () => {
    const sink = createSink(createSlackBot(BOT_TOKEN, ["C0123"]));
    expect(deliver(target, SITUATIONS.resolved!, sink)).toMatchObject({ steps: ["post"], receipt: null });
  });

  test.each(["test", "digest", "missed"])("a %s leaves the message of the alert alone", (name) => {
    const { sink, messages, receipt } = open();
    expect(deliver(target, SITUATIONS[name]!, sink, receipt)).toMatchObject({ steps: ["post"], receipt });
    expect(messages[0]!.edits).toBe(0);
  });
});

describe("Discord", () => {
  const target = caseNamed("discord").target;
  const open = () => {
    const sink = createSink(createDiscord(DISCORD_PATH, "42"));
    return { sink, messages: sink.provider.messages, receipt: deliver(target, firingBecause(), sink).receipt };
  };

  test("waits for the message and remembers its id", () => {
    const { sink, receipt } = open();
    expect(sink.exchanges[0]!.request.url).toBe(`${DISCORD_PATH}?thread_id=42&wait=true`);
    expect(receipt).toEqual({ message_id: "1100000000000000000" });
  });

  test("a resolve edits it and forgets it", () => {
    const { sink, messages, receipt } = open();
    expect(deliver(target, SITUATIONS.resolved!, sink, receipt)).toMatchObject({ steps: ["update"], receipt: null });
    expect(messages).toHaveLength(1);
    expect(messages[0]!.edits).toBe(1);
  });

  test("a repeat edits it and tells people", () => {
    const { sink, messages, receipt } = open();
    expect(deliver(target, firingBecause("repeatIntervalElapsed"), sink, receipt)).toMatchObject({
      steps: ["update", "notice"],
      receipt,
    });
    expect(messages[1]!.body.content).toBe("Still firing: HighCPU (firing)");
  });

  test("some resolved is a quiet edit", () => {
    const { sink, receipt } = open();
    expect(deliver(target, firingBecause("someResolved"), sink, receipt).steps).toEqual(["update"]);
  });

  test("a message deleted there is told anew, firing or resolved", () => {
    for (const notification of [firingBecause("newAlerts"), SITUATIONS.resolved!]) {
      const { sink, receipt } = open();
      sink.provider.remove(receipt?.message_id ?? "");
      expect(deliver(target, notification, sink, receipt).steps).toEqual(["update", "post"]);
    }
  });
});

describe("Telegram", () => {
  const target = caseNamed("telegram").target;
  const open = () => {
    const sink = createSink(createTelegram(TELEGRAM_TOKEN, ["-100123"]));
    return { sink, messages: sink.provider.messages, receipt: deliver(target, firingBecause(), sink).receipt };
  };

  test("edits and replies on resolve", () => {
    const { sink, messages, receipt } = open();
    expect(receipt).toEqual({ chat_id: "-100123", message_id: "1" });
    expect(deliver(target, SITUATIONS.resolved!, sink, receipt)).toMatchObject({
      steps: ["edit", "reply"],
      receipt: null,
    });
    expect(messages[0]!.edits).toBe(1);
    expect(messages[1]).toMatchObject({ replyTo: 1, text: "Resolved: HighCPU" });
  });

  test("an edit that changes nothing is success", () => {
    const { sink, receipt } = open();
    expect(deliver(target, firingBecause("newAlerts"), sink, receipt)).toMatchObject({
      steps: ["edit", "reply"],
      end: "done",
    });
  });

  test("a message deleted there is sent anew", () => {
    const { sink, receipt } = open();
    sink.provider.remove(1);
    expect(deliver(target, firingBecause("newAlerts"), sink, receipt).steps).toEqual(["edit", "send"]);
  });

  test("a group that moved gets the message under its new id, in the same delivery", () => {
    const sink = createSink(createTelegram(TELEGRAM_TOKEN, ["-100123"]));
    sink.provider.move("-100123", "-1009999999999");
    const sent = deliver(target, firingBecause(), sink);
    expect(sent).toMatchObject({
      steps: ["send", "send_moved"],
      receipt: { chat_id: "-1009999999999", message_id: "1" },
    });
    expect(sink.provider.messages[0]!.chatId).toBe("-1009999999999");
  });

  test("a group that moved while its alert fired gets the resolve under its new id", () => {
    const { sink, receipt } = open();
    sink.provider.move("-100123", "-1009999999999");
    expect(deliver(target, SITUATIONS.resolved!, sink, receipt)).toMatchObject({
      steps: ["edit", "send_moved"],
      receipt: null,
    });
  });

  test("takes a URL that already holds the token", () => {
    const sink = createSink(createTelegram(TELEGRAM_TOKEN, ["-100123"]));
    const url = `https://sink.example.com/bot${TELEGRAM_TOKEN}/sendMessage`;
    expect(deliver({ ...target, url }, firingBecause(), sink).end).toBe("done");
  });
});

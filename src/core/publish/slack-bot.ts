/**
 * Slack with a bot token: the message of an alert is edited in place, and a reply in its thread tells people so, because
 * an edit notifies nobody. A message that is gone is posted anew. Remembered: `channel` and `ts`.
 */
import { err, ok } from "../result.ts";
import type { Target } from "../route/target.ts";
import { escapeSlack } from "./escape.ts";
import type { Format, FormatRequest, Step } from "./format.ts";
import { judge } from "./judge.ts";
import { slackBotBody, textAt } from "./judge-body.ts";
import type { Notification } from "./notification.ts";
import type { Receipt } from "./outcome.ts";
import { secretsOf } from "./redact.ts";
import { jsonRequest } from "./request.ts";
import { slackMessage } from "./slack-message.ts";
import { nameOf } from "./story.ts";
import { cutEscaped } from "./text.ts";

/** Slack cuts at 40 000; a reply needs far less. */
const MAX_REPLY = 500;

/** A call of the Web API with the bot's token. */
export const slackCall = (target: Target, method: string, body: object): FormatRequest =>
  jsonRequest(target, {
    url: `${target.url.replace(/\/+$/, "")}/${method}`,
    headers: {
      "content-type": "application/json; charset=utf-8",
      authorization: `Bearer ${target.credentials.botToken ?? ""}`,
    },
    body,
  });

/** What to remember of a posted message. */
export const slackReceipt = (json: unknown): Receipt | null => {
  const [channel, ts] = [textAt(json, "channel"), textAt(json, "ts")];
  return channel !== null && ts !== null ? { channel, ts } : null;
};

type Phase = "post" | "update" | "reply" | "done";

/** Which call comes next. Tests, digests and what was missed are messages of their own. */
const phaseOf = (notification: Notification, receipt: Receipt | null, stepsDone: readonly string[]): Phase => {
  if (stepsDone.includes("post")) return "done";
  if (stepsDone.includes("reply")) return receipt?.gone === undefined ? "done" : "post";
  if (notification.kind !== "alerts" || receipt?.ts === undefined) return "post";
  if (stepsDone.includes("update")) return "reply";
  return notification.reason === "repeatIntervalElapsed" ? "reply" : "update";
};

const NEWS: Readonly<Partial<Record<Notification["reason"], string>>> = {
  newAlerts: "New alerts",
  someResolved: "Some resolved",
  startedFlapping: "Started flapping",
  stoppedFlapping: "Stopped flapping",
};

const replyWords = ({ status, reason }: Notification): string =>
  status === "resolved" ? "Resolved" : (NEWS[reason] ?? "Still firing");

const replyBody = (notification: Notification, receipt: Receipt): object => ({
  channel: receipt.channel,
  thread_ts: receipt.ts,
  text: cutEscaped(`${replyWords(notification)}: ${nameOf(notification)}`, MAX_REPLY, escapeSlack),
  mrkdwn: false,
  unfurl_links: false,
  // A new alert of the group is news for the whole channel, not only for those who follow the thread.
  reply_broadcast: notification.reason === "newAlerts",
});

const stepOf = (
  phase: Exclude<Phase, "done">,
  notification: Notification,
  target: Target,
  receipt: Receipt | null,
): Step => {
  const secrets = secretsOf(target);
  const ended = notification.status === "resolved";
  const whole = slackMessage(notification);
  if (phase === "reply" && receipt !== null) {
    return {
      name: phase,
      request: slackCall(target, "chat.postMessage", replyBody(notification, receipt)),
      read: (answer, known, now) =>
        judge(answer, known, now, { secrets, body: slackBotBody, receipt: () => (ended ? null : known) }),
    };
  }
  if (phase === "update" && receipt !== null) {
    // Unlike chat.postMessage, chat.update looks for names and links in the text unless told not to.
    const body = { channel: receipt.channel, ts: receipt.ts, ...whole, parse: "none", link_names: false };
    return {
      name: phase,
      request: slackCall(target, "chat.update", body),
      read: (answer, known, now) => judge(answer, known, now, { secrets, body: slackBotBody }),
    };
  }
  const keep = notification.kind === "alerts" && !ended;
  const body = { channel: target.options.channel, ...whole, mrkdwn: false, unfurl_links: false, unfurl_media: false };
  return {
    name: "post",
    request: slackCall(target, "chat.postMessage", body),
    read: (answer, known, now) =>
      judge(answer, known, now, {
        secrets,
        body: slackBotBody,
        receipt: (json) => (keep ? slackReceipt(json) : notification.kind === "alerts" ? null : known),
      }),
  };
};

export const slackBot: Format = {
  name: "slack",
  per: "group",
  keyed: false,
  audience: "chat",
  pace: { perSecond: 1, burst: 3 },
  next: (notification, target, receipt, stepsDone) => {
    if (target.options.channel === undefined) return err({ reason: "payload", error: "the target names no channel" });
    const phase = phaseOf(notification, receipt, stepsDone);
    return ok(phase === "done" ? "done" : stepOf(phase, notification, target, receipt));
  },
};

/**
 * Telegram Bot API: HTML messages (targets.md 8), edited in place, with a reply that tells people of the edit.
 * Remembered: `chat_id` and `message_id`, and a new chat id where the group became a supergroup.
 */
import { err, ok } from "../result.ts";
import type { Target } from "../route/target.ts";
import { escapeHtml, escapeTelegram } from "./escape.ts";
import type { Format, FormatRequest, Step } from "./format.ts";
import { judge } from "./judge.ts";
import { telegramBody, textAt } from "./judge-body.ts";
import type { Notification } from "./notification.ts";
import type { Receipt } from "./outcome.ts";
import { secretsOf } from "./redact.ts";
import { jsonRequest } from "./request.ts";
import { nameOf, type Story, tellWithin } from "./story.ts";
import { cutEscaped } from "./text.ts";

/** Counted by Telegram after parsing; counted here with markup and escapes, which is never less. */
const MAX_TEXT = 4096;
const MAX_TITLE = 300;
/** Links have no shorter form, so a long one is left out. */
const MAX_HREF = 400;

const textOf = (story: Story): string => {
  const links = story.links
    .map(({ text, href }) => ({ text, href: escapeHtml(href) }))
    .filter(({ href }) => href.length <= MAX_HREF)
    .map(({ text, href }) => `<a href="${href}">${text}</a>`);
  const lines = [
    `<b>${cutEscaped(`${story.emoji} ${story.mark}${story.title}: ${story.status}`, MAX_TITLE, escapeTelegram)}</b>`,
    escapeTelegram(story.body),
    ...story.facts.map(([name, value]) => `<b>${name}:</b> ${escapeTelegram(value)}`),
    ...story.lines.map(escapeTelegram),
    story.more > 0 ? `and ${story.more} more` : "",
    story.reasoning === "" ? "" : `<b>AI reasoning:</b> ${escapeTelegram(story.reasoning)}`,
    ...story.recommendations.map((text) => `• ${escapeTelegram(text)}`),
    links.join(" · "),
    story.reference === "" ? "" : `<code>${escapeTelegram(story.reference)}</code>`,
  ];
  return lines.filter(Boolean).join("\n");
};

const messageText = (notification: Notification): string =>
  tellWithin(notification, textOf, (text) => text.length <= MAX_TEXT);

/** A call of the Bot API. The token stands in the path; a URL that already has it is taken as it is. */
export const telegramCall = (target: Target, method: string, body: object): FormatRequest => {
  const base = target.url.replace(/\/+$/, "").replace(/(\/bot[^/]+)\/\w+$/, "$1");
  const token = target.credentials.botToken;
  const url = token === undefined || /\/bot[^/]+$/.test(base) ? `${base}/${method}` : `${base}/bot${token}/${method}`;
  return jsonRequest(target, { url, body });
};

/** Where a new message goes: the chat the group moved to, else the target's. Ids stay text: they may exceed 32 bits. */
export const chatOf = (target: Target, receipt: Receipt | null): object => ({
  chat_id: receipt?.moved_to ?? receipt?.chat_id ?? target.options.channel,
  ...(target.options.threadId === undefined ? {} : { message_thread_id: Number(target.options.threadId) }),
});

const LOOK = { parse_mode: "HTML", link_preview_options: { is_disabled: true } } as const;

type Phase = "send" | "send_moved" | "edit" | "reply" | "done";

const phaseOf = (notification: Notification, receipt: Receipt | null, stepsDone: readonly string[]): Phase => {
  const moved = receipt?.moved_to !== undefined;
  if (stepsDone.includes("send_moved")) return "done";
  if (moved && receipt.message_id === undefined && stepsDone.length > 0) return "send_moved";
  if (stepsDone.includes("send") || stepsDone.includes("reply")) return "done";
  if (notification.kind !== "alerts" || receipt?.message_id === undefined) return "send";
  if (stepsDone.includes("edit")) return notification.reason === "someResolved" ? "done" : "reply";
  return notification.reason === "repeatIntervalElapsed" ? "reply" : "edit";
};

const NEWS: Readonly<Partial<Record<Notification["reason"], string>>> = {
  newAlerts: "New alerts",
  startedFlapping: "Started flapping",
  stoppedFlapping: "Stopped flapping",
};

const replyText = (notification: Notification): string => {
  const words = notification.status === "resolved" ? "Resolved" : (NEWS[notification.reason] ?? "Still firing");
  return cutEscaped(`${words}: ${nameOf(notification)}`, MAX_TITLE, escapeTelegram);
};

const sentReceipt = (json: unknown): Receipt | null => {
  const [chat, message] = [textAt(json, "result", "chat", "id"), textAt(json, "result", "message_id")];
  return chat !== null && message !== null ? { chat_id: chat, message_id: message } : null;
};

const bodyOf = (
  phase: Exclude<Phase, "done">,
  notification: Notification,
  target: Target,
  receipt: Receipt | null,
): object => {
  const message = Number(receipt?.message_id);
  if (phase === "edit")
    return { chat_id: receipt?.chat_id, message_id: message, text: messageText(notification), ...LOOK };
  if (phase !== "reply") return { ...chatOf(target, receipt), text: messageText(notification), ...LOOK };
  const reply = { message_id: message, allow_sending_without_reply: true };
  return { ...chatOf(target, receipt), text: replyText(notification), reply_parameters: reply, ...LOOK };
};

const stepOf = (
  phase: Exclude<Phase, "done">,
  notification: Notification,
  target: Target,
  receipt: Receipt | null,
): Step => {
  const secrets = secretsOf(target);
  const ended = notification.status === "resolved";
  const body = bodyOf(phase, notification, target, receipt);
  return {
    name: phase,
    request: telegramCall(target, phase === "edit" ? "editMessageText" : "sendMessage", body),
    read: (answer, known, now) =>
      judge(answer, known, now, {
        secrets,
        body: telegramBody,
        receipt: (json) => {
          if (notification.kind !== "alerts" || phase === "edit") return known;
          if (ended) return null;
          return phase === "reply" ? known : sentReceipt(json);
        },
      }),
  };
};

/** 20 messages a minute are allowed in a group or channel; one a second holds only for a single person. */
const GROUP_PACE = { perSecond: 18 / 60, burst: 3 } as const;

const telegram: Format = {
  name: "telegram",
  per: "group",
  keyed: false,
  audience: "chat",
  pace: { perSecond: 1, burst: 3 },
  next: (notification, target, receipt, stepsDone) => {
    if (target.options.channel === undefined) return err({ reason: "payload", error: "the target names no chat" });
    const phase = phaseOf(notification, receipt, stepsDone);
    return ok(phase === "done" ? "done" : stepOf(phase, notification, target, receipt));
  },
};

/** Groups have ids below zero, channels names with `@`. */
export const telegramFor = ({ options }: Target): Format =>
  /^[-@]/.test(options.channel ?? "") ? { ...telegram, pace: GROUP_PACE } : telegram;

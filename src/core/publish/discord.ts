/**
 * Discord webhook: one embed (targets.md 6), edited in place. An edit notifies nobody, so new alerts and repeats are
 * also told in a short message of their own. Remembered: `message_id`.
 */
import { ok } from "../result.ts";
import type { Target } from "../route/target.ts";
import { escapeMarkdown } from "./escape.ts";
import type { Format, Step } from "./format.ts";
import { judge } from "./judge.ts";
import { discordBody, textAt } from "./judge-body.ts";
import type { Notification } from "./notification.ts";
import type { Receipt } from "./outcome.ts";
import { secretsOf } from "./redact.ts";
import { jsonRequest, urlWithPath, urlWithQuery } from "./request.ts";
import { type Story, tell, tellWithin } from "./story.ts";
import { cutEscaped } from "./text.ts";

/** Discord's limits; the sum runs over every text of all embeds. */
const LIMITS = {
  title: 256,
  description: 4096,
  name: 256,
  value: 1024,
  footer: 2048,
  all: 6000,
  content: 2000,
} as const;

/** Links have no shorter form; with longer ones nothing else would fit. */
const MAX_HREF = 500;

const COLORS = { critical: 0xff0000, warning: 0xffa500, info: 0x0000ff, noise: 0x808080 } as const;
const RESOLVED_COLOR = 0x36a64f;

/** On every create and edit: an edit without it would parse mentions again. */
const NO_MENTIONS = { allowed_mentions: { parse: [] } } as const;

interface Embed {
  readonly title: string;
  readonly url?: string;
  readonly description?: string;
  readonly color: number;
  readonly fields: readonly { readonly name: string; readonly value: string; readonly inline: boolean }[];
  readonly footer?: { readonly text: string };
  readonly timestamp: string;
}

const field = (name: string, value: string, inline: boolean): Embed["fields"] =>
  value === "" ? [] : [{ name, value: cutEscaped(value, LIMITS.value, escapeMarkdown), inline }];

const descriptionOf = (story: Story): string => {
  const text = [story.body, ...story.lines, story.more > 0 ? `and ${story.more} more` : ""].filter(Boolean).join("\n");
  const short = story.links.filter(({ href }) => href.length <= MAX_HREF);
  const links = short.map(({ text: name, href }) => `[${name}](${href})`).join(" · ");
  const shown = cutEscaped(text, LIMITS.description - links.length - 2, escapeMarkdown);
  return [shown, links].filter(Boolean).join("\n\n");
};

const embedOf = (story: Story, at: number): Embed => {
  const done = story.state === "resolved" || story.state === "missed";
  const description = descriptionOf(story);
  const url = story.links[0]?.href;
  return {
    title: cutEscaped(`${story.emoji} ${story.mark}${story.title}: ${story.status}`, LIMITS.title, escapeMarkdown),
    ...(url === undefined ? {} : { url }),
    ...(description === "" ? {} : { description }),
    color: done ? RESOLVED_COLOR : COLORS[story.severity],
    fields: [
      ...story.facts.flatMap(([name, value]) => field(name, value, true)),
      ...field("AI reasoning", story.reasoning, false),
      ...field("Recommendations", story.recommendations.join("\n"), false),
    ],
    ...(story.reference === "" ? {} : { footer: { text: story.reference.slice(0, LIMITS.footer) } }),
    timestamp: new Date(at).toISOString(),
  };
};

const fits = (embed: Embed): boolean =>
  [
    embed.title,
    embed.description,
    embed.footer?.text,
    ...embed.fields.flatMap(({ name, value }) => [name, value]),
  ].reduce((sum, text) => sum + (text?.length ?? 0), 0) <= LIMITS.all;

const bodyOf = (notification: Notification): object => ({
  embeds: [tellWithin(notification, (story) => embedOf(story, notification.at), fits)],
  ...NO_MENTIONS,
});

const noticeOf = (notification: Notification): object => {
  const { mark, title, status } = tell(notification, { body: 0, lines: 0, value: 0 });
  const words = notification.reason === "newAlerts" ? "New alerts" : "Still firing";
  return {
    content: cutEscaped(`${mark}${words}: ${title} (${status})`, LIMITS.content, escapeMarkdown),
    ...NO_MENTIONS,
  };
};

/** The webhook's address, waiting for the stored message, in the thread of the target. */
export const discordUrl = (target: Target, messageId: string | null): string => {
  const base = messageId === null ? target.url : urlWithPath(target.url, `/messages/${encodeURIComponent(messageId)}`);
  const threaded =
    target.options.threadId === undefined ? base : urlWithQuery(base, "thread_id", target.options.threadId);
  return messageId === null ? urlWithQuery(threaded, "wait", "true") : threaded;
};

type Phase = "post" | "update" | "notice" | "done";

const phaseOf = (notification: Notification, receipt: Receipt | null, stepsDone: readonly string[]): Phase => {
  if (stepsDone.includes("post") || stepsDone.includes("notice")) return "done";
  const { kind, status, reason } = notification;
  if (stepsDone.includes("update") && receipt?.gone === undefined) {
    return status === "firing" && reason !== "someResolved" ? "notice" : "done";
  }
  return kind !== "alerts" || receipt?.message_id === undefined ? "post" : "update";
};

const stepOf = (
  phase: Exclude<Phase, "done">,
  notification: Notification,
  target: Target,
  receipt: Receipt | null,
): Step => {
  const secrets = secretsOf(target);
  const messageId = receipt?.message_id ?? null;
  const ended = notification.status === "resolved";
  if (phase === "update" && messageId !== null) {
    return {
      name: phase,
      request: jsonRequest(target, { method: "PATCH", url: discordUrl(target, messageId), body: bodyOf(notification) }),
      read: (answer, known, now) =>
        judge(answer, known, now, { secrets, body: discordBody(true), receipt: () => (ended ? null : known) }),
    };
  }
  const body = phase === "notice" ? noticeOf(notification) : bodyOf(notification);
  const keeps = phase === "post" && notification.kind === "alerts";
  return {
    name: phase,
    request: jsonRequest(target, { url: discordUrl(target, null), body }),
    read: (answer, known, now) =>
      judge(answer, known, now, {
        secrets,
        body: discordBody(false),
        receipt: (json) => {
          if (!keeps) return known;
          const id = textAt(json, "id");
          return ended || id === null ? null : { message_id: id };
        },
      }),
  };
};

export const discord: Format = {
  name: "discord",
  per: "group",
  keyed: false,
  audience: "chat",
  pace: { perSecond: 1, burst: 2 },
  next: (notification, target, receipt, stepsDone) => {
    const phase = phaseOf(notification, receipt, stepsDone);
    return ok(phase === "done" ? "done" : stepOf(phase, notification, target, receipt));
  },
};

/**
 * A Liquid template supplied with the target. Where it fails, or makes no valid JSON for a JSON target, the plain format
 * of the target's type is sent instead and the outcome says why: a broken template never costs an alert.
 */
import { err, ok, type Result } from "../result.ts";
import type { Target } from "../route/target.ts";
import { discordUrl } from "./discord.ts";
import { calmLinks, escapeHtml, escapeJson, escapeMarkdown, escapeSlack, escapeTelegram, safeLink } from "./escape.ts";
import type { Format, FormatRequest, Step } from "./format.ts";
import { type BodyRule, judge } from "./judge.ts";
import { discordBody, slackBotBody, slackWebhookBody, teamsBody, telegramBody } from "./judge-body.ts";
import type { Notification } from "./notification.ts";
import type { Receipt } from "./outcome.ts";
import { secretsOf } from "./redact.ts";
import { headersFor } from "./request.ts";
import { slackCall } from "./slack-bot.ts";
import { chatOf, telegramCall } from "./telegram.ts";
import { templateData } from "./template-data.ts";
import { type Escaping, renderTemplate, type TemplateDefect } from "./template-engine.ts";
import { SAMPLES } from "./template-sample.ts";

const DEFAULT_CONTENT_TYPE = "application/json";

type TemplateTarget = Pick<Target, "type" | "options">;

const contentTypeOf = ({ options }: TemplateTarget): string => options.contentType ?? DEFAULT_CONTENT_TYPE;
const isJson = (contentType: string): boolean => /[/+]json\b/i.test(contentType);

const plainText = (text: string): string => text;

/** A whole link keeps its letters: where a template puts one, it is an address and no text. */
const escapeDiscord = (text: string): string => (safeLink(text) === text ? text : escapeMarkdown(text));

/** What alert text must not be able to do at the receiver: ping, link or format there, whatever the content type. */
const RECEIVER_ESCAPES: Readonly<Partial<Record<Target["type"], (text: string) => string>>> = {
  slack: escapeSlack,
  telegram: escapeTelegram,
  discord: escapeDiscord,
  teams: calmLinks,
};

const receiverEscape = ({ type }: TemplateTarget): ((text: string) => string) => RECEIVER_ESCAPES[type] ?? plainText;

const escapingOf = (target: TemplateTarget): Escaping => {
  const contentType = contentTypeOf(target);
  const forReceiver = receiverEscape(target);
  if (isJson(contentType)) return { quote: (text) => escapeJson(forReceiver(text)), jsonText: forReceiver };
  if (/html|xml/i.test(contentType)) return { quote: escapeHtml, jsonText: null };
  if (/x-www-form-urlencoded/i.test(contentType)) {
    return { quote: (text) => encodeURIComponent(forReceiver(text).toWellFormed()), jsonText: null };
  }
  return { quote: forReceiver, jsonText: null };
};

const jsonDefect = (text: string): TemplateDefect | null => {
  try {
    JSON.parse(text);
    return null;
  } catch (thrown) {
    const message = `the result is not valid JSON: ${thrown instanceof Error ? thrown.message : ""}`;
    return { path: "", message: message.slice(0, 300), line: 1, column: 1 };
  }
};

const render = (target: TemplateTarget, notification: Notification, now: number): Result<string, TemplateDefect> => {
  const made = renderTemplate(target.options.template ?? "", templateData(notification), escapingOf(target), now);
  if (!made.ok || !isJson(contentTypeOf(target))) return made;
  const defect = jsonDefect(made.value);
  return defect === null ? made : err(defect);
};

/**
 * Everything wrong with a template that can be known before an alert comes: it is tried on a firing alert, a group and a
 * resolve whose texts hold quotes, line ends and markup. Empty: it may be used.
 */
export const checkTemplate = (
  source: string,
  contentType: string = DEFAULT_CONTENT_TYPE,
  type: Target["type"] = "webhook",
): readonly TemplateDefect[] => {
  for (const sample of SAMPLES) {
    const made = render({ type, options: { template: source, contentType } }, sample, sample.at);
    if (!made.ok) return [made.error];
  }
  return [];
};

const objectOf = (text: string): object => {
  const value: unknown = JSON.parse(text);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : { text: value };
};

/** The request of a rendered text: where a receiver needs more than a body, that is added; what the text says wins. */
const requestOf = (
  target: Target,
  notification: Notification,
  text: string,
  receipt: Receipt | null,
): FormatRequest => {
  const contentType = contentTypeOf(target);
  const json = isJson(contentType);
  if (json && target.type === "slack" && target.credentials.botToken !== undefined) {
    return slackCall(target, "chat.postMessage", { channel: target.options.channel, ...objectOf(text) });
  }
  if (json && target.type === "telegram") {
    const chat = chatOf(target, receipt);
    return telegramCall(target, "sendMessage", { parse_mode: "HTML", ...objectOf(text), ...chat });
  }
  const discord = target.type === "discord";
  const body = discord && json ? JSON.stringify({ allowed_mentions: { parse: [] }, ...objectOf(text) }) : text;
  const { signingSecrets } = target.credentials;
  return {
    method: "POST",
    url: discord ? discordUrl(target, null) : target.url,
    headers: headersFor(target, { "content-type": contentType, "x-notification-id": notification.id }),
    body,
    ...(signingSecrets?.length ? { signWith: signingSecrets } : {}),
  };
};

const bodyRuleOf = ({ type, credentials }: Target): BodyRule => {
  if (type === "slack") return credentials.botToken === undefined ? slackWebhookBody : slackBotBody;
  if (type === "discord") return discordBody(false);
  return type === "telegram" ? telegramBody : teamsBody;
};

/** `step` with the reason why it is the plain one in the history of the delivery. */
const explained = (step: Step, note: string): Step => ({
  ...step,
  read: (answer, receipt, now) => {
    const outcome = step.read(answer, receipt, now);
    if (outcome.kind !== "delivered") return outcome;
    return { ...outcome, note: outcome.note === undefined ? note : `${note}; ${outcome.note}` };
  },
});

/** The plain format of a target's type; `error` is told in the body where that has a place for it. */
export type PlainFormat = (target: Target, error: string | null) => Format;

/** The template format of one target: it paces and addresses like the plain format of its type. */
export const templateFormat = (target: Target, plain: PlainFormat): Format => {
  const like = plain(target, null);
  return {
    name: "template",
    per: like.per,
    keyed: target.type === "webhook",
    audience: like.audience,
    pace: like.pace,
    next: (notification, current, receipt, stepsDone, now) => {
      const made = render(current, notification, now);
      if (!made.ok) {
        const note = `template line ${made.error.line}, column ${made.error.column}: ${made.error.message}`;
        const step = plain(current, note).next(notification, current, receipt, stepsDone, now);
        return step.ok && typeof step.value === "object" ? ok(explained(step.value, note)) : step;
      }
      const movedChat = receipt?.moved_to !== undefined && stepsDone.length === 1;
      if (stepsDone.length > 0 && !movedChat) return ok("done");
      const secrets = secretsOf(current);
      return ok({
        name: movedChat ? "send_moved" : "send",
        request: requestOf(current, notification, made.value, receipt),
        read: (answer, known, at) => judge(answer, known, at, { secrets, body: bodyRuleOf(current) }),
      });
    },
  };
};

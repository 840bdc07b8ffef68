/** Slack, Discord, Teams and Telegram of an Alertmanager configuration as targets, with their texts where they are common. */
import type { JsonObject } from "../target-fields.ts";
import { translateGoTemplate } from "./go-template.ts";
import { type Integration, isTemplated } from "./integration.ts";
import { bearerOf, httpOf, readHttp } from "./integration-http.ts";
import { type LiquidJson, LiquidText, writeLiquidJson } from "./liquid-json.ts";
import type { YamlNode } from "./node.ts";
import { flagAt, itemsAt, nodeAt, wordAt } from "./values.ts";

export type Convert = (given: Integration, global: YamlNode | null) => JsonObject | null;

const written = (source: string): LiquidText => {
  const translated = translateGoTemplate(source);
  return new LiquidText(translated.ok ? translated.value : []);
};
/** What Alertmanager says where only the other texts were changed. */
const TITLE = written(
  '[{{ .Status | toUpper }}{{ if eq .Status "firing" }}:{{ .Alerts.Firing | len }}{{ end }}] ' +
    '{{ .GroupLabels.SortedPairs.Values | join " " }}',
);
const BODY = written(
  "{{ range .Alerts }}{{ .Status | toUpper }} {{ .Labels.alertname }}" +
    "{{ if .Annotations.summary }}: {{ .Annotations.summary }}{{ end }}\n{{ end }}",
);
const COLOR = written('{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}');
const LINK = written("{{ .ExternalURL }}");

const present = (members: Readonly<Record<string, LiquidJson>>): Readonly<Record<string, LiquidJson>> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));

/** The keys that make a target speak by a template. */
const templated = (body: LiquidJson): JsonObject => ({
  format: "template",
  template: writeLiquidJson(body),
  content_type: "application/json",
});

const slackFields = (given: Integration): LiquidJson => {
  given.use("fields", "short_fields");
  const isShort = flagAt(given.node, "short_fields") ?? false;
  const fields = itemsAt(given.node, "fields").map((field): LiquidJson => {
    const part = (key: string): LiquidJson => {
      const place = nodeAt(field, key);
      return (place === null ? null : given.templateOf(place)) ?? "";
    };
    return { title: part("title"), value: part("value"), short: flagAt(field, "short") ?? isShort };
  });
  return fields.length === 0 ? null : fields;
};

/** The attachment of somebody's own making; null: nothing about it is, or it cannot be translated. */
const slackTexts = (given: Integration, isBot: boolean): JsonObject | null => {
  const own = ["title", "text", "pretext", "message_text", "footer", "fallback"] as const;
  const texts = Object.fromEntries(own.map((key) => [key, given.template(key)]));
  const fields = slackFields(given);
  if (own.every((key) => texts[key] === null) && fields === null) return null;
  const look = Object.fromEntries(
    ["title_link", "color", "username", "icon_emoji", "icon_url", "image_url", "thumb_url"].map((key) => [
      key,
      given.template(key),
    ]),
  );
  const channel = isBot ? null : given.template("channel");
  if (given.isUntranslated()) return null;
  const attachment = present({
    color: look.color ?? COLOR,
    title: texts.title ?? TITLE,
    title_link: look.title_link ?? LINK,
    pretext: texts.pretext ?? null,
    text: texts.text ?? null,
    fallback: texts.fallback ?? texts.title ?? TITLE,
    footer: texts.footer ?? null,
    fields,
    image_url: look.image_url ?? null,
    thumb_url: look.thumb_url ?? null,
    mrkdwn_in: ["fallback", "pretext", "text"],
  });
  const message = {
    channel,
    username: look.username ?? null,
    icon_emoji: look.icon_emoji ?? null,
    icon_url: look.icon_url ?? null,
    text: texts.message_text ?? null,
    attachments: [attachment],
  };
  return templated(present(message));
};

const POST_MESSAGE = /\/chat\.postMessage\/?$/;

export const slack: Convert = (given, global) => {
  const { node, report } = given;
  const http = httpOf(node, global);
  const isOwnWebhook = given.has("api_url");
  const wantsGlobalToken = !isOwnWebhook && nodeAt(node, "http_config") === null;
  given.use("app_url", "update_message", "link_names", "mrkdwn_in");
  const appToken = given.secret("app_token", wantsGlobalToken ? "slack_app_token" : undefined);
  if (isOwnWebhook && given.has("app_token")) report.defect(node, "at most one of api_url and app_token may be given");
  const isApp = appToken !== null || given.has("app_token");
  const webhook = isApp ? null : given.secret("api_url", "slack_api_url");
  // Before app_token there was, people gave the method as the address and the token as authorization.
  const token = appToken ?? (webhook !== null && POST_MESSAGE.test(webhook) ? bearerOf(http) : null);
  if (token === null && webhook === null) {
    const isInFile = ["api_url", "app_token"].some(
      (key) => given.has(key) || wordAt(global ?? node, `slack_${key}_file`),
    );
    if (!isInFile) report.defect(node, "needs api_url or app_token, here or as slack_… in global");
    return null;
  }
  const base = { type: "slack", ...given.common(false) };
  if (token === null) {
    const texts = slackTexts(given, false) ?? { format: "slack" };
    return { ...base, ...texts, url: webhook, ...readHttp(http, report) };
  }
  const channel = given.word("channel");
  if (channel === null || isTemplated(channel)) {
    report.warn(nodeAt(node, "channel") ?? node, "a bot needs a channel without templates: it is not served");
    return null;
  }
  const method = webhook ?? given.word("app_url") ?? given.global("slack_app_url");
  const url = method === null ? {} : { url: method.replace(POST_MESSAGE, "") };
  return { ...base, ...(slackTexts(given, true) ?? { format: "slack" }), bot_token: token, channel, ...url };
};

/** The address of a chat that is a secret itself; null: it is in a file, or missing, which is a defect. */
const webhookUrl = (given: Integration): string | null => {
  const url = given.secret("webhook_url");
  if (url === null && !given.has("webhook_url")) given.report.defect(given.node, "needs a webhook_url");
  return url;
};

export const discord: Convert = (given, global) => {
  const url = webhookUrl(given);
  const [title, message, content] = [given.template("title"), given.template("message"), given.template("content")];
  const isOwn = title !== null || message !== null || content !== null;
  const sender = isOwn ? { username: given.template("username"), avatar_url: given.template("avatar_url") } : {};
  const embeds = [{ title: title ?? TITLE, description: message ?? BODY }];
  const texts =
    isOwn && !given.isUntranslated() ? templated(present({ ...sender, content, embeds })) : { format: "discord" };
  if (url === null) return null;
  return {
    type: "discord",
    ...texts,
    ...given.common(true),
    url,
    ...readHttp(httpOf(given.node, global), given.report),
  };
};

const card = (title: LiquidText, text: LiquidText): LiquidJson => ({
  type: "message",
  attachments: [
    {
      contentType: "application/vnd.microsoft.card.adaptive",
      content: {
        $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
        type: "AdaptiveCard",
        version: "1.4",
        msteams: { width: "Full" },
        body: [
          { type: "TextBlock", text: title, weight: "Bolder", size: "Medium", wrap: true },
          { type: "TextBlock", text, wrap: true },
        ],
      },
    },
  ],
});

export const teams: Convert = (given, global) => {
  const url = webhookUrl(given);
  const [title, text] = [given.template("title"), given.template("text")];
  const isOwn = (title !== null || text !== null) && !given.isUntranslated();
  const texts = isOwn ? templated(card(title ?? TITLE, text ?? BODY)) : { format: "teams" };
  if (url === null) return null;
  return { type: "teams", ...texts, ...given.common(true), url, ...readHttp(httpOf(given.node, global), given.report) };
};

export const telegram: Convert = (given, global) => {
  const { node, report } = given;
  const token = given.secret("bot_token", "telegram_bot_token");
  const isInFile = given.has("bot_token") || (global !== null && wordAt(global, "telegram_bot_token_file") !== null);
  if (token === null && !isInFile) report.defect(node, "needs a bot_token, here or as telegram_bot_token in global");
  const channel = given.secret("chat_id");
  const threadId = given.word("message_thread_id");
  const url = given.word("api_url") ?? given.global("telegram_api_url");
  const mode = nodeAt(node, "parse_mode");
  given.use("parse_mode");
  const isHtml = mode === null || wordAt(node, "parse_mode") === "HTML";
  if (!isHtml && mode !== null) report.warn(mode, "is not served: our own format is sent, which is HTML");
  const message = isHtml ? given.template("message") : null;
  if (channel === null && !given.has("chat_id")) report.defect(node, "needs a chat_id");
  if (token === null || channel === null) return null;
  return {
    type: "telegram",
    ...(message === null ? { format: "telegram" } : templated({ text: message })),
    ...given.common(true),
    bot_token: token,
    channel,
    ...(threadId === null ? {} : { thread_id: threadId }),
    ...(url === null ? {} : { url }),
  };
};

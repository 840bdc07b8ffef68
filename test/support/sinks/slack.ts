/** Slack's incoming webhook and the two methods of its Web API that we call. */
import { type JsonObject, objectOf, parseJson } from "./check.ts";
import { jsonAnswer, type Provider, pathOf, type SinkAnswer, textAnswer } from "./sink.ts";
import { pingsIn, slackError } from "./slack-rules.ts";

export interface SlackWebhookProvider extends Provider {
  readonly messages: readonly JsonObject[];
  /** Texts that would have notified somebody. */
  readonly pings: readonly string[];
}

/** An incoming webhook at `path`, for example `/services/T0/B0/secret`. */
export const createSlackWebhook = (path: string): SlackWebhookProvider => {
  const messages: JsonObject[] = [];
  const pings: string[] = [];
  return {
    name: "slack",
    messages,
    pings,
    handle: (request) => {
      if (pathOf(request) !== path) return textAnswer(404, "no_service");
      if (request.method !== "POST") return textAnswer(400, "invalid_payload");
      if (parseJson(request.body) === undefined) return textAnswer(400, "invalid_payload");
      const body = objectOf(request.body);
      const error = slackError(body);
      if (error !== null) return textAnswer(400, `${error.code} ${error.complaints.join("; ")}`.trim());
      messages.push(body);
      pings.push(...pingsIn(body));
      return textAnswer(200, "ok");
    },
  };
};

export interface SlackMessage {
  readonly channel: string;
  readonly ts: string;
  readonly threadTs: string | null;
  body: JsonObject;
  edits: number;
  deleted: boolean;
}

export interface SlackBotProvider extends Provider {
  readonly messages: readonly SlackMessage[];
  readonly pings: readonly string[];
}

const KNOWN_ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  "/api/chat.postMessage": [
    "channel",
    "text",
    "blocks",
    "attachments",
    "mrkdwn",
    "thread_ts",
    "reply_broadcast",
    "unfurl_links",
    "unfurl_media",
    "parse",
    "link_names",
  ],
  "/api/chat.update": ["channel", "ts", "text", "blocks", "attachments", "parse", "link_names", "reply_broadcast"],
};

/** The Web API under `/api`. Every answer is 200; only `ok` tells. */
export const createSlackBot = (token: string, channels: readonly string[]): SlackBotProvider => {
  const messages: SlackMessage[] = [];
  const pings: string[] = [];
  const refuse = (error: string, detail?: readonly string[]): SinkAnswer =>
    jsonAnswer(200, { ok: false, error, ...(detail ? { errors: detail } : {}) });

  const update = (body: JsonObject): SinkAnswer => {
    const message = messages.find((one) => one.ts === body.ts && one.channel === body.channel && !one.deleted);
    if (message === undefined) return refuse("message_not_found");
    message.body = body;
    message.edits++;
    return jsonAnswer(200, { ok: true, channel: message.channel, ts: message.ts, text: body.text ?? "" });
  };

  const post = (body: JsonObject): SinkAnswer => {
    const threadTs = typeof body.thread_ts === "string" ? body.thread_ts : null;
    if (threadTs !== null && !messages.some((one) => one.ts === threadTs && !one.deleted))
      return refuse("thread_not_found");
    const message = {
      channel: String(body.channel),
      ts: `1767225600.${String(messages.length + 1).padStart(6, "0")}`,
      threadTs,
      body,
      edits: 0,
      deleted: false,
    };
    messages.push(message);
    return jsonAnswer(200, { ok: true, channel: message.channel, ts: message.ts, message: { text: body.text ?? "" } });
  };

  return {
    name: "slack_bot",
    messages,
    pings,
    handle: (request) => {
      const known = KNOWN_ARGUMENTS[pathOf(request)];
      if (known === undefined || request.method !== "POST") return refuse("unknown_method");
      if (request.headers.authorization !== `Bearer ${token}`)
        return refuse(request.headers.authorization ? "invalid_auth" : "not_authed");
      if (request.headers["content-type"] !== "application/json; charset=utf-8") return refuse("invalid_post_type");
      if (parseJson(request.body) === undefined) return refuse("invalid_json");
      const body = objectOf(request.body);
      const unknown = Object.keys(body).filter((name) => !known.includes(name));
      if (unknown.length > 0) return refuse("invalid_arguments", unknown);
      if (!channels.includes(String(body.channel))) return refuse("channel_not_found");
      const error = slackError(body);
      if (error !== null) return refuse(error.code, error.complaints);
      pings.push(...pingsIn(body));
      return pathOf(request).endsWith("update") ? update(body) : post(body);
    },
  };
};

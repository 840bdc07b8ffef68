/** A Discord webhook: limits of embeds, the sum over all of them, mentions, and messages that can be edited. */
import {
  type Checker,
  createChecker,
  isHttpUrl,
  isObject,
  type Json,
  type JsonObject,
  objectOf,
  parseJson,
} from "./check.ts";
import { jsonAnswer, type Provider, pathOf, queryOf, type SinkAnswer, type SinkRequest } from "./sink.ts";

export interface DiscordMessage {
  readonly id: string;
  body: JsonObject;
  edits: number;
}

export interface DiscordProvider extends Provider {
  readonly messages: readonly DiscordMessage[];
  /** Texts that would have notified somebody. */
  readonly pings: readonly string[];
  readonly remove: (id: string) => void;
}

const MENTION = /(?<!\\)<[@#/:t]|@everyone|@here/;
/** Unescaped formatting around a word, or a link whose text differs from its address. */
const lengthOf = (value: Json | undefined): number => (typeof value === "string" ? value.length : 0);

const checkEmbed = (check: Checker, embed: Json): number => {
  if (!isObject(embed)) {
    check.that(false, "an embed is no object");
    return 0;
  }
  check.onlyKeys(embed, "embed", ["title", "url", "description", "color", "fields", "footer", "timestamp", "author"]);
  check.optionalText(embed.title, "title", 256);
  check.optionalText(embed.description, "description", 4096);
  check.that(embed.url === undefined || isHttpUrl(embed.url), "url is no link");
  check.that(Number.isInteger(embed.color) && Number(embed.color) <= 0xffffff, "color is none");
  check.that(!Number.isNaN(Date.parse(String(embed.timestamp))), "timestamp is no time");
  const footer = isObject(embed.footer) ? embed.footer.text : undefined;
  check.optionalText(footer, "footer", 2048);
  const fields = check.list(embed.fields, "fields", 25).filter(isObject);
  for (const field of fields) {
    check.text(field.name, "field name", 256);
    check.text(field.value, "field value", 1024);
  }
  const inFields = fields.reduce((sum, field) => sum + lengthOf(field.name) + lengthOf(field.value), 0);
  return lengthOf(embed.title) + lengthOf(embed.description) + lengthOf(footer) + inFields;
};

const complaintsAbout = (body: JsonObject): readonly string[] => {
  const check = createChecker();
  check.onlyKeys(body, "message", ["content", "embeds", "allowed_mentions", "username", "avatar_url", "thread_name"]);
  const embeds = check.list(body.embeds, "embeds", 10);
  check.optionalText(body.content, "content", 2000);
  check.that(embeds.length > 0 || lengthOf(body.content) > 0, "Cannot send an empty message");
  const sum = embeds.reduce<number>((size, embed) => size + checkEmbed(check, embed), 0);
  check.that(sum <= 6000, `embeds have ${sum} of 6000 characters`);
  return check.complaints;
};

const textsIn = (value: Json | undefined): readonly string[] => {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null
    ? Object.values(value).flatMap((inner: Json) => textsIn(inner))
    : [];
};

/** Content notifies unless parsing of mentions is off; the sink counts embeds too, where only the look would suffer. */
const pingsOf = (body: JsonObject): readonly string[] => {
  const allowed = isObject(body.allowed_mentions) ? body.allowed_mentions.parse : undefined;
  const silent = Array.isArray(allowed) && allowed.length === 0;
  const texts = textsIn([body.content ?? "", body.embeds ?? []]).filter((text) => MENTION.test(text));
  return silent ? texts : [...texts, "mentions are parsed"];
};

/** A webhook at `/api/webhooks/<id>/<token>`; a forum one needs its thread. */
export const createDiscord = (path: string, threadId?: string): DiscordProvider => {
  const messages: DiscordMessage[] = [];
  const pings: string[] = [];

  const write = (request: SinkRequest, body: JsonObject): SinkAnswer => {
    const id = pathOf(request).slice(path.length).split("/")[2];
    const rate = { "x-ratelimit-limit": "5", "x-ratelimit-remaining": "4", "x-ratelimit-reset-after": "1.0" };
    if (id !== undefined) {
      const message = messages.find((one) => one.id === id);
      if (message === undefined) return jsonAnswer(404, { message: "Unknown Message", code: 10008 });
      message.body = body;
      message.edits++;
      return jsonAnswer(200, { id, content: body.content ?? "" }, rate);
    }
    const message = { id: String(1_100_000_000_000_000_000n + BigInt(messages.length)), body, edits: 0 };
    messages.push(message);
    const waits = queryOf(request).get("wait") === "true";
    return waits ? jsonAnswer(200, { id: message.id }, rate) : { status: 204, headers: rate, body: "" };
  };

  return {
    name: "discord",
    messages,
    pings,
    remove: (id) => {
      messages.splice(
        messages.findIndex((one) => one.id === id),
        1,
      );
    },
    handle: (request) => {
      const rest = pathOf(request).startsWith(path) ? pathOf(request).slice(path.length) : null;
      if (rest === null || !/^(?:\/messages\/\d+)?$/.test(rest))
        return jsonAnswer(404, { message: "Unknown Webhook", code: 10015 });
      if (request.method !== (rest === "" ? "POST" : "PATCH"))
        return jsonAnswer(405, { message: "405: Method Not Allowed", code: 0 });
      if (threadId !== undefined && queryOf(request).get("thread_id") !== threadId) {
        return jsonAnswer(400, { message: "Webhooks posted to forum channels must have a thread_id", code: 220001 });
      }
      if (request.headers["content-type"] !== "application/json" || parseJson(request.body) === undefined) {
        return jsonAnswer(400, { message: "The request body contains invalid JSON.", code: 50109 });
      }
      const body = objectOf(request.body);
      const complaints = complaintsAbout(body);
      if (complaints.length > 0)
        return jsonAnswer(400, { message: "Invalid Form Body", code: 50035, errors: complaints });
      pings.push(...pingsOf(body));
      return write(request, body);
    },
  };
};

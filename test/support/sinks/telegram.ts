/** Telegram's Bot API: HTML that must parse, 4096 characters, messages that can be edited, groups that move. */
import { createChecker, isObject, type JsonObject, objectOf, parseJson } from "./check.ts";
import { jsonAnswer, type Provider, pathOf, type SinkAnswer } from "./sink.ts";

export interface TelegramMessage {
  readonly chatId: string;
  readonly messageId: number;
  readonly replyTo: number | null;
  text: string;
  edits: number;
}

export interface TelegramProvider extends Provider {
  readonly messages: readonly TelegramMessage[];
  /** Texts that would have notified somebody. */
  readonly pings: readonly string[];
  readonly remove: (messageId: number) => void;
  /** From now on `from` answers that it became the supergroup `to`. */
  readonly move: (from: string, to: string) => void;
}

const MAX_TEXT = 4096;
const TAGS = ["b", "i", "u", "s", "code", "pre", "a", "blockquote", "tg-spoiler"];

/** The visible text, or what the parser says against the markup. */
const parseHtml = (html: string): { readonly text: string } | { readonly error: string } => {
  const open: string[] = [];
  const error = /&(?!lt;|gt;|amp;|quot;|#\d+;)/.test(html) ? "unsupported entity" : null;
  if (error !== null) return { error };
  const text = html.replace(/<[^>]*>?/g, (tag) => {
    const [, close, name = "", rest = ""] = /^<(\/?)([\w-]+)([^<>]*)>$/.exec(tag) ?? [];
    const legal = name === "a" && close === "" ? /^ href="https?:\/\/[^"<>\s]+"$/.test(rest) : rest === "";
    if (!TAGS.includes(name) || !legal) open.push(`!${tag}`);
    else if (close === "") open.push(name);
    else if (open.pop() !== name) open.push(`!${tag}`);
    return "";
  });
  if (open.length > 0 || text.includes(">")) return { error: `can't parse entities: ${open.join(" ")}` };
  return { text: text.replace(/&(?:lt|gt|amp|quot|#\d+);/g, "x") };
};

const refuse = (code: number, description: string, parameters?: object): SinkAnswer =>
  jsonAnswer(code, { ok: false, error_code: code, description, ...(parameters ? { parameters } : {}) });

/** The API of one bot that is in `chats`. */
export const createTelegram = (token: string, chats: readonly string[]): TelegramProvider => {
  const known = new Set(chats);
  const moved = new Map<string, string>();
  const messages: TelegramMessage[] = [];
  const pings: string[] = [];

  const sent = (message: TelegramMessage): SinkAnswer =>
    jsonAnswer(200, {
      ok: true,
      result: { message_id: message.messageId, chat: { id: Number(message.chatId) }, text: message.text },
    });

  const edit = (body: JsonObject, text: string): SinkAnswer => {
    const message = messages.find((one) => one.messageId === body.message_id && one.chatId === String(body.chat_id));
    if (message === undefined) return refuse(400, "Bad Request: message to edit not found");
    if (message.text === text) return refuse(400, "Bad Request: message is not modified");
    message.text = text;
    message.edits++;
    return sent(message);
  };

  const send = (body: JsonObject, text: string): SinkAnswer => {
    const replyTo = isObject(body.reply_parameters) ? Number(body.reply_parameters.message_id) : null;
    const message = { chatId: String(body.chat_id), messageId: messages.length + 1, replyTo, text, edits: 0 };
    messages.push(message);
    return sent(message);
  };

  const complaintsAbout = (body: JsonObject): readonly string[] => {
    const check = createChecker();
    check.that(typeof body.chat_id === "string", "chat_id is no text");
    check.that(body.parse_mode === "HTML", "parse_mode is not HTML");
    check.that(
      body.message_thread_id === undefined || Number.isInteger(body.message_thread_id),
      "message_thread_id is no number",
    );
    return check.complaints;
  };

  return {
    name: "telegram",
    messages,
    pings,
    remove: (messageId) => {
      messages.splice(
        messages.findIndex((one) => one.messageId === messageId),
        1,
      );
    },
    move: (from, to) => {
      moved.set(from, to);
      known.add(to);
    },
    handle: (request) => {
      const method = pathOf(request).startsWith(`/bot${token}/`) ? pathOf(request).slice(`/bot${token}/`.length) : null;
      if (method === null) return refuse(pathOf(request).startsWith("/bot") ? 401 : 404, "Unauthorized");
      if (method !== "sendMessage" && method !== "editMessageText") return refuse(404, "Not Found");
      if (parseJson(request.body) === undefined) return refuse(400, "Bad Request: can't parse JSON");
      const body = objectOf(request.body);
      const complaints = complaintsAbout(body);
      if (complaints.length > 0) return refuse(400, `Bad Request: ${complaints.join("; ")}`);
      const target = moved.get(String(body.chat_id));
      if (target !== undefined) {
        return refuse(400, "Bad Request: group chat was upgraded to a supergroup chat", {
          migrate_to_chat_id: Number(target),
        });
      }
      if (!known.has(String(body.chat_id))) return refuse(400, "Bad Request: chat not found");
      const html = String(body.text ?? "");
      const parsed = parseHtml(html);
      if ("error" in parsed) return refuse(400, `Bad Request: ${parsed.error}`);
      if (parsed.text.trim() === "") return refuse(400, "Bad Request: message text is empty");
      if (parsed.text.length > MAX_TEXT) return refuse(400, "Bad Request: message is too long");
      if (/(?<!\w)@\w{3,}/.test(parsed.text)) pings.push(parsed.text);
      return method === "sendMessage" ? send(body, html) : edit(body, html);
    },
  };
};

/** Slack's limits of texts and blocks, the same for webhooks and the Web API, and what would notify people. */
import { type Checker, createChecker, isList, isObject, type Json, type JsonObject } from "./check.ts";

const MAX_TEXT = 40_000;
const MAX_BLOCKS = 50;
/** Seen to fail from about here on, although each part is legal. */
const MAX_ALL_BLOCKS = 13_200;

const MENTION = /<(?:[!@#][^>]*)>/;

/** Mentions and group pings in any text of a message; Slack acts on each of them. */
export const pingsIn = (value: Json | undefined): readonly string[] => {
  if (typeof value === "string") return MENTION.exec(value) ? [value] : [];
  if (isList(value)) return value.flatMap(pingsIn);
  return isObject(value) ? Object.values(value).flatMap(pingsIn) : [];
};

/** A bare angle bracket is only legal as one of our links; in plain text never. */
const checkMarkup = (check: Checker, text: JsonObject, name: string): void => {
  const content = String(text.text ?? "");
  const rest = text.type === "mrkdwn" ? content.replace(/<https?:\/\/[^\s<>|]+\|[^<>|]+>/g, "") : content;
  check.that(!/[<>]/.test(rest), `${name} holds unescaped markup`);
  check.that(!/&(?!amp;|lt;|gt;)/.test(rest), `${name} holds a broken entity`);
};

const checkText = (
  check: Checker,
  value: Json | undefined,
  name: string,
  max: number,
  types: readonly string[],
): number => {
  if (!isObject(value)) {
    check.that(false, `${name} is no text object`);
    return 0;
  }
  check.oneOf(value.type, `${name}.type`, types);
  check.onlyKeys(value, name, value.type === "plain_text" ? ["type", "text", "emoji"] : ["type", "text", "verbatim"]);
  check.text(value.text, `${name}.text`, max);
  check.that(typeof value.text === "string" && value.text.trim() !== "", `${name}.text is blank`);
  checkMarkup(check, value, name);
  return String(value.text ?? "").length;
};

const BOTH = ["plain_text", "mrkdwn"];

const checkBlock = (check: Checker, block: Json, name: string): number => {
  if (!isObject(block)) {
    check.that(false, `${name} is no block`);
    return 0;
  }
  if (block.type === "header") return checkText(check, block.text, `${name}.text`, 150, ["plain_text"]);
  if (block.type === "section") {
    check.that(block.text !== undefined || block.fields !== undefined, `${name} is empty`);
    const text = block.text === undefined ? 0 : checkText(check, block.text, `${name}.text`, 3000, BOTH);
    const fields = check.list(block.fields, `${name}.fields`, 10);
    return fields.reduce<number>((sum, field) => sum + checkText(check, field, `${name}.fields`, 2000, BOTH), text);
  }
  if (block.type === "context") {
    const elements = check.list(block.elements, `${name}.elements`, 10);
    check.that(elements.length > 0, `${name} is empty`);
    return elements.reduce<number>((sum, one) => sum + checkText(check, one, `${name}.elements`, 3000, BOTH), 0);
  }
  check.that(block.type === "divider", `${name} has the unknown type ${String(block.type)}`);
  return 0;
};

/** What Slack says against a message, as its error code, or null where it takes it. */
export const slackError = (
  body: JsonObject,
): { readonly code: string; readonly complaints: readonly string[] } | null => {
  const check = createChecker();
  const attachments = check.list(body.attachments, "attachments", 100).filter(isObject);
  const lists = [body.blocks, ...attachments.map((attachment) => attachment.blocks)];
  const blocks = lists.flatMap((list, index) => check.list(list, `blocks${index}`, MAX_BLOCKS));
  if (blocks.length === 0 && (typeof body.text !== "string" || body.text === ""))
    return { code: "no_text", complaints: [] };
  if (typeof body.text === "string" && body.text.length > MAX_TEXT) return { code: "msg_too_long", complaints: [] };
  const size = blocks.reduce<number>((sum, block, index) => sum + checkBlock(check, block, `block ${index}`), 0);
  check.optionalText(body.text, "text", MAX_TEXT);
  checkMarkup(check, { type: "plain_text", text: body.text ?? "" }, "text");
  for (const attachment of attachments) {
    check.that(/^#[0-9A-F]{6}$/i.test(String(attachment.color)), "an attachment's color is none");
  }
  if (check.complaints.length > 0) return { code: "invalid_blocks", complaints: check.complaints };
  return size > MAX_ALL_BLOCKS ? { code: "msg_blocks_too_long", complaints: [] } : null;
};

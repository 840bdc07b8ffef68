/**
 * How alert text loses its power in each markup: it can neither format, link nor ping. Every escape works character by
 * character (the markdown list marker looks at its line start), so the escape of a beginning is a beginning.
 */

/** Invisible, and enough to keep `@here` from being a mention. */
const ZERO_WIDTH_SPACE = "\u200b";

/** The longest link kept; a cut link would lead elsewhere, so a longer one is left out. */
const MAX_LINK = 1000;

/** Slack's three entities; without a bare `<` there is no `<!channel>`, no `<@U…>` and no forged link. */
export const escapeSlack = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** HTML text and attribute values. */
export const escapeHtml = (text: string): string =>
  escapeSlack(text).replaceAll('"', "&quot;").replaceAll("'", "&#39;");

/** Keeps `@name`, `@everyone` and `@here` readable without notifying anybody. */
export const calmMentions = (text: string): string => text.replaceAll("@", `@${ZERO_WIDTH_SPACE}`);

/** HTML as Telegram reads it: it turns `@name` into a mention even in plain text. */
export const escapeTelegram = (text: string): string => calmMentions(escapeHtml(text));

/** Markdown of Discord and Rootly: every mark is escaped, `<@…>`, `<#…>` and `@everyone` included. */
export const escapeMarkdown = (text: string): string =>
  calmMentions(text.replace(/[\\*_~`|<>#[\]!]/g, "\\$&").replace(/^([ \t]*)([-+=])/gm, "$1\\$2"));

/**
 * Keeps `[name](address)` from being a link in the text blocks of Adaptive Cards, whose markdown some clients do not let
 * be escaped.
 */
export const calmLinks = (text: string): string => text.replaceAll("](", `]${ZERO_WIDTH_SPACE}(`);

/** The inside of a JSON string. */
export const escapeJson = (text: string): string => JSON.stringify(text).slice(1, -1);

const percent = (char: string): string => {
  const encoded = encodeURIComponent(char);
  return encoded === char ? `%${char.charCodeAt(0).toString(16).toUpperCase()}` : encoded;
};

/**
 * An http(s) link made safe for every markup, or null where the text is no such link. User info is refused: it makes
 * `https://slack.com@evil.example` look like somebody else's.
 */
export const safeLink = (text: string): string | null => {
  const link = text.trim().toWellFormed();
  const parts = /^(https?:\/\/[\w.:[\]-]+)(?:([/?#])(\S*))?$/iu.exec(link);
  if (parts === null || link.length > MAX_LINK) return null;
  const safe = `${parts[1]}${parts[2] ?? ""}${(parts[3] ?? "").replace(/[^\x21-\x7e]|[<>"'|\\^`{}()[\]*]/gu, percent)}`;
  return safe.length > MAX_LINK ? null : safe;
};

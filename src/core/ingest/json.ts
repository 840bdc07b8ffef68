/** Parsed JSON as it comes: telling its kinds apart, naming a place in it, bounding its texts. */

export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The array under `name`; null where there is none. */
export const arrayAt = (value: unknown, name: string): readonly unknown[] | null => {
  const found = isObject(value) ? value[name] : undefined;
  return Array.isArray(found) ? found : null;
};

/** True when the object itself has one of the names. */
export const hasAny = (value: JsonObject, names: readonly string[]): boolean =>
  names.some((name) => Object.hasOwn(value, name));

/** `own` over `under`, without looking at inherited names; what is no object counts as empty. */
export const mergeUnder = (under: JsonObject, own: unknown): JsonObject =>
  isObject(own) ? { ...under, ...own } : under;

/** `base` one level deeper, as an RFC 6901 JSON pointer. */
export const pointer = (base: string, token: string | number): string =>
  `${base}/${typeof token === "number" ? token : token.replaceAll("~", "~0").replaceAll("/", "~1")}`;

/** A string, finite number or boolean as text; null for anything else, such as the Infinity that 1e999 parses to. */
export const scalarText = (value: unknown): string | null => {
  if (typeof value === "string") return value;
  return typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value)) ? String(value) : null;
};

/** True when the text has more than `limit` code points; counts only where UTF-16 units leave it open. */
export const isTooLong = (text: string, limit: number): boolean =>
  text.length > limit && (text.length > 2 * limit || Array.from(text).length > limit);

/** At most `limit` code points, the closing `...` included; never half a character. */
export const cutText = (text: string, limit: number): string => {
  if (text.length <= limit) return text;
  const head = Array.from(text.slice(0, 2 * limit + 1));
  return head.length <= limit ? text : `${head.slice(0, limit - 3).join("")}...`;
};

/** The text of a field that senders fill as they like: well-formed and bounded, "" where there is no text. */
export const readText = (value: unknown, limit: number): string =>
  typeof value === "string" ? cutText(value, limit).toWellFormed() : "";

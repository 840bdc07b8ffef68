/** Objects written as text in a Secret: JSON, JSON in base64, `Name: value` lines, or `name=value` pairs. */
import { decodeBase64 } from "./secret.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

const parseObject = (text: string): JsonObject | null => {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null && !Array.isArray(json) ? (json as JsonObject) : null;
  } catch {
    return null;
  }
};

/**
 * A JSON object, also one that was encoded twice (contracts 9.3). Asked only where an object is due: a Grafana key, for
 * one, is base64 of an object and must stay what it is.
 */
export const readObject = (text: string): JsonObject | null =>
  parseObject(text) ?? parseObject(decodeBase64(text.trim()) ?? "");

const splitAt = (text: string, separator: string): readonly [string, string] | null => {
  const at = text.indexOf(separator);
  return at < 1 ? null : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
};

/** Lines `Name: value`, or pairs `name=value` between commas; null where a part is neither. */
const readPairs = (text: string): JsonObject | null => {
  const isLines = /^[^\s:=,]+\s*:/.test(text);
  const parts = text
    .split(isLines ? /\r?\n/ : /[\r\n,]+/)
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => splitAt(part, isLines ? ":" : "="));
  const pairs = parts.filter((part) => part !== null);
  return pairs.length < parts.length ? null : Object.fromEntries(pairs);
};

/** The object that `value` stands for, null where it stands for none. */
export const objectOf = (value: unknown): JsonObject | null => {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  if (typeof value !== "string") return null;
  return readObject(value) ?? (value.trim().startsWith("{") ? null : readPairs(value.trim()));
};

/** Reads single fields of a target's JSON form. Knows shapes and bounds, not what the fields mean. */
import type { TargetDefect } from "./target.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

export const isJsonObject = (json: unknown): json is JsonObject =>
  typeof json === "object" && json !== null && !Array.isArray(json);

/** The words a boolean may be written with in a Secret, where every value is text (contracts 9.3). */
const FLAGS = new Map([
  ...["true", "1", "yes", "on"].map((word) => [word, true] as const),
  ...["false", "0", "no", "off"].map((word) => [word, false] as const),
]);

export interface NumberBounds {
  readonly min: number;
  readonly max: number;
  readonly integer: boolean;
}

/** Field readers over one object. What is absent, null or blank gives the fallback; what is wrong is refused. */
export interface FieldReader {
  /** Trimmed text; null where absent. */
  readonly text: (key: string) => string | null;
  /** A credential: printable ASCII without blanks, so that it fits into any header, path or body. */
  readonly secret: (key: string) => string | null;
  readonly flag: (key: string, fallback: boolean) => boolean;
  readonly number: <F>(key: string, fallback: F, bounds: NumberBounds) => number | F;
  readonly choice: <C extends string>(key: string, choices: readonly C[]) => C | null;
  /** An array of text, or text with commas; blank items are left out. */
  readonly list: (key: string) => readonly string[];
  /** Text by key; numbers and booleans become text, anything deeper its JSON. */
  readonly record: (key: string) => Readonly<Record<string, string>>;
  readonly refuse: (reason: TargetDefect["reason"], detail: string) => void;
  /** The first thing refused, or null. */
  readonly defect: () => TargetDefect | null;
}

const textOf = (value: unknown): string | null => {
  if (typeof value === "string") return value.trim();
  return typeof value === "number" || typeof value === "boolean" ? String(value) : null;
};

/** A reader of `json` whose defects name keys with `prefix` before them, and no values. */
export const readFields = (json: JsonObject, prefix = ""): FieldReader => {
  let first: TargetDefect | null = null;
  const refuse = (reason: TargetDefect["reason"], detail: string): void => {
    first ??= { reason, detail };
  };
  const invalid = (key: string, rule: string): void => refuse("invalid_value", `${prefix}${key} must be ${rule}`);
  const raw = (key: string): unknown => {
    const value = Object.hasOwn(json, key) ? json[key] : undefined;
    return value === null || (typeof value === "string" && value.trim() === "") ? undefined : value;
  };
  const text = (key: string): string | null => {
    const value = raw(key);
    const string = textOf(value);
    if (value !== undefined && string === null) invalid(key, "text");
    return string;
  };
  const secret = (key: string): string | null => {
    const value = text(key);
    if (value === null || /^[\x21-\x7e]+$/.test(value)) return value;
    invalid(key, "printable ASCII without blanks");
    return null;
  };
  const flag = (key: string, fallback: boolean): boolean => {
    const value = raw(key);
    if (value === undefined) return fallback;
    const read = FLAGS.get(textOf(value)?.toLowerCase() ?? "");
    if (read === undefined) invalid(key, "true or false");
    return read ?? fallback;
  };
  const number = <F>(key: string, fallback: F, bounds: NumberBounds): number | F => {
    const value = raw(key);
    if (value === undefined) return fallback;
    const digits = textOf(value) ?? "";
    const read = /^-?\d{1,12}(\.\d{1,12})?$/.test(digits) ? Number(digits) : Number.NaN;
    if (read >= bounds.min && read <= bounds.max && (!bounds.integer || Number.isInteger(read))) return read;
    invalid(key, `a${bounds.integer ? " whole" : ""} number from ${bounds.min} to ${bounds.max}`);
    return fallback;
  };
  const choice = <C extends string>(key: string, choices: readonly C[]): C | null => {
    const value = text(key)?.toLowerCase() ?? null;
    const found = choices.find((candidate) => candidate === value) ?? null;
    if (value !== null && found === null) invalid(key, `one of ${choices.join(", ")}`);
    return found;
  };
  const list = (key: string): readonly string[] => {
    const value = raw(key);
    if (value === undefined) return [];
    const items: readonly unknown[] = Array.isArray(value) ? value : (textOf(value) ?? "").split(",");
    const texts = items.map(textOf);
    if (isJsonObject(value) || texts.includes(null)) invalid(key, "a list of text");
    return texts.filter((item): item is string => item !== null && item !== "");
  };
  const record = (key: string): Readonly<Record<string, string>> => {
    const value = raw(key);
    if (value === undefined) return {};
    if (!isJsonObject(value)) {
      invalid(key, "an object");
      return {};
    }
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, typeof item === "string" ? item : JSON.stringify(item)]),
    );
  };
  return { text, secret, flag, number, choice, list, record, refuse, defect: () => first };
};

/** The filter of the alert list: Alertmanager's matchers, and fields of ours that begin with `@`. */
import type { MATCHER_OPERATORS } from "../core/alert/matcher.ts";
import { parseUtf8 } from "../core/alert/matcher-utf8.ts";
import type { AlertRow } from "./alert-rows.ts";
import { readDuration } from "./time.ts";

export interface Chip {
  readonly text: string;
  /** null: it is understood. */
  readonly problem: string | null;
  /** 1 is the first character. */
  readonly column: number | null;
  /** Its part for the server; null for fields of ours. */
  readonly matcher: string | null;
  readonly test: ((row: AlertRow, now: number) => boolean) | null;
}

/** At commas that stand in no quotes. */
export const splitFilter = (text: string): string[] =>
  (text.match(/(?:"(?:\\.|[^"\\])*"?|[^,"])+/g) ?? []).map((part) => part.trim()).filter((part) => part !== "");

const FIELD = /^@(\w+)\s*(!=|=|<|>)\s*"?([^"]*)"?$/;
const FIELDS: Readonly<Record<string, (row: AlertRow) => readonly string[]>> = {
  state: (row) => [row.state],
  receiver: (row) => row.receivers,
  severity: (row) => [row.severity],
  class: (row) => (row.category === null ? [] : [row.category]),
  fingerprint: (row) => [row.fingerprint],
};
export const FIELD_NAMES = ["@age", ...Object.keys(FIELDS).map((name) => `@${name}`)];

const bad = (text: string, problem: string, column: number | null = null): Chip => ({
  text,
  problem,
  column,
  matcher: null,
  test: null,
});

const readField = (text: string): Chip => {
  const [, name = "", operator = "", value = ""] = FIELD.exec(text) ?? [];
  if (name === "age") {
    const age = readDuration(value);
    if (age === null || !["<", ">"].includes(operator)) return bad(text, "write @age<2h or @age>30m");
    return {
      ...bad(text, ""),
      problem: null,
      test: (row, now) => (operator === "<" ? now - row.startsAt < age : now - row.startsAt > age),
    };
  }
  if (!Object.hasOwn(FIELDS, name)) return bad(text, `known fields are ${FIELD_NAMES.join(", ")}`);
  if (operator !== "=" && operator !== "!=") return bad(text, `@${name} takes = or !=`);
  const valuesOf = FIELDS[name];
  return {
    ...bad(text, ""),
    problem: null,
    test: (row) => (valuesOf?.(row).includes(value) ?? false) === (operator === "="),
  };
};

/** One condition as typed; what cannot be read stays, marked and explained. */
export const readChip = (text: string): Chip => {
  if (text.startsWith("@")) return readField(text);
  const parsed = parseUtf8(text);
  if (!parsed.ok) return bad(text, parsed.error.message, parsed.error.column);
  if (parsed.value.length !== 1) return bad(text, "one condition at a time");
  return { text, problem: null, column: null, matcher: text, test: null };
};

export const readFilter = (text: string): Chip[] => splitFilter(text).map(readChip);

const PLAIN_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const quote = (text: string): string => JSON.stringify(text);

/** The condition that a click on a label adds. */
export const matcherText = (name: string, operator: (typeof MATCHER_OPERATORS)[number], value: string): string =>
  `${PLAIN_NAME.test(name) ? name : quote(name)}${operator}${quote(value)}`;

export const addToFilter = (text: string, condition: string): string => {
  const parts = splitFilter(text);
  return parts.includes(condition) ? text : [...parts, condition].join(", ");
};

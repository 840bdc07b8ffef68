/** The filter of the alert list: Alertmanager's matchers, and fields of ours that begin with `@`. */
import type { MATCHER_OPERATORS } from "../core/alert/matcher.ts";
import { parseUtf8 } from "../core/alert/matcher-utf8.ts";
import type { AlertRow } from "./alert-rows.ts";
import { readDuration } from "./duration.ts";

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

const FIELD = /^@(\w*)\s*(=~|!~|!=|=|<|>)?\s*"?([^"]*)"?$/;
const FIELDS: Readonly<Record<string, (row: AlertRow) => readonly string[]>> = {
  state: (row) => [row.state],
  receiver: (row) => row.receivers,
  target: (row) => row.targets,
  severity: (row) => [row.severity],
  class: (row) => (row.category === null ? [] : [row.category]),
  mode: (row) => (row.mode === null ? [] : [row.mode]),
  source: (row) => (row.source === null ? [] : [row.source]),
  suppressed_by: (row) => row.suppressedBy,
  fingerprint: (row) => [row.fingerprint],
};
export const FIELD_NAMES = ["@age", ...Object.keys(FIELDS).map((name) => `@${name}`)];

/** Values of a field that the shown rows have. */
export const fieldValues = (name: string, rows: readonly AlertRow[]): string[] => {
  const valuesOf = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
  return valuesOf === undefined ? [] : [...new Set(rows.flatMap(valuesOf))].toSorted();
};

const understood = (text: string, part: Pick<Chip, "matcher" | "test">): Chip => ({
  text,
  problem: null,
  column: null,
  ...part,
});
const bad = (text: string, problem: string, column: number | null = null): Chip => ({
  text,
  problem,
  column,
  matcher: null,
  test: null,
});

/** Anchored at both ends, as Alertmanager has it; null where it is no expression. */
const anchored = (pattern: string): RegExp | null => {
  try {
    return new RegExp(`^(?:${pattern})$`, "s");
  } catch {
    // Not an expression: the chip says so.
    return null;
  }
};

const readField = (text: string): Chip => {
  const [, name = "", operator = "", value = ""] = FIELD.exec(text) ?? [];
  if (name === "age") {
    const age = readDuration(value);
    if (age === null || !["<", ">"].includes(operator)) return bad(text, "write @age<2h or @age>30m");
    return understood(text, {
      matcher: null,
      test: (row, now) => (operator === "<" ? now - row.startsAt < age : now - row.startsAt > age),
    });
  }
  const valuesOf = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
  if (valuesOf === undefined) return bad(text, `there is no such field; known are ${FIELD_NAMES.join(", ")}`);
  if (!["=", "!=", "=~", "!~"].includes(operator)) return bad(text, `write @${name}=…, with =, !=, =~ or !~`);
  const wanted = operator.startsWith("=");
  const expression = operator.endsWith("~") ? anchored(value) : null;
  if (operator.endsWith("~") && expression === null) return bad(text, "this is no regular expression");
  const holds = (found: string): boolean => (expression === null ? found === value : expression.test(found));
  return understood(text, { matcher: null, test: (row) => valuesOf(row).some(holds) === wanted });
};

/** One condition as typed; what cannot be read stays, marked and explained. */
export const readChip = (text: string): Chip => {
  if (text.startsWith("@")) return readField(text);
  const parsed = parseUtf8(text);
  if (!parsed.ok) {
    const isWord = /^[^=!~<>"{}]+$/.test(text);
    return bad(
      text,
      isWord ? `write ${text.trim()}="value", or alertname=~".*${text.trim()}.*"` : parsed.error.message,
      isWord ? null : parsed.error.column,
    );
  }
  const [matcher] = parsed.value;
  if (matcher === undefined || parsed.value.length !== 1) return bad(text, "one condition at a time");
  if (matcher.operator.endsWith("~") && anchored(matcher.value) === null) {
    return bad(text, "its value is no regular expression");
  }
  return understood(text, { matcher: text, test: null });
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

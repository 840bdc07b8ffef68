/**
 * Alertmanager's classic grammar of matchers, as old configurations and amtool users write it: names of letters,
 * digits, `_` and `:`; values with or without quotes, where a backslash before anything but `n`, `"` and itself is just
 * a backslash (`"\d+"`).
 */
import type { MatcherOperator, MatcherSpec } from "./matcher.ts";

const MATCHER = /^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)(.*)$/s;

/** Cuts at the commas outside of quotes. The last part is left out when it is blank. */
const split = (text: string): string[] => {
  const parts: string[] = [];
  let isQuoted = false;
  let isEscaped = false;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "," && !isQuoted) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
    if (character === '"' && !isEscaped) isQuoted = !isQuoted;
    isEscaped = character === "\\" && !isEscaped;
  }
  const last = text.slice(start);
  return last.trim() === "" ? parts : [...parts, last];
};

/** The value behind its quotes and escapes; null where a quote stands alone or in the middle. */
const readValue = (raw: string): string | null => {
  const isQuoted = raw.startsWith('"');
  const inner = isQuoted ? raw.slice(1) : raw;
  let value = "";
  for (let at = 0; at < inner.length; at++) {
    const character = inner[at] ?? "";
    const following = inner[at + 1];
    if (character === '"') return isQuoted && at === inner.length - 1 ? value : null;
    if (character === "\\" && following !== undefined) {
      value += following === "n" ? "\n" : following === '"' || following === "\\" ? following : character + following;
      at++;
    } else {
      value += character;
    }
  }
  return isQuoted ? null : value;
};

const parseOne = (text: string): MatcherSpec | null => {
  const [, name, operator, raw] = MATCHER.exec(text) ?? [];
  const value = raw === undefined ? null : readValue(raw.trim());
  if (name === undefined || value === null) return null;
  return { name, operator: operator as MatcherOperator, value };
};

/** The matchers of the text, or null where it is not of this grammar. Braces are optional, each by itself. */
export const parseClassic = (text: string): readonly MatcherSpec[] | null => {
  const parts = split(text.replace(/^\{/, "").replace(/\}$/, ""));
  const specs = parts.map(parseOne).filter((spec) => spec !== null);
  return specs.length === parts.length ? specs : null;
};

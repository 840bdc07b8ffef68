/** A condition on one label: name, operator, value, as in Alertmanager. Reading it from text is matcher-parse.ts. */
import { err, ok, type Result } from "../result.ts";
import type { Labels } from "./alert.ts";
import { quoteGo } from "./go-string.ts";
import { compareBytes, labelValue } from "./labels.ts";
import { compileRegex } from "./regex.ts";

export const MATCHER_OPERATORS = ["=", "!=", "=~", "!~"] as const;
export type MatcherOperator = (typeof MATCHER_OPERATORS)[number];

/** The plain data of a matcher, as it is stored and shown. */
export interface MatcherSpec {
  readonly name: string;
  readonly operator: MatcherOperator;
  readonly value: string;
}

export interface Matcher extends MatcherSpec {
  /** Whether it holds for a label of this value; a missing label is the empty text. */
  readonly test: (value: string) => boolean;
  /** The only values it holds for, where they are known; null: it holds for others too. */
  readonly values: readonly string[] | null;
}

/** A matcher ready to be asked, or the end of a sentence that says what is wrong with its value or name. */
export const compileMatcher = (spec: MatcherSpec, maxRegexCharacters?: number): Result<Matcher, string> => {
  const { name, operator, value } = spec;
  if (name === "") return err("needs a label name");
  if (operator === "=") return ok({ name, operator, value, test: (text) => text === value, values: [value] });
  if (operator === "!=") return ok({ name, operator, value, test: (text) => text !== value, values: null });
  const regex = compileRegex(value, maxRegexCharacters);
  if (!regex.ok) return regex;
  const { test, values } = regex.value;
  if (operator === "=~") return ok({ name, operator, value, test, values });
  return ok({ name, operator, value, test: (text) => !test(text), values: null });
};

/** True when all of them hold; no matchers hold always. */
export const matchesAll = (matchers: readonly Matcher[], labels: Labels): boolean => {
  for (const matcher of matchers) if (!matcher.test(labelValue(labels, matcher.name))) return false;
  return true;
};

/** The first matcher that does not hold, or null. */
export const firstMismatch = (matchers: readonly Matcher[], labels: Labels): Matcher | null =>
  matchers.find((matcher) => !matcher.test(labelValue(labels, matcher.name))) ?? null;

/** White space of Go's `unicode.IsSpace`; JavaScript's `\s` differs in two characters. */
export const isBlank = (character: string): boolean =>
  /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/.test(character);

/** True where the text holds blanks or characters of the grammar, which only a quoted word may. */
export const hasReserved = (text: string): boolean => isBlank(text) || /[{}!=~,\\"'`]/.test(text);

/** As Alertmanager prints it: `foo=~"a|b"`. Both grammars read it back as the same matcher. */
export const printMatcher = ({ name, operator, value }: MatcherSpec): string => {
  if (hasReserved(name)) return `${quoteGo(name)}${operator}${quoteGo(value)}`;
  return `${name}${operator}"${value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;
};

/** `{a="1",b!="2"}` in the order given. */
export const printMatchers = (specs: readonly MatcherSpec[]): string => `{${specs.map(printMatcher).join(",")}}`;

/** Alertmanager's order: by name, then value, then operator, by bytes. */
export const compareMatchers = (a: MatcherSpec, b: MatcherSpec): number =>
  compareBytes(a.name, b.name) ||
  compareBytes(a.value, b.value) ||
  MATCHER_OPERATORS.indexOf(a.operator) - MATCHER_OPERATORS.indexOf(b.operator);

/** A matcher as Alertmanager's API writes it. */
export interface ApiMatcher {
  readonly name: string;
  readonly value: string;
  readonly isRegex: boolean;
  /** Older clients leave it out; then it is true. */
  readonly isEqual?: boolean | undefined;
}

export const fromApiMatcher = ({ name, value, isRegex, isEqual = true }: ApiMatcher): MatcherSpec => ({
  name,
  operator: isRegex ? (isEqual ? "=~" : "!~") : isEqual ? "=" : "!=",
  value,
});

export const toApiMatcher = ({ name, operator, value }: MatcherSpec): ApiMatcher & { readonly isEqual: boolean } => ({
  name,
  value,
  isRegex: operator === "=~" || operator === "!~",
  isEqual: operator === "=" || operator === "=~",
});

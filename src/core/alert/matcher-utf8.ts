/**
 * Alertmanager's UTF-8 grammar of matchers: names and values of any characters when quoted, of any but the reserved
 * ones when not; braces around the list, both or none; one comma may trail.
 */
import { err, ok, type Result } from "../result.ts";
import { unquoteGo } from "./go-string.ts";
import { hasReserved, isBlank, MATCHER_OPERATORS, type MatcherOperator, type MatcherSpec } from "./matcher.ts";

export interface MatcherDefect {
  readonly message: string;
  /** Where in the text, from 1. */
  readonly column: number;
}

type Token =
  | { readonly kind: "{" | "}" | "," | "end"; readonly at: number }
  | { readonly kind: "operator"; readonly at: number; readonly operator: MatcherOperator }
  | { readonly kind: "word"; readonly at: number; readonly text: string };

const defect = (message: string, at: number): Result<never, MatcherDefect> => err({ message, column: at + 1 });

const readQuoted = (text: string, at: number): Result<readonly [Token, number], MatcherDefect> => {
  let end = at + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
  if (end >= text.length) return defect("the quote has no end", at);
  const read = unquoteGo(text.slice(at + 1, end));
  if (read === null) return defect("the quoted text holds an escape that does not exist", at);
  return ok([{ kind: "word", at, text: read }, end + 1]);
};

const readToken = (text: string, at: number): Result<readonly [Token, number], MatcherDefect> => {
  const character = text[at] ?? "";
  if (character === "{" || character === "}" || character === ",") return ok([{ kind: character, at }, at + 1]);
  if (character === '"') return readQuoted(text, at);
  const pair = text.slice(at, at + 2);
  const operator = MATCHER_OPERATORS.find((known) => known === pair) ?? (character === "=" ? "=" : null);
  if (operator !== null) return ok([{ kind: "operator", at, operator }, at + operator.length]);
  if (character === "!") return defect("expected != or !~", at);
  if (hasReserved(character)) return defect(`${character} must be inside double quotes`, at);
  let end = at + 1;
  while (end < text.length && !hasReserved(text[end] ?? "")) end++;
  return ok([{ kind: "word", at, text: text.slice(at, end) }, end]);
};

const readTokens = (text: string): Result<readonly Token[], MatcherDefect> => {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const character = text[at] ?? "";
    if (isBlank(character)) {
      at++;
      continue;
    }
    const token = readToken(text, at);
    if (!token.ok) return token;
    tokens.push(token.value[0]);
    at = token.value[1];
  }
  return ok([...tokens, { kind: "end", at: text.length }]);
};

/** The matchers of `a="1", b=~"2|3"`, with or without braces; no text and `{}` hold none. */
export const parseUtf8 = (text: string): Result<readonly MatcherSpec[], MatcherDefect> => {
  const tokens = readTokens(text);
  if (!tokens.ok) return tokens;
  const end: Token = { kind: "end", at: text.length };
  let next = 0;
  const peek = (): Token => tokens.value[next] ?? end;
  const take = (): Token => tokens.value[next++] ?? end;

  const specs: MatcherSpec[] = [];
  const isBraced = peek().kind === "{";
  if (isBraced) next++;
  while (peek().kind !== "end" && peek().kind !== "}") {
    const name = take();
    if (name.kind !== "word") return defect("expected a label name", name.at);
    const operator = take();
    if (operator.kind !== "operator") return defect("expected one of = != =~ !~", operator.at);
    const value = take();
    if (value.kind !== "word") return defect("expected a value, in double quotes if it is empty", value.at);
    specs.push({ name: name.text, operator: operator.operator, value: value.text });
    const separator = peek();
    if (separator.kind === ",") next++;
    else if (separator.kind !== "end" && separator.kind !== "}") {
      return defect("expected a comma or the end", separator.at);
    }
  }
  const brace = peek();
  if (isBraced && brace.kind !== "}") return defect("the opening brace is not closed", brace.at);
  if (!isBraced && brace.kind === "}") return defect("this brace was not opened", brace.at);
  if (isBraced) next++;
  const rest = peek();
  return rest.kind === "end" ? ok(specs) : defect("expected the end", rest.at);
};

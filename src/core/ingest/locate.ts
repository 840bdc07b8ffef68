/**
 * Where a text stops being JSON. Only for texts that the runtime's parser refused: its own messages name the place for
 * some errors only, and quote the body. Nesting must be bounded by scanJson, the work is linear.
 */
import { MAX_ECHO_CHARACTERS } from "./limits.ts";

/** One sentence with line and column (from 1, in UTF-16 units) and a little of what was found there. */
export const describeJsonError = (text: string): string => {
  const { at, expected } = findError(text);
  let line = 1;
  let lineStart = 0;
  for (let end = text.indexOf("\n"); end !== -1 && end < at; end = text.indexOf("\n", lineStart)) {
    line++;
    lineStart = end + 1;
  }
  const column = at - lineStart + 1;
  const rest = text.slice(at, at + 2 * MAX_ECHO_CHARACTERS);
  const found = Array.from(rest.toWellFormed()).slice(0, MAX_ECHO_CHARACTERS).join("");
  return `not JSON at line ${line}, column ${column}: ${expected} expected, found ${found === "" ? "the end" : JSON.stringify(found)}`;
};

interface JsonError {
  readonly at: number;
  readonly expected: string;
}

type Closing = "]" | "}";
const CLOSING: ReadonlyMap<string | undefined, Closing> = new Map([
  ["[", "]"],
  ["{", "}"],
]);
const LITERALS = ["true", "false", "null"];

const findError = (text: string): JsonError => {
  /** The closing characters still owed, the innermost last. */
  const open: Closing[] = [];
  let next: number | JsonError = skipSpace(text, 0);
  for (;;) {
    if (typeof next !== "number") return next;
    const closing = CLOSING.get(text[next]);
    let at: number = next;
    if (closing !== undefined) {
      open.push(closing);
      at = skipSpace(text, at + 1);
      if (text[at] !== closing) {
        next = toValue(text, at, closing);
        continue;
      }
    } else {
      const end = skipScalar(text, at);
      if (typeof end !== "number") return end;
      at = skipSpace(text, end);
    }
    while (open.length > 0 && text[at] === open.at(-1)) {
      open.pop();
      at = skipSpace(text, at + 1);
    }
    const owed = open.at(-1);
    if (owed === undefined) return { at, expected: "the end of the body" };
    if (text[at] !== ",") return { at, expected: `',' or '${owed}'` };
    next = toValue(text, skipSpace(text, at + 1), owed);
  }
};

/** The start of the next value inside the container that ends with `closing`: behind its name where that has names. */
const toValue = (text: string, at: number, closing: Closing): number | JsonError =>
  closing === "}" ? skipName(text, at) : at;

/** From a member's name to the start of its value. */
const skipName = (text: string, at: number): number | JsonError => {
  if (text[at] !== '"') return { at, expected: "a name in double quotes" };
  const end = skipString(text, at);
  if (typeof end !== "number") return end;
  const colon = skipSpace(text, end);
  return text[colon] === ":" ? skipSpace(text, colon + 1) : { at: colon, expected: "':'" };
};

const skipScalar = (text: string, at: number): number | JsonError => {
  if (text[at] === '"') return skipString(text, at);
  const literal = LITERALS.find((word) => text.startsWith(word, at));
  if (literal !== undefined) return at + literal.length;
  const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
  number.lastIndex = at;
  return number.test(text) ? number.lastIndex : { at, expected: "a value" };
};

const skipString = (text: string, from: number): number | JsonError => {
  for (let at = from + 1; at < text.length; at++) {
    const character = text[at] as string;
    if (character === '"') return at + 1;
    if (character < " ") return { at, expected: "an escaped control character" };
    if (character !== "\\") continue;
    const sequence = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y;
    sequence.lastIndex = at + 1;
    if (!sequence.test(text)) return { at, expected: "a known escape" };
    at = sequence.lastIndex - 1;
  }
  return { at: text.length, expected: "a closing double quote" };
};

const skipSpace = (text: string, from: number): number => {
  let at = from;
  while (text[at] === " " || text[at] === "\n" || text[at] === "\t" || text[at] === "\r") at++;
  return at;
};

/**
 * Regular expressions that users supply: RE2 syntax through a linear-time engine, anchored at both ends as
 * Alertmanager does (contracts 1.2). What is only a list of words never reaches the engine.
 */
import { RE2JS } from "re2js";
import { err, ok, type Result } from "../result.ts";

/** Longest expression a request may carry (contracts 1.2). */
export const MAX_REGEX_CHARACTERS = 500;

/**
 * Steps per character of the text are bounded by the instructions of the program, and `.{0,999}` repeated in 500
 * characters makes 120 000 of them. With 2000 the worst expression costs milliseconds on the longest label value.
 */
const MAX_REGEX_INSTRUCTIONS = 2000;

export interface Regex {
  /** True when the whole text matches. */
  readonly test: (text: string) => boolean;
  /** The only texts that match, where the expression is nothing but words; else null. */
  readonly values: readonly string[] | null;
}

/** No operator of RE2, or one escaped; RE2 takes every escaped ASCII punctuation for itself. */
const WORD = /^(?:[^\\.+*?()|[\]{}^$]|\\[!-/:-@[-`{-~])*$/;
/** Something in parentheses with `.*` or `.+` before or behind it, or both. */
const GROUPED = /^(\.[*+])?\((?:\?:)?(.*)\)(\.[*+])?$/s;
const ANCHORED_BEHIND = /^((?:[^\\]|\\.)*)\$$/s;

/** Everything is anchored as a whole, so anchors of one's own around it say nothing. */
const withoutAnchors = (pattern: string): string =>
  pattern.replace(/^\^/, "").replace(ANCHORED_BEHIND, (_, before: string) => before);

/**
 * What stands side by side in `a|b.*|c`, `^(a|b)$` or `.*(?:a|b)`, which is how people write lists: each a word, perhaps
 * with dots around it. null where there is more to it.
 */
const readAlternatives = (pattern: string): readonly (Regex["test"] | string)[] | null => {
  const whole = withoutAnchors(pattern);
  const [, before = "", inner, after = ""] = GROUPED.exec(whole) ?? [];
  const grouped = inner === undefined ? null : readEach(inner.split("|"), before, after);
  return grouped ?? readEach(pattern.split("|"), "", "");
};

const readEach = (
  parts: readonly string[],
  before: string,
  after: string,
): readonly (Regex["test"] | string)[] | null => {
  const read: (Regex["test"] | string)[] = [];
  for (const part of parts) {
    const isInside = before + after !== "";
    if (isInside && !WORD.test(part)) return null;
    const alternative = isInside ? before + part + after : withoutAnchors(part);
    const one = WORD.test(alternative) ? alternative.replace(/\\(.)/g, "$1") : testAffixes(alternative);
    if (one === null) return null;
    read.push(one);
  }
  return read;
};

/**
 * A word with `.*` or `.+` before or behind it, or both, which is what most expressions are: a tenth of the engine's
 * time, and no compiling. A dot stands for any character but a line feed. null where there is more to it.
 */
const testAffixes = (pattern: string): Regex["test"] | null => {
  const [, before = "", word = "", after = ""] = /^(\.[*+])?(.*?)(\.[*+])?$/s.exec(pattern) ?? [];
  const text = word.replace(/\\(.)/g, "$1");
  // Two dots side by side count characters, of which some are two UTF-16 units.
  if (before + after === "" || (text === "" && before !== "" && after !== "")) return null;
  if (!WORD.test(word) || text.includes("\n") || !text.isWellFormed()) return null;
  const least = Number(before === ".+");
  const most = Number(after === ".+");
  const isPlaced = (value: string): boolean => {
    if (before === "") return value.startsWith(text);
    if (after === "") return value.endsWith(text);
    const at = value.indexOf(text, least);
    return at >= 0 && at + text.length + most <= value.length;
  };
  return (value) => value.length >= text.length + least + most && !value.includes("\n") && isPlaced(value);
};

/** Below this many words, comparing one after the other is faster than hashing. */
const FEW_WORDS = 6;

const testWords = (words: readonly string[]): Regex["test"] => {
  const [word] = words;
  if (words.length === 1) return (text) => text === word;
  if (words.length <= FEW_WORDS) return (text) => words.includes(text);
  const set = new Set(words);
  return (text) => set.has(text);
};

/** Where a character class that opens at `at` ends. */
const classEnd = (pattern: string, at: number): number => {
  let i = at + 1;
  if (pattern[i] === "^") i++;
  if (pattern[i] === "]") i++;
  while (i < pattern.length && pattern[i] !== "]") i += pattern[i] === "\\" ? 2 : 1;
  return i;
};

/**
 * At least the instructions that the repetitions of `pattern` unroll to, halved, without unrolling them: compiling
 * alone would take most of a second. Escapes that only look like a repetition make it too high, never too low.
 */
const unrolledSize = (pattern: string): number => {
  const outer: number[] = [];
  let sum = 0;
  let last = 0;
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i];
    const repeat = character === "{" ? /^\{(\d{1,4})(?:,(\d{0,4}))?\}/.exec(pattern.slice(i, i + 12)) : null;
    if (repeat) {
      const times = Math.max(Number(repeat[1]) + 1, Number(repeat[2] ?? 0));
      sum += last * (times - 1);
      last *= times;
      i += repeat[0].length - 1;
    } else if (character === "(") {
      outer.push(sum);
      sum = 0;
    } else if (character === ")") {
      last = sum + 1;
      sum = last + (outer.pop() ?? 0);
    } else if (character !== "*" && character !== "+" && character !== "?") {
      if (character === "\\") i++;
      if (character === "[") i = classEnd(pattern, i);
      last = 1;
      sum += 1;
    }
  }
  return outer.reduce((total, size) => total + size, sum);
};

/**
 * Compiles an expression of at most `maxCharacters`; the error is the end of a sentence that begins with the name of
 * the field. Look-around and back-references are not RE2.
 */
export const compileRegex = (pattern: string, maxCharacters: number = MAX_REGEX_CHARACTERS): Result<Regex, string> => {
  if (pattern.length > maxCharacters) return err(`must have at most ${maxCharacters} characters`);
  const alternatives = readAlternatives(pattern);
  if (alternatives !== null) {
    const words = [...new Set(alternatives.filter((one) => typeof one === "string"))];
    const tests = alternatives.filter((one) => typeof one !== "string");
    const isWord = testWords(words);
    if (tests.length === 0) return ok({ test: isWord, values: words });
    return ok({ test: (text) => isWord(text) || tests.some((test) => test(text)), values: null });
  }
  const tooLarge = err("is too large, or repeats too much, to be evaluated quickly");
  if (unrolledSize(pattern) > MAX_REGEX_INSTRUCTIONS) return tooLarge;
  try {
    // Compiled alone and not inside ^(?:…)$, so that a stray parenthesis is an error and not a way out of the anchors.
    const compiled = RE2JS.compile(pattern);
    if (compiled.programSize() > MAX_REGEX_INSTRUCTIONS) return tooLarge;
    return ok({ test: (text) => compiled.testExact(text), values: null });
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, "") : "";
    return err(`is no RE2 regular expression: ${reason}`);
  }
};

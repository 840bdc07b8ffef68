/**
 * Matchers from text as Alertmanager reads them by default: both grammars are tried; what both read differently, or
 * only the classic one, means what it meant in the classic one.
 */
import { err, ok, type Result } from "../result.ts";
import { compileMatcher, type Matcher, printMatchers } from "./matcher.ts";
import { parseClassic } from "./matcher-classic.ts";
import { type MatcherDefect, parseUtf8 } from "./matcher-utf8.ts";

export type { MatcherDefect } from "./matcher-utf8.ts";

export interface ParsedMatchers {
  readonly matchers: readonly Matcher[];
  /** The UTF-8 grammar, which will be the only one some day, refuses the text or reads it differently. */
  readonly isClassic: boolean;
}

/** As `parseMatchers`, and which grammar was decisive. */
export const readMatchers = (text: string, maxRegexCharacters?: number): Result<ParsedMatchers, MatcherDefect> => {
  const utf8 = parseUtf8(text);
  const classic = parseClassic(text);
  if (!utf8.ok && classic === null) return utf8;
  const isClassic = classic !== null && (!utf8.ok || printMatchers(utf8.value) !== printMatchers(classic));
  const specs = isClassic ? classic : utf8.ok ? utf8.value : [];
  const matchers: Matcher[] = [];
  for (const spec of specs) {
    const matcher = compileMatcher(spec, maxRegexCharacters);
    if (!matcher.ok) {
      const column = Math.max(0, text.indexOf(spec.name)) + 1;
      return err({ message: `the matcher of ${JSON.stringify(spec.name)} ${matcher.error}`, column });
    }
    matchers.push(matcher.value);
  }
  return ok({ matchers, isClassic });
};

/** The matchers of a text such as `{foo="bar", baz=~"a|b",}`, in their order; braces are optional. */
export const parseMatchers = (text: string, maxRegexCharacters?: number): Result<readonly Matcher[], MatcherDefect> => {
  const read = readMatchers(text, maxRegexCharacters);
  return read.ok ? ok(read.value.matchers) : read;
};

/** Exactly one matcher, without braces: the `filter` of the Alertmanager API. */
export const parseMatcher = (text: string): Result<Matcher, MatcherDefect> => {
  if (text.startsWith("{")) return err({ message: "braces are not allowed here", column: 1 });
  if (text.endsWith("}")) return err({ message: "braces are not allowed here", column: text.length });
  const read = parseMatchers(text);
  if (!read.ok) return read;
  const [matcher] = read.value;
  if (matcher === undefined || read.value.length > 1) {
    return err({ message: `expected one matcher, found ${read.value.length}`, column: 1 });
  }
  return ok(matcher);
};

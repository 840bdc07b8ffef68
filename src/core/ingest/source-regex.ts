/**
 * Regular expressions as Prometheus' relabelling reads them: those of alert/regex.ts, in which also the dot matches a
 * line break and groups can be asked for. Linear in the length of the text, and counted.
 */
import { RE2JS } from "re2js";
import { compileRegex as checkRegex } from "../alert/regex.ts";
import { ok, type Result } from "../result.ts";
import type { Budget } from "./source-limits.ts";

export interface Regex {
  readonly pattern: string;
  /** The whole text matches. False too when the budget is spent, which its owner then finds out. */
  readonly test: (text: string, budget: Budget) => boolean;
  /** Groups by number (0 is the whole text, a group that took no part is empty) and by name; null without a match. */
  readonly match: (text: string, budget: Budget) => Match | null;
}

export interface Match {
  readonly groups: readonly string[];
  readonly named: ReadonlyMap<string, number>;
}

/** How many instructions of a regex per character cost one step: without groups a DFA runs, with groups an NFA. */
const TESTED_PER_STEP = 16;
const MATCHED_PER_STEP = 4;

/** What a rule has without a regex: no need to ask the engine. */
const ANYTHING = "(.*)";

/** The error is the end of a sentence that begins with the name of the field. */
export const compileRegex = (pattern: string): Result<Regex, string> => {
  if (pattern === ANYTHING) return ok(MATCH_ANYTHING);
  const checked = checkRegex(pattern);
  if (!checked.ok) return checked;
  const regex = RE2JS.compile(`(?s:${pattern})`);
  const size = regex.programSize();
  const named = new Map(Object.entries(regex.namedGroups()));
  const test = (text: string, budget: Budget) =>
    budget.spend(text.length * (1 + size / TESTED_PER_STEP)) && regex.testExact(text);
  return ok({
    pattern,
    test,
    match: (text, budget) => {
      if (!test(text, budget) || !budget.spend(text.length * (1 + size / MATCHED_PER_STEP))) return null;
      const matcher = regex.matcher(text);
      if (!matcher.matches()) return null;
      const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, index) => matcher.group(index) ?? "");
      return { groups, named };
    },
  });
};

const MATCH_ANYTHING: Regex = {
  pattern: ANYTHING,
  test: () => true,
  match: (text) => ({ groups: [text, text], named: new Map() }),
};

/** `$name`, `${name}` or `$$`, or the `$` alone, which Go leaves as it is. */
const REFERENCE = /\$(?:\$|([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})?/gu;

/**
 * The template with its references replaced as Go's `Regexp.Expand` does: the longest name counts (`$1x` is `${1x}`),
 * an unknown group is empty, `$$` is a dollar, a malformed reference stays.
 */
export const expandTemplate = (template: string, match: Match): string =>
  template.replace(REFERENCE, (whole: string, bare?: string, braced?: string) => {
    if (whole === "$$") return "$";
    const name = bare ?? braced;
    if (name === undefined) return whole;
    const index = /^(?:0|[1-9][0-9]{0,8})$/.test(name) ? Number(name) : match.named.get(name);
    return index === undefined ? "" : (match.groups[index] ?? "");
  });

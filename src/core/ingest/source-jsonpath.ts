/**
 * JSONPath (RFC 9535) for sources: the library parses, source-jsonpath-walk.ts walks. Functions are refused: `match`
 * and `search` would run native regexes, and calls are where the library's parser takes exponential time.
 */
import parse, { type JsonPathQuery } from "jsonpath-rfc9535/parser";
import { err, ok, type Result } from "../result.ts";
import { isTooLong } from "./json.ts";
import { createWalk, type Node, selectNodes } from "./source-jsonpath-walk.ts";
import { type Budget, MAX_NODES, MAX_PATH_LENGTH, STEPS_SPENT } from "./source-limits.ts";

export interface JsonPath {
  readonly select: (root: unknown, budget: Budget) => Result<readonly Node[], string>;
}

/**
 * The expression as the parser reads it rightly, or why it is refused. Its version 1.3.0 takes `a && b && c` for
 * `a && (b || c)`, so what follows each `&&` is put into parentheses.
 */
const prepare = (text: string): Result<string, string> => {
  let result = "";
  /** Parentheses to close per open bracket. */
  const added: number[] = [0];
  const close = () => ")".repeat(added.splice(-1, 1, 0)[0] ?? 0);
  for (let index = 0; index < text.length; index++) {
    const char = text[index] ?? "";
    if (char === '"' || char === "'") {
      const start = index;
      for (index++; index < text.length && text[index] !== char; index++) if (text[index] === "\\") index++;
      result += text.slice(start, index + 1);
    } else if (text.startsWith("&&", index)) {
      result += "&&(";
      added.push((added.pop() ?? 0) + 1);
      index++;
    } else if (text.startsWith("||", index)) {
      result += `${close()}||`;
      index++;
    } else if (char === "(" || char === "[") {
      if (char === "(" && /[a-z0-9_]$/i.test(result)) return err("uses a function, which sources do not offer");
      result += char;
      added.push(0);
    } else if (char === ")" || char === "]") {
      result += close() + char;
      if (added.length > 1) added.pop();
    } else {
      result += char === "," ? close() + char : char;
    }
  }
  return ok(result);
};

/** A compiled JSONPath; the error is a sentence for its author. */
export const compileJsonPath = (text: string): Result<JsonPath, string> => {
  if (isTooLong(text, MAX_PATH_LENGTH)) return err(`must be at most ${MAX_PATH_LENGTH} characters`);
  const prepared = prepare(text);
  if (!prepared.ok) return prepared;
  let query: JsonPathQuery;
  try {
    query = parse(prepared.value);
  } catch (error) {
    return err(`is no JSONPath: ${error instanceof Error ? error.message.slice(0, 200) : "it does not parse"}`);
  }
  return ok({
    select: (root, budget) => {
      const walk = createWalk(root, budget);
      const nodes = selectNodes({ value: root, pointer: "" }, query.segments, walk);
      if (budget.isSpent()) return err(STEPS_SPENT);
      return walk.left < 0 ? err(`walks through more than ${MAX_NODES} values`) : ok(nodes);
    },
  });
};

/** Texts inside a body that are JSON themselves, such as the `Message` of an AWS SNS notification. */
import { err, ok, type Result } from "../result.ts";
import { MAX_JSON_DEPTH } from "./limits.ts";
import { type Budget, MAX_PARSED_LENGTH, STEPS_SPENT } from "./source-limits.ts";
import { changeAt, parsePointer } from "./source-pointer.ts";

/** The body with the text replaced by what it says; a text that is not JSON stays, since a sender may mix both. */
export type Unpack = (body: unknown, budget: Budget) => Result<unknown, string>;

/** Unpacks the text at a JSON Pointer. */
export const compileUnpacking = (pointer: string): Result<Unpack, string> => {
  const tokens = parsePointer(pointer);
  if (!tokens.ok) return tokens;
  return ok((body, budget) => {
    let excess: string | null = null;
    const unpacked = changeAt(body, tokens.value, (value) => {
      if (typeof value !== "string") return value;
      if (!budget.spend(value.length)) excess = STEPS_SPENT;
      else if (value.length > MAX_PARSED_LENGTH) excess = `the text is longer than ${MAX_PARSED_LENGTH} characters`;
      if (excess !== null) return value;
      const parsed = parse(value);
      if (isDeeperThan(parsed, MAX_JSON_DEPTH)) excess = `its JSON is nested deeper than ${MAX_JSON_DEPTH} levels`;
      return parsed;
    });
    return excess === null ? ok(unpacked) : err(excess);
  });
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** Level by level, so that no nesting is deep enough to exhaust the stack. */
const isDeeperThan = (value: unknown, depth: number): boolean => {
  let level: readonly unknown[] = [value];
  for (let left = depth; level.length > 0; left--) {
    if (left < 0) return true;
    level = level.flatMap((one) => (typeof one === "object" && one !== null ? Object.values(one) : []));
  }
  return false;
};

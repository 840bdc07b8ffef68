/** JSON Pointer (RFC 6901) as an operator writes it: reading and changing a value in a body. */
import { err, ok, type Result } from "../result.ts";
import { isTooLong } from "./json.ts";
import { MAX_PATH_LENGTH } from "./source-limits.ts";

/** The names of a pointer's steps; the error is a sentence for its author. */
export const parsePointer = (pointer: string): Result<readonly string[], string> => {
  if (isTooLong(pointer, MAX_PATH_LENGTH)) return err(`must be at most ${MAX_PATH_LENGTH} characters`);
  if (pointer !== "" && !pointer.startsWith("/")) return err("is no JSON Pointer: it must start with /");
  if (/~(?![01])/.test(pointer)) return err("is no JSON Pointer: ~ must be written ~0, / in a name ~1");
  return ok(
    pointer
      .split("/")
      .slice(1)
      .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~")),
  );
};

/** The value there, or undefined; only own members and whole array indices count. */
export const readPointer = (root: unknown, tokens: readonly string[]): unknown => {
  let value = root;
  for (const token of tokens) {
    if (typeof value !== "object" || value === null) return undefined;
    if (Array.isArray(value) && !/^(?:0|[1-9][0-9]*)$/.test(token)) return undefined;
    if (!Object.hasOwn(value, token)) return undefined;
    value = (value as Record<string, unknown>)[token];
  }
  return value;
};

/** A copy of the body in which `change` was applied to the value there; the body itself where there is none. */
export const changeAt = (root: unknown, tokens: readonly string[], change: (value: unknown) => unknown): unknown => {
  const [token, ...rest] = tokens;
  if (token === undefined) return change(root);
  if (readPointer(root, [token]) === undefined) return root;
  if (Array.isArray(root))
    return root.map((item, index) => (String(index) === token ? changeAt(item, rest, change) : item));
  return Object.fromEntries(
    Object.entries(root as object).map(([name, value]) => [
      name,
      name === token ? changeAt(value, rest, change) : value,
    ]),
  );
};

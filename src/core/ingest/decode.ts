/** From the bytes of a request to JSON: size, depth and number of values are checked before anything is built. */
import { ok, type Result } from "../result.ts";
import { MAX_BODY_BYTES, MAX_JSON_DEPTH, MAX_JSON_VALUES } from "./limits.ts";
import { describeJsonError } from "./locate.ts";
import { bodyTooLarge, malformed, type Problem, tooLarge } from "./problem.ts";
import { scanJson } from "./scan.ts";

// Strict: a label with a replacement character in it would be another alert.
const UTF8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The JSON value of a body, already decompressed. A byte order mark is tolerated. What it returns is at most
 * MAX_JSON_DEPTH deep. `maxBytes` may only lower MAX_BODY_BYTES.
 */
export const decodeBody = (bytes: Uint8Array, maxBytes = MAX_BODY_BYTES): Result<unknown, Problem> => {
  const limit = Math.min(maxBytes, MAX_BODY_BYTES);
  if (bytes.length > limit) return bodyTooLarge(limit);
  const excess = scanJson(bytes);
  if (excess?.kind === "depth") {
    return malformed(`nested deeper than ${MAX_JSON_DEPTH} levels at byte ${excess.offset}`);
  }
  if (excess !== null) return tooLarge(`the body holds more than ${MAX_JSON_VALUES} JSON values`);
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    return malformed("not UTF-8 text");
  }
  try {
    return ok(JSON.parse(text));
  } catch {
    return malformed(text.trim() === "" ? "empty" : describeJsonError(text));
  }
};

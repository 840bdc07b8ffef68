/** Why a whole body is refused, in the words of contracts 1.3; single alerts are refused by rejects in `Parsed`. */
import type { Defect, Result } from "../result.ts";
import { err } from "../result.ts";

export type ProblemType = "malformed-body" | "nothing-usable" | "too-large";

export interface Problem {
  readonly type: ProblemType;
  /** One plain sentence for the sender. That of a malformed body contains the word "invalid". */
  readonly detail: string;
  readonly errors: readonly Defect[];
}

/** The body is not what it should be at all: empty, no UTF-8, no JSON, neither object nor array. 400. */
export const malformed = (message: string, path = ""): Result<never, Problem> =>
  err({ type: "malformed-body", detail: `invalid body: ${message}`, errors: [{ path, message }] });

/** Well-formed, but not one alert of it can be stored. 400. */
export const nothingUsable = (detail: string, errors: readonly Defect[]): Result<never, Problem> =>
  err({ type: "nothing-usable", detail, errors });

/** More than a limit of limits.ts allows. 413. */
export const tooLarge = (message: string): Result<never, Problem> =>
  err({ type: "too-large", detail: message, errors: [{ path: "", message }] });

/** For callers that see the size before the bytes, such as from Content-Length or while decompressing. */
export const bodyTooLarge = (maxBytes: number): Result<never, Problem> =>
  tooLarge(`the body is larger than ${maxBytes} bytes`);

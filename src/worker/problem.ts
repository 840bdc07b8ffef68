/** Errors as `application/problem+json` (RFC 9457, contracts 1.3): one closed set of types, made in one place. */
import type { Context } from "hono";
import type { Defect } from "../core/result.ts";

const PROBLEMS = {
  "malformed-body": [400, "Malformed body"],
  "nothing-usable": [400, "Nothing usable"],
  "invalid-parameter": [400, "Invalid parameter"],
  unauthorized: [401, "Unauthorized"],
  forbidden: [403, "Forbidden"],
  "not-found": [404, "Not found"],
  "method-not-allowed": [405, "Method not allowed"],
  conflict: [409, "Conflict"],
  "precondition-failed": [412, "Precondition failed"],
  "too-large": [413, "Too large"],
  "unsupported-media-type": [415, "Unsupported media type"],
  validation: [422, "Validation failed"],
  "refresh-too-soon": [429, "Refreshed too recently"],
  internal: [500, "Internal error"],
  overloaded: [503, "Overloaded"],
  "dependency-unavailable": [503, "Dependency unavailable"],
  "refresh-in-progress": [503, "Refresh in progress"],
  timeout: [504, "Timed out"],
} as const;
export type ProblemType = keyof typeof PROBLEMS;

export interface ProblemOptions {
  readonly errors?: readonly Defect[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** The status a problem is answered with. */
export const problemStatus = (type: ProblemType): (typeof PROBLEMS)[ProblemType][0] => PROBLEMS[type][0];

/** Answers with a problem; `detail` is a sentence for the caller and holds no secret. */
export const problem = (c: Context, type: ProblemType, detail: string, options: ProblemOptions = {}): Response => {
  const [status, title] = PROBLEMS[type];
  c.set("problem", type);
  const body = {
    type: `/problems/${type}`,
    title,
    status,
    detail,
    instance: new URL(c.req.url).pathname,
    request_id: (c.get("requestId") as string | undefined) ?? null,
    ...(options.errors === undefined ? {} : { errors: options.errors }),
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json", ...options.headers },
  });
};

/**
 * The same from a handler of a typed route. Problems are described once for all routes, not per response, so the
 * answer has no type there; the cast is safe because the framework passes any Response through.
 */
export const refuse = (c: Context, type: ProblemType, detail: string, options: ProblemOptions = {}): never =>
  problem(c, type, detail, options) as never;

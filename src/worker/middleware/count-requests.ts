/** Counts requests and how long they took. Labels are patterns of routes and closed sets, never what a caller sent. */
import type { MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import type { AppEnv } from "../http.ts";
import { count, handOverSometimes, observeSeconds } from "../metrics/count.ts";
import { ours } from "../metrics/families.ts";
import type { ProblemType } from "../problem.ts";

/** Problems of a body that could be read but not used. */
const VALIDATION: readonly (ProblemType | undefined)[] = ["nothing-usable", "validation", "malformed-body"];

const isIngest = (method: string, path: string): boolean =>
  (method === "POST" || method === "PUT") && (path.startsWith("/webhook") || path === "/api/v2/alerts");

const countIngest = (status: number, problem: ProblemType | undefined, ms: number): void => {
  count("webhook_requests_total", { status: String(status) });
  observeSeconds("webhook_request_duration_seconds", ms);
  if (status < 400) return;
  const type = problem ?? (status === 503 ? "overloaded" : "nothing-usable");
  count("webhook_errors_total", { type });
  count(ours("webhook_errors_total"), { error_type: type });
  if (status === 401 || status === 403) count("webhook_auth_failures_total");
  if (status === 503) count("webhook_rate_limit_hits_total", { limit_type: "overload" });
  if (VALIDATION.includes(type)) count("webhook_validation_errors_total", { type: "body", reason: type });
};

export const countRequests = (): MiddlewareHandler<AppEnv> =>
  async function countRequestsMiddleware(c, next) {
    const from = Date.now();
    await next();
    const ms = Date.now() - from;
    const pattern = matchedRoutes(c).findLast(({ path }) => path !== "/*" && path !== "*")?.path ?? "unknown";
    if (isIngest(c.req.method, c.req.path)) countIngest(c.res.status, c.get("problem"), ms);
    observeSeconds(ours("request_latency_seconds"), ms, { endpoint: pattern });
    c.executionCtx.waitUntil(handOverSometimes(c.env));
  };

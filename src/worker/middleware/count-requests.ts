/** Counts requests and how long they took. Labels are patterns of routes and closed sets, never what a caller sent. */
import type { Context, MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { databaseUse } from "../db/counted.ts";
import type { AppEnv } from "../http.ts";
import { type LogFields, logDebug, logInfo, logWarn } from "../log.ts";
import { count, noteHistoryRequest, observeSeconds } from "../metrics/count.ts";
import { ours } from "../metrics/families.ts";
import { handOverSoon } from "../metrics/hand-over.ts";
import { countHistory, isHistory } from "../metrics/history.ts";
import type { ProblemType } from "../problem.ts";

/** Problems of a body that could be read but not used. */
const VALIDATION: readonly ProblemType[] = ["nothing-usable", "validation", "malformed-body"];

type ErrorKind = "auth" | "validation" | "too_large" | "overload" | "internal" | "request";

const isIngest = (method: string, path: string): boolean =>
  (method === "POST" || method === "PUT") && (path.startsWith("/webhook") || path === "/api/v2/alerts");

const kindOf = (status: number, reason: ProblemType): ErrorKind => {
  if (status === 401 || status === 403) return "auth";
  if (status === 413) return "too_large";
  if (status === 503) return "overload";
  if (status >= 500) return "internal";
  return VALIDATION.includes(reason) ? "validation" : "request";
};

/** Alertmanager's API answers no problems, so that only the status tells. */
const reasonOf = (status: number): ProblemType => {
  if (status === 413) return "too-large";
  if (status === 503) return "overloaded";
  return status >= 500 ? "internal" : "nothing-usable";
};

const countIngest = (status: number, problem: ProblemType | undefined, ms: number): void => {
  count("webhook_requests_total", { status: String(status) });
  observeSeconds("webhook_request_duration_seconds", ms);
  if (status < 400) return;
  const reason = problem ?? reasonOf(status);
  const type = kindOf(status, reason);
  count("webhook_errors_total", { type, reason });
  count(ours("webhook_errors_total"), { error_type: reason });
  if (type === "auth") count("webhook_auth_failures_total");
  if (type === "overload") count("webhook_rate_limit_hits_total", { limit_type: "overload" });
  if (type === "validation") count("webhook_validation_errors_total", { type: "body", reason });
};

/** A line for each request that was refused or failed; for every other one where LOG_LEVEL is debug. */
const logAnswer = (fields: LogFields & { readonly status: number }): void => {
  if (fields.status >= 500) logWarn("http.failed", fields);
  else if (fields.status >= 400) logInfo("http.refused", fields);
  else logDebug("http.answered", fields);
};

const countMode = (c: Context<AppEnv>): void => {
  const mode = c.res.headers.get("x-enrichment-mode");
  if (mode !== null) count(ours("enrichment_mode_requests_total"), { method: c.req.method, mode });
};

export const countRequests = (): MiddlewareHandler<AppEnv> =>
  async function countRequestsMiddleware(c, next) {
    const from = Date.now();
    const { method, path } = c.req;
    const history = isHistory(path);
    if (history) noteHistoryRequest(1);
    try {
      await next();
    } finally {
      if (history) noteHistoryRequest(-1);
    }
    const ms = Date.now() - from;
    const endpoint = matchedRoutes(c).findLast(({ path: route }) => route !== "/*" && route !== "*")?.path ?? "unknown";
    const { status } = c.res;
    if (isIngest(method, path)) countIngest(status, c.get("problem"), ms);
    if (path === "/enrichment/mode") countMode(c);
    if (history) {
      const isConditional = c.req.header("if-none-match") !== undefined;
      const database = databaseUse(c.env);
      countHistory({ method, endpoint, status, problem: c.get("problem"), ms, isConditional, database });
    }
    observeSeconds(ours("request_latency_seconds"), ms, { endpoint });
    logAnswer({ requestId: c.get("requestId"), method, endpoint, status, problem: c.get("problem"), ms });
    handOverSoon(c.env, c.executionCtx);
  };

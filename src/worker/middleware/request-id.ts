/** Names every request and sets the headers that every answer has (contracts 1.2). */
import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "../http.ts";

const ACCEPTED = /^[A-Za-z0-9._-]{1,128}$/;

export const requestId = (): MiddlewareHandler<AppEnv> =>
  async function requestIdMiddleware(c, next) {
    const given = c.req.header("x-request-id");
    const id = given !== undefined && ACCEPTED.test(given) ? given : crypto.randomUUID();
    c.set("requestId", id);
    await next();
    // The first makes the headers ours to change; each further call of the framework's would copy the answer again.
    c.header("x-request-id", id);
    const { headers } = c.res;
    headers.set("x-content-type-options", "nosniff");
    headers.set("referrer-policy", "no-referrer");
    if (headers.get("content-type")?.includes("json")) headers.set("content-security-policy", "default-src 'none'");
    if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  };

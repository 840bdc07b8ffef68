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
    c.header("x-request-id", id);
    c.header("x-content-type-options", "nosniff");
    c.header("referrer-policy", "no-referrer");
    if (c.res.headers.get("content-type")?.includes("json")) c.header("content-security-policy", "default-src 'none'");
    if (!c.res.headers.has("cache-control")) c.header("cache-control", "no-store");
  };

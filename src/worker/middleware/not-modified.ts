/**
 * Who asks again for what seldom changes is told so: an ETag on answers that are polled, and 304 where the caller has it
 * already. Times of the answer itself are no change.
 */
import type { MiddlewareHandler } from "hono";
import { sha256, toHex } from "../auth.ts";
import type { AppEnv } from "../http.ts";

/** A hash of 16 hex digits: nobody gains by a collision with their own answer. */
const ETAG_CHARS = 16;
/** Said of the moment, not of the matter. */
const MOMENTS =
  /"(?:timestamp|last_updated|request_id|processing_time_ms|generated_at|current_mode_duration_seconds)":(?:"[^"]*"|[\d.]+)/g;

/** For GET routes whose answers are JSON and small. */
export const notModified = (): MiddlewareHandler<AppEnv> =>
  async function notModifiedMiddleware(c, next) {
    await next();
    // An export is JSON lines and streams: it is never held to be compared.
    const isJson = c.res.headers.get("content-type")?.startsWith("application/json") === true;
    if (c.req.method !== "GET" || c.res.status !== 200 || !isJson || c.res.body === null) return;
    const text = await c.res.clone().text();
    const etag = `"${toHex(await sha256(text.replace(MOMENTS, ""))).slice(0, ETAG_CHARS)}"`;
    const known = (c.req.header("if-none-match") ?? "").split(",").map((one) => one.trim().replace(/^W\//, ""));
    if (known.includes(etag) || known.includes("*"))
      c.res = new Response(null, { status: 304, headers: c.res.headers });
    c.res.headers.set("etag", etag);
  };

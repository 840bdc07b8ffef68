/** Signing in to the dashboard: a token is given once and exchanged for a cookie that no script can read. */
import { createRoute, z } from "@hono/zod-openapi";
import { authenticate, mayDo, SCOPES } from "../auth.ts";
import { routes, scoped } from "../http.ts";
import { refuse } from "../problem.ts";
import { SessionSchema } from "../schemas.ts";
import { identify, isSameOrigin, makeSession, SESSION_COOKIE, SESSION_SECONDS } from "../session.ts";

/** Secure wherever the page came by https; a local run has no https. */
const cookie = (value: string, seconds: number, url: string): string =>
  `${SESSION_COOKIE}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${url.startsWith("https:") ? "; Secure" : ""}`;

const described = { description: "Who is signed in", content: { "application/json": { schema: SessionSchema } } };

export const sessionRoutes = routes()
  .openapi(
    createRoute({
      method: "post",
      path: "/api/v1/session",
      summary: "Sign in: exchange a token for a session cookie",
      request: {
        body: {
          required: true,
          content: { "application/json": { schema: z.strictObject({ token: z.string().min(1).max(512) }) } },
        },
      },
      responses: {
        200: described,
        401: { description: "No such token" },
        403: { description: "The token may not read, or another site asks" },
      },
    }),
    async (c) => {
      // Otherwise another site could sign a visitor in as somebody else.
      if (c.req.header("origin") !== undefined && !isSameOrigin(c.req.raw)) {
        return refuse(c, "forbidden", "sign in from the dashboard itself");
      }
      const now = Date.now();
      const { token } = c.req.valid("json");
      const caller = await authenticate(c.env, new Headers({ "x-api-key": token }), now);
      if (caller === null) return refuse(c, "unauthorized", "this token is not known, or no longer valid");
      if (!mayDo(caller, "read")) return refuse(c, "forbidden", "this token may not read; use one with the scope read");
      const value = await makeSession(c.env, token, now);
      if (value === null) return refuse(c, "dependency-unavailable", "ENCRYPTION_KEYS is not set");
      c.header("set-cookie", cookie(value, SESSION_SECONDS, c.req.url));
      return c.json({ name: caller.name, scopes: SCOPES.filter((scope) => mayDo(caller, scope)) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/api/v1/session",
      summary: "Who is signed in, and what they may do",
      responses: { 200: described, 204: { description: "Nobody is signed in" } },
    }),
    async (c) => {
      const caller = await identify(c.env, c.req.raw, Date.now());
      // Asked before anybody could sign in, so nobody is an answer and no error.
      if (caller === null || caller === "cross_site" || !mayDo(caller, "read")) return c.body(null, 204);
      return c.json({ name: caller.name, scopes: SCOPES.filter((scope) => mayDo(caller, scope)) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/api/v1/session",
      summary: "Sign out",
      ...scoped("read"),
      responses: { 204: { description: "Signed out" } },
    }),
    (c) => {
      c.header("set-cookie", cookie("", 0, c.req.url));
      return c.body(null, 204);
    },
  );

/** What every route shares: the typed context, the scope guard and the OpenAPI application. */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { type Caller, mayDo, type Scope } from "./auth.ts";
import type { Bindings } from "./env.ts";
import { type ProblemType, problem } from "./problem.ts";
import { identify, SESSION_HEADER } from "./session.ts";

export interface AppEnv {
  Bindings: Bindings;
  Variables: {
    requestId: string;
    caller: Caller;
    /** Set where the answer is a problem. */
    problem?: ProblemType;
  };
}

const BEARER = 'Bearer realm="alert-history"';
/** Left out for the dashboard: browsers open a window of their own for it, over the page that asks for the token. */
const BASIC = 'Basic realm="alert-history"';

/** Lets a request pass whose token holds the scope; 401 without a known token, 403 without the scope. */
export const requireScope = (scope: Scope): MiddlewareHandler<AppEnv> =>
  async function scopeGuard(c, next) {
    const caller = await identify(c.env, c.req.raw, Date.now());
    if (caller === "cross_site") return problem(c, "forbidden", "a session acts only for pages of this very origin");
    if (caller === null) {
      return problem(c, "unauthorized", "a valid token is needed", {
        headers: { "www-authenticate": c.req.header(SESSION_HEADER) === undefined ? `${BEARER}, ${BASIC}` : BEARER },
      });
    }
    if (!mayDo(caller, scope)) return problem(c, "forbidden", `this token lacks the scope ${scope}`);
    c.set("caller", caller);
    await next();
  };

/** The part of a route definition that guards it and shows the scope in the API document. */
export const scoped = (scope: Scope) => ({
  security: [{ token: [] as string[] }],
  middleware: [requireScope(scope)] as [MiddlewareHandler<AppEnv>],
  "x-scope": scope,
});

/** A sub-application whose validation failures are problems: 400 for queries and paths, 422 for bodies. */
export const routes = (): OpenAPIHono<AppEnv> =>
  new OpenAPIHono<AppEnv>({
    defaultHook: (result, c) => {
      if (result.success) return;
      const inBody = result.target === "json" || result.target === "form";
      const errors = result.error.issues.map((issue) => ({
        path: inBody ? `/${issue.path.join("/")}` : `${result.target}.${issue.path.join(".")}`,
        message: issue.message,
      }));
      const detail = errors.map((e) => `${e.path} ${e.message}`).join("; ");
      return problem(c, inBody ? "validation" : "invalid-parameter", detail, { errors });
    },
  });

/** The WebSocket of the dashboard; browsers send cookies with it from anywhere, so its origin is looked at. */
import { createRoute, z } from "@hono/zod-openapi";
import { mayDo } from "../auth.ts";
import { routes, scoped } from "../http.ts";
import { LIVE_CALLER } from "../objects/live-feed.ts";
import { refuse } from "../problem.ts";
import { credentialOf } from "../session.ts";

export const liveRoutes = routes().openapi(
  createRoute({
    method: "get",
    path: "/api/v1/live",
    summary: "WebSocket: `hello{seq}`, then `{seq, changes[{type, id, status}], more{type: n}}`; after a gap ask again",
    ...scoped("read"),
    request: { headers: z.object({ upgrade: z.string().optional() }) },
    responses: {
      400: { description: "Not a WebSocket request" },
      101: { description: "Switched to WebSocket" },
      403: { description: "Asked for by another site" },
    },
  }),
  async (c) => {
    if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
      return refuse(c, "invalid-parameter", "this path speaks WebSocket only", { headers: { upgrade: "websocket" } });
    }
    const origin = c.req.header("origin");
    if (origin !== undefined && origin !== new URL(c.req.url).origin) {
      return refuse(c, "forbidden", "the live feed is for pages of this very origin");
    }
    const headers = new Headers(c.req.raw.headers);
    const credential = await credentialOf(headers);
    headers.set(LIVE_CALLER, JSON.stringify({ ...credential, operates: mayDo(c.var.caller, "operate") }));
    // Neither token nor cookie goes further than here.
    for (const name of ["authorization", "x-api-key", "cookie"]) headers.delete(name);
    return (await c.env.LIVE.getByName("main").fetch(new Request(c.req.raw, { headers }))) as never;
  },
);

/** API tokens: created with scopes and perhaps a source, shown once, known afterwards by their hash only. */
import { createRoute, z } from "@hono/zod-openapi";
import { forgetTokens, SCOPES, type Scope, sha256, toHex } from "../auth.ts";
import { recordAudit } from "../db/audit.ts";
import { routes, scoped } from "../http.ts";
import { noteChange } from "../live.ts";
import { refuse } from "../problem.ts";
import { time, timeOrNull } from "../views.ts";

const Name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "must be a DNS label of at most 63 characters");
const Shown = z.object({
  name: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  source: z.string().nullable(),
  created_at: z.string(),
  created_by: z.string(),
  /** To the hour; null: not used yet. */
  last_used_at: z.string().nullable(),
  expires_at: z.string().nullable(),
});

/** 32 random bytes: nobody guesses them, so the plain hash is safe to keep. */
const newToken = (): string => `ah_${toHex(crypto.getRandomValues(new Uint8Array(32)))}`;

export const tokenRoutes = routes()
  .openapi(
    createRoute({
      method: "get",
      path: "/api/v1/tokens",
      summary: "Tokens, without their values",
      ...scoped("admin"),
      responses: {
        200: {
          description: "Tokens by name",
          content: { "application/json": { schema: z.object({ tokens: z.array(Shown) }) } },
        },
      },
    }),
    async (c) => {
      const { results } = await c.env.DB.prepare("SELECT * FROM tokens ORDER BY name").all<{
        name: string;
        scopes: string;
        source: string | null;
        created_at: number;
        created_by: string;
        last_used_at: number | null;
        expires_at: number | null;
      }>();
      const tokens = results.map((row) => ({
        name: row.name,
        scopes: JSON.parse(row.scopes) as Scope[],
        source: row.source,
        created_at: time(row.created_at),
        created_by: row.created_by,
        last_used_at: timeOrNull(row.last_used_at),
        expires_at: timeOrNull(row.expires_at),
      }));
      return c.json({ tokens });
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/api/v1/tokens",
      summary: "Create a token; the answer is the only place its value is ever shown",
      ...scoped("admin"),
      request: {
        body: {
          required: true,
          content: {
            "application/json": {
              schema: z.strictObject({
                name: Name,
                scopes: z.array(z.enum(SCOPES)).min(1),
                source: Name.optional(),
                expires_at: z.iso.datetime({ offset: true }).optional(),
              }),
            },
          },
        },
      },
      responses: {
        201: {
          description: "Created",
          content: { "application/json": { schema: Shown.extend({ token: z.string() }) } },
        },
        409: { description: "The name is taken" },
      },
    }),
    async (c) => {
      const body = c.req.valid("json");
      const now = Date.now();
      const token = newToken();
      const expiresAt = body.expires_at === undefined ? null : Date.parse(body.expires_at);
      const { meta } = await c.env.DB.prepare(
        `INSERT INTO tokens (hash, name, scopes, source, created_at, created_by, expires_at)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE NOT EXISTS (SELECT 1 FROM tokens WHERE name = ?2)`,
      )
        .bind(
          toHex(await sha256(token)),
          body.name,
          JSON.stringify(body.scopes),
          body.source ?? null,
          now,
          c.var.caller.name,
          expiresAt,
        )
        .run();
      if (meta.changes === 0) return refuse(c, "conflict", `a token ${body.name} exists`);
      forgetTokens();
      await recordAudit(c.env.DB, now, c.var.caller.name, "token.create", body.name, { scopes: body.scopes });
      noteChange("token", body.name, "created");
      return c.json(
        {
          name: body.name,
          scopes: body.scopes,
          source: body.source ?? null,
          created_at: time(now),
          created_by: c.var.caller.name,
          last_used_at: null,
          expires_at: timeOrNull(expiresAt),
          token,
        },
        201,
      );
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/api/v1/tokens/{name}",
      summary: "Revoke a token",
      ...scoped("admin"),
      request: { params: z.object({ name: z.string().max(63) }) },
      responses: { 204: { description: "Revoked" }, 404: { description: "No such token" } },
    }),
    async (c) => {
      const { name } = c.req.valid("param");
      const { meta } = await c.env.DB.prepare("DELETE FROM tokens WHERE name = ?1").bind(name).run();
      if (meta.changes === 0) return refuse(c, "not-found", `no token ${name}`);
      forgetTokens();
      await recordAudit(c.env.DB, Date.now(), c.var.caller.name, "token.revoke", name, {});
      noteChange("token", name, "revoked");
      return c.body(null, 204);
    },
  );

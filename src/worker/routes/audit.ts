/** `GET /api/v1/audit`: who changed what, when and why. */
import { createRoute, z } from "@hono/zod-openapi";
import { routes, scoped } from "../http.ts";
import { time } from "../views.ts";

export const AuditSchema = z
  .object({
    entries: z.array(
      z.object({
        id: z.number(),
        at: z.string(),
        actor: z.string(),
        action: z.string(),
        subject: z.string(),
        detail: z.record(z.string(), z.unknown()),
      }),
    ),
    cursor: z.string().nullable(),
  })
  .openapi("Audit");

/** Entries one page looks at, at most: a rare action ends a page early and says where to go on. */
const MAX_SCANNED = 2_000;

export const auditRoutes = routes().openapi(
  createRoute({
    method: "get",
    path: "/api/v1/audit",
    summary: "Who changed what, newest first",
    ...scoped("operate"),
    request: {
      query: z.object({
        /** The action, or its beginning up to a dot: `enrichment.mode`, `silence`. */
        action: z
          .string()
          .regex(/^[a-z_.]{1,60}$/, "must be an action such as enrichment.mode")
          .optional(),
        limit: z.coerce.number().int().min(1).max(200).default(50),
        cursor: z
          .string()
          .regex(/^\d{1,15}$/, "must be a cursor of ours")
          .optional(),
      }),
    },
    responses: {
      200: { description: "Changes", content: { "application/json": { schema: AuditSchema } } },
      400: { description: "A parameter is wrong" },
    },
  }),
  async (c) => {
    const { action, limit, cursor } = c.req.valid("query");
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor);
    const scanned = `SELECT * FROM audit WHERE id < ?1 ORDER BY id DESC LIMIT ${MAX_SCANNED}`;
    const [found, edge] = await c.env.DB.batch<{
      id: number;
      at: number;
      actor: string;
      action: string;
      subject: string;
      detail: string;
    }>([
      c.env.DB.prepare(
        `SELECT * FROM (${scanned}) WHERE ?2 IS NULL OR action = ?2 OR substr(action, 1, length(?2) + 1) = ?2 || '.'
         ORDER BY id DESC LIMIT ?3`,
      ).bind(before, action ?? null, limit + 1),
      c.env.DB.prepare(`SELECT id FROM audit WHERE id < ?1 ORDER BY id DESC LIMIT 1 OFFSET ${MAX_SCANNED - 1}`).bind(
        before,
      ),
    ]);
    const rows = found?.results ?? [];
    const shown = rows.slice(0, limit);
    const next = rows.length > limit ? shown.at(-1)?.id : edge?.results[0]?.id;
    return c.json(
      {
        entries: shown.map((row) => ({
          ...row,
          at: time(row.at),
          detail: JSON.parse(row.detail) as Record<string, unknown>,
        })),
        cursor: next === undefined ? null : String(next),
      },
      200,
    );
  },
);

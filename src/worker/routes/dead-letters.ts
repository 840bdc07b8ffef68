/** What could not be delivered: `/api/v1/dead-letters`. */
import { createRoute, z } from "@hono/zod-openapi";
import { recordAudit } from "../db/audit.ts";
import { countDead, discardDead, MAX_COUNTED, readLedgerId } from "../db/ledger.ts";
import { routes, scoped } from "../http.ts";
import { errorTypeOf } from "../jobs.ts";
import { noteChange } from "../live.ts";
import { refuse } from "../problem.ts";
import { answerReplay, filter, idParam, list, listResponses, page, ReplayBody, replayRoute } from "./notifications.ts";

const DeadReplayBody = ReplayBody.omit({ state: true }).strict();

export const deadLetterRoutes = routes()
  .openapi(
    createRoute({
      method: "get",
      path: "/api/v1/dead-letters",
      summary: "What could not be delivered, newest first",
      ...scoped("read"),
      request: { query: filter.omit({ state: true }).extend(page) },
      responses: listResponses,
    }),
    async (c) => {
      const answer = await list(c, { ...c.req.valid("query"), state: "dead" });
      return answer === null ? refuse(c, "invalid-parameter", "cursor is invalid") : c.json(answer, 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/api/v1/dead-letters/counts",
      summary: "Dead letters by reason and target",
      ...scoped("read"),
      responses: {
        200: {
          description: "Counts",
          content: {
            "application/json": {
              schema: z.object({
                total: z.number(),
                total_is_capped: z.boolean(),
                replayed: z.number(),
                counts: z.array(
                  z.object({
                    target: z.string(),
                    reason: z.string().nullable(),
                    error_type: z.string(),
                    count: z.number(),
                  }),
                ),
              }),
            },
          },
        },
      },
    }),
    async (c) => {
      const counts = await countDead(c.env.DB);
      const byKey = Map.groupBy(counts, (row) => `${row.target} ${row.reason}`);
      const total = counts.reduce((sum, row) => sum + row.n, 0);
      return c.json({
        total,
        total_is_capped: total >= MAX_COUNTED,
        replayed: counts.reduce((sum, row) => sum + row.replayed, 0),
        counts: [...byKey.values()].map((rows) => ({
          target: rows[0]!.target,
          reason: rows[0]!.reason,
          error_type: errorTypeOf(rows[0]!.reason),
          count: rows.reduce((sum, row) => sum + row.n, 0),
        })),
      });
    },
  )
  .openapi(replayRoute("/api/v1/dead-letters/replay", "Send dead letters once more", DeadReplayBody), (c) =>
    answerReplay(c, c.req.valid("json"), "dead"),
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/api/v1/dead-letters/{id}",
      summary: "Discard one dead letter",
      ...scoped("operate"),
      request: { params: idParam },
      responses: { 204: { description: "Discarded" }, 404: { description: "No such dead letter" } },
    }),
    async (c) => {
      const { id } = c.req.valid("param");
      const key = readLedgerId(id);
      if (key === null || (await discardDead(c.env.DB, [key])) === 0)
        return refuse(c, "not-found", "no such dead letter");
      await recordAudit(c.env.DB, Date.now(), c.var.caller.name, "dead_letter.discard", id, {});
      noteChange("delivery", id, "discarded");
      return c.body(null, 204);
    },
  );

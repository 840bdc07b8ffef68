/** `GET /api/v1/volume`: how much came in over a range, in steps a chart can show. */
import { createRoute, z } from "@hono/zod-openapi";
import { readVolume } from "../db/volume.ts";
import { routes, scoped } from "../http.ts";
import { time } from "../views.ts";
import { badRange, rangeOf, rangeQuery } from "./history-analytics.ts";

export const VolumeSchema = z
  .object({
    step_seconds: z.number(),
    points: z.array(
      z.object({
        timestamp: z.string(),
        critical: z.number(),
        warning: z.number(),
        info: z.number(),
        noise: z.number(),
        resolved: z.number(),
      }),
    ),
  })
  .openapi("Volume");

export const volumeRoutes = routes().openapi(
  createRoute({
    method: "get",
    path: "/api/v1/volume",
    summary: "What began to fire by severity, over a range, in even steps",
    ...scoped("read"),
    request: { query: rangeQuery.pick({ from: true, to: true }) },
    responses: {
      200: { description: "Counts", content: { "application/json": { schema: VolumeSchema } } },
      400: { description: "The range is wrong" },
    },
  }),
  async (c) => {
    const range = rangeOf(c.req.valid("query"), Date.now());
    if (range === null) return badRange(c);
    const { stepMs, points } = await readVolume(c.env.DB, range.fromMs, range.toMs);
    return c.json(
      { step_seconds: stepMs / 1000, points: points.map(({ at, ...counts }) => ({ timestamp: time(at), ...counts })) },
      200,
    );
  },
);

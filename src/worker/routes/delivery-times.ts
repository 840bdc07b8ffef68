/** How long notifications took to be delivered: `/api/v1/delivery-times`. */
import { createRoute, z } from "@hono/zod-openapi";
import { percentile } from "../../core/history/latency.ts";
import { readDeliveries } from "../db/delivery-times.ts";
import { routes, scoped } from "../http.ts";
import { DeliveryTimes } from "./dashboard-schemas.ts";

const HOUR_MS = 3_600_000;

export const deliveryTimesRoutes = routes().openapi(
  createRoute({
    method: "get",
    path: "/api/v1/delivery-times",
    summary: "How long notifications took to be delivered, by target",
    ...scoped("read"),
    request: { query: z.object({ hours: z.coerce.number().int().min(1).max(720).default(24) }) },
    responses: {
      200: { description: "Percentiles in milliseconds", content: { "application/json": { schema: DeliveryTimes } } },
    },
  }),
  async (c) => {
    const now = Date.now();
    const { hours } = c.req.valid("query");
    const byTarget = await readDeliveries(c.env.DB, now - (hours - 1) * HOUR_MS, now);
    const targets = [...byTarget].map(([target, one]) => ({
      target,
      delivered: one.delivered,
      failed: one.failed,
      p50_ms: percentile(one, 0.5),
      p95_ms: percentile(one, 0.95),
      p99_ms: percentile(one, 0.99),
    }));
    return c.json({ hours, targets }, 200);
  },
);

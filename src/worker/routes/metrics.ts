/** `/metrics`: counters from the object that keeps them, gauges from what is stored; whoever answers tells the same. */
import { createRoute, z } from "@hono/zod-openapi";
import { routes, scoped } from "../http.ts";
import { collectAll } from "../metrics/count.ts";
import { FAMILIES } from "../metrics/families.ts";
import { readGauges } from "../metrics/gauges.ts";
import { encodeMetrics } from "../metrics/text.ts";
import { VERSION } from "./health.ts";

const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export const metricsRoutes = routes().openapi(
  createRoute({
    method: "get",
    path: "/metrics",
    summary: "Metrics in Prometheus' text format",
    ...scoped("read"),
    responses: { 200: { description: "Metrics", content: { "text/plain": { schema: z.string() } } } },
  }),
  async (c) => {
    const collected = await collectAll(c.env, VERSION);
    const gauges = await readGauges(c.env, collected, VERSION, Date.now());
    const samples = new Map([...Object.entries(collected.counts), ...gauges]);
    return c.text(encodeMetrics(FAMILIES, samples), 200, { "content-type": CONTENT_TYPE });
  },
);

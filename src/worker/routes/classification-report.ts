/** `GET /api/v1/classification-report`: how sure, how right and how dear classification was over a range. */
import { createRoute, z } from "@hono/zod-openapi";
import { DECISION_COUNTS } from "../../core/history/decision-counts.ts";
import { BINS, callGroups, callTimes, judgedEvents } from "../db/classification-report.ts";
import { readHours } from "../db/rollup-reads.ts";
import { routes, scoped } from "../http.ts";
import { sumBy } from "../statistics.ts";
import { time } from "../views.ts";
import { badRange, rangeOf, rangeQuery } from "./history-analytics.ts";

export const ClassificationReport = z
  .object({
    /** Decisions by who answered: `llm`, `cache`, `fallback`. */
    answered_by: z.record(z.string(), z.number()),
    hours: z.array(z.object({ timestamp: z.string(), llm: z.number(), cache: z.number(), fallback: z.number() })),
    calls: z.array(
      z.object({
        model: z.string(),
        prompt_version: z.string(),
        outcome: z.string(),
        reason: z.string().nullable(),
        calls: z.number(),
        prompt_tokens: z.number(),
        completion_tokens: z.number(),
      }),
    ),
    latency: z.object({ p50_ms: z.number().nullable(), p95_ms: z.number().nullable() }),
    /** Classified events by tenth of confidence, the least sure first. */
    confidence: z.array(z.number()),
    agreement: z.array(z.object({ label: z.string().nullable(), severity: z.string(), events: z.number() })),
  })
  .openapi("ClassificationReport");

const at = (sorted: readonly number[], part: number): number | null =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? null;

export const classificationReportRoutes = routes().openapi(
  createRoute({
    method: "get",
    path: "/api/v1/classification-report",
    summary: "How sure, how right and how dear classification was over a range",
    ...scoped("read"),
    request: { query: rangeQuery.pick({ from: true, to: true }) },
    responses: {
      200: { description: "The report", content: { "application/json": { schema: ClassificationReport } } },
      400: { description: "The range is wrong" },
    },
  }),
  async (c) => {
    const range = rangeOf(c.req.valid("query"), Date.now());
    if (range === null) return badRange(c);
    const { fromMs, toMs } = range;
    const [hours, calls, times, judged] = await Promise.all([
      readHours(c.env.DB, range),
      callGroups(c.env.DB, fromMs, toMs),
      callTimes(c.env.DB, fromMs, toMs),
      judgedEvents(c.env.DB, fromMs, toMs),
    ]);
    const kind = DECISION_COUNTS.classifiedBy;
    const pairs = Map.groupBy(judged, ({ label, severity }) => `${label ?? ""} ${severity}`);
    return c.json(
      {
        answered_by: Object.fromEntries(sumBy(hours, kind)),
        hours: hours.map(({ at: hour, counts }) => ({
          timestamp: time(hour),
          llm: counts[`${kind}llm`] ?? 0,
          cache: counts[`${kind}cache`] ?? 0,
          fallback: counts[`${kind}fallback`] ?? 0,
        })),
        calls,
        latency: { p50_ms: at(times, 0.5), p95_ms: at(times, 0.95) },
        confidence: Array.from({ length: BINS }, (_, bin) =>
          judged.reduce((sum, row) => sum + (row.bin === bin ? row.n : 0), 0),
        ),
        agreement: [...pairs.values()].map((rows) => ({
          label: rows[0]?.label ?? null,
          severity: rows[0]?.severity ?? "",
          events: rows.reduce((sum, row) => sum + row.n, 0),
        })),
      },
      200,
    );
  },
);

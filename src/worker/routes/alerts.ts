/** Why an alert went where it went: `GET /api/v1/alerts/{fingerprint}/trace`. */
import { createRoute, z } from "@hono/zod-openapi";
import { deliveriesOf, eventsOf } from "../db/history.ts";
import { routes, scoped } from "../http.ts";
import { refuse } from "../problem.ts";
import { TraceStepSchema } from "../schemas.ts";
import { type NotificationRow, showTrace, time } from "../views.ts";
import { FINGERPRINT } from "./history.ts";

const Trace = z.object({
  fingerprint: z.string(),
  events: z.array(
    z.object({
      event_id: z.string(),
      kind: z.string(),
      status: z.string(),
      received_at: z.string(),
      source: z.string().nullable(),
      config_version: z.number().nullable(),
      trace: z.array(TraceStepSchema),
    }),
  ),
});

/** Events of which the trace is shown; older ones are in the history. */
const TRACED_EVENTS = 20;

const DECISIONS: Readonly<Record<string, string>> = {
  pending: "queued",
  retry: "retrying",
  delivered: "sent",
  dead: "dead_letter",
};

const deliverySteps = (row: NotificationRow) => ({
  at: time(row.completed_at ?? row.next_attempt_at ?? row.at),
  stage: "deliver",
  decision: DECISIONS[row.state] ?? row.state,
  reason: row.reason ?? row.state,
  target: row.target,
});

export const alertRoutes = routes().openapi(
  createRoute({
    method: "get",
    path: "/api/v1/alerts/{fingerprint}/trace",
    summary: "What happened to an alert, step by step, and why",
    ...scoped("read"),
    request: {
      params: z.object({ fingerprint: z.string().regex(FINGERPRINT, "must be 16 hex digits").toLowerCase() }),
    },
    responses: {
      200: { description: "Newest event first", content: { "application/json": { schema: Trace } } },
      404: { description: "Never seen" },
    },
  }),
  async (c) => {
    const { fingerprint } = c.req.valid("param");
    const rows = await eventsOf(c.env.DB, fingerprint, TRACED_EVENTS, 0);
    if (rows.length === 0) return refuse(c, "not-found", `no alert ${fingerprint} is known`);
    const deliveries = await deliveriesOf(c.env.DB, rows);
    return c.json(
      {
        fingerprint,
        events: rows.map((row) => ({
          event_id: `${row.fingerprint}:${row.seq}`,
          kind: row.kind,
          status: row.status,
          received_at: time(row.received_at),
          source: row.source,
          config_version: row.config_version,
          trace: [
            ...showTrace(row.trace),
            ...(deliveries.get(`${row.fingerprint}:${row.seq}`) ?? []).map(deliverySteps),
          ],
        })),
      },
      200,
    );
  },
);

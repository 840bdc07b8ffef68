/** What happened, newest first: `/history`, `/history/search`, `/history/recent`, `/history/{fingerprint}`. */
import { createRoute, z } from "@hono/zod-openapi";
import { searchParameters } from "../../core/history/paging.ts";
import { deliveriesOf, eventsOf, walkEvents } from "../db/history.ts";
import { listHistory, showEvents } from "../history-list.ts";
import { routes, scoped } from "../http.ts";
import { refuse } from "../problem.ts";
import { DeliverySchema, EventSchema, TraceStepSchema } from "../schemas.ts";
import { shardName, shardOf } from "../shards.ts";
import { showDelivery, showEvent, showTrace, time } from "../views.ts";
import { EVERYTHING, HistoryQuery } from "./history-query.ts";

const MAX_LIMIT = 1000;

const Listed = z.object({ alerts: z.array(EventSchema), count: z.number(), limit: z.number() });
const Page = Listed.extend({
  total: z.number().nullable(),
  total_is_capped: z.boolean(),
  offset: z.number().nullable(),
  page: z.number().nullable(),
  per_page: z.number(),
  total_pages: z.number().nullable(),
  has_next: z.boolean(),
  has_prev: z.boolean(),
  cursor: z.string().nullable(),
  prev_cursor: z.string().nullable(),
  truncated: z.boolean(),
}).openapi("HistoryPage");
const OneAlert = z.object({
  fingerprint: z.string(),
  alert_name: z.string(),
  labels: z.record(z.string(), z.string()),
  current_status: z.string(),
  first_seen: z.string(),
  last_seen: z.string(),
  receive_count: z.number(),
  events: z.array(EventSchema.extend({ trace: z.array(TraceStepSchema) })),
  deliveries: z.array(DeliverySchema),
});
const pageAnswer = {
  200: {
    description: "A page of events, and cursors for the pages around it",
    content: { "application/json": { schema: Page } },
  },
  400: { description: "A parameter is wrong" },
};

export const FINGERPRINT = /^[0-9a-fA-F]{16}$/;
const fingerprintParam = z.object({
  fingerprint: z.string().regex(FINGERPRINT, "must be 16 hex digits").toLowerCase(),
});

const Search = z.strictObject({
  query: z.string().max(500).optional(),
  filters: z.record(z.string(), z.unknown()).optional(),
  pagination: z.record(z.string(), z.unknown()).optional(),
  sorting: z.record(z.string(), z.unknown()).optional(),
});

export const historyRoutes = routes()
  .openapi(
    createRoute({
      method: "get",
      path: "/history",
      summary: "Events, newest first",
      ...scoped("read"),
      request: { query: HistoryQuery },
      responses: pageAnswer,
    }),
    async (c) => {
      const listed = await listHistory(c.env.DB, [...new URL(c.req.url).searchParams], Date.now());
      if (listed.ok) return c.json(listed.value, 200);
      const detail = listed.error.map(({ path, message }) => `${path} ${message}`).join("; ");
      return refuse(c, "invalid-parameter", detail, { errors: listed.error });
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/history/search",
      summary: "The same with the parameters in a body",
      ...scoped("read"),
      request: { body: { required: true, content: { "application/json": { schema: Search } } } },
      responses: pageAnswer,
    }),
    async (c) => {
      const listed = await listHistory(c.env.DB, searchParameters(c.req.valid("json")), Date.now());
      if (listed.ok) return c.json(listed.value, 200);
      const detail = listed.error.map(({ path, message }) => `${path} ${message}`).join("; ");
      return refuse(c, "validation", detail, { errors: listed.error });
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/history/recent",
      summary: "The newest events",
      ...scoped("read"),
      request: { query: z.object({ limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(50) }) },
      responses: {
        200: {
          description: "Events",
          content: { "application/json": { schema: Listed.extend({ timestamp: z.string() }) } },
        },
      },
    }),
    async (c) => {
      const { limit } = c.req.valid("query");
      const now = Date.now();
      const { rows } = await walkEvents(c.env.DB, EVERYTHING, { limit, after: null, descending: true }, now);
      return c.json({ alerts: await showEvents(c.env.DB, rows), count: rows.length, limit, timestamp: time(now) }, 200);
    },
  );

/** Joined after the fixed paths below `/history`, which win over a parameter. */
export const alertHistoryRoutes = routes().openapi(
  createRoute({
    method: "get",
    path: "/history/{fingerprint}",
    summary: "One alert: its timeline with traces and deliveries",
    ...scoped("read"),
    request: {
      params: fingerprintParam,
      query: z.object({
        limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(100),
        offset: z.coerce.number().int().min(0).max(10_000).default(0),
      }),
    },
    responses: {
      200: { description: "The alert", content: { "application/json": { schema: OneAlert } } },
      404: { description: "Never seen" },
    },
  }),
  async (c) => {
    const { fingerprint } = c.req.valid("param");
    const { limit, offset } = c.req.valid("query");
    const rows = await eventsOf(c.env.DB, fingerprint, limit, offset);
    const newest = rows[0];
    if (newest === undefined) return refuse(c, "not-found", `no alert ${fingerprint} is known`);
    const labels = JSON.parse(newest.labels) as Record<string, string>;
    const [deliveries, seen] = await Promise.all([
      deliveriesOf(c.env.DB, rows),
      shardOf(c.env, shardName(c.env, labels)).seen(fingerprint, labels),
    ]);
    return c.json(
      {
        fingerprint,
        alert_name: newest.alertname,
        labels,
        current_status: newest.status,
        first_seen: time(seen?.firstSeen ?? rows.at(-1)!.received_at),
        last_seen: time(seen?.lastReceivedAt ?? newest.received_at),
        receive_count: seen?.receiveCount ?? rows.length,
        events: rows.map((row) => ({
          ...showEvent(row, deliveries.get(`${row.fingerprint}:${row.seq}`) ?? []),
          trace: showTrace(row.trace),
        })),
        deliveries: [...deliveries.values()].flat().map(showDelivery),
      },
      200,
    );
  },
);

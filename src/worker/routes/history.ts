/** What happened, newest first: `/history`, `/history/recent`, `/history/{fingerprint}`. */
import { createRoute, z } from "@hono/zod-openapi";
import { readCursor, writeCursor } from "../cursor.ts";
import { deliveriesOf, eventsOf, listEvents } from "../db/history.ts";
import { routes, scoped } from "../http.ts";
import { refuse } from "../problem.ts";
import { DeliverySchema, EventSchema, TraceStepSchema } from "../schemas.ts";
import { shardName, shardOf } from "../shards.ts";
import { type EventRow, showDelivery, showEvent, showTrace, time } from "../views.ts";

const MAX_LIMIT = 1000;

const Listed = z.object({ alerts: z.array(EventSchema), count: z.number(), limit: z.number() });
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
const query = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(100),
  cursor: z.string().optional(),
  status: z.enum(["firing", "resolved"]).optional(),
  receipt_id: z.string().max(100).optional(),
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
});

const show = async (db: D1Database, rows: readonly EventRow[]) => {
  const deliveries = await deliveriesOf(db, rows);
  return rows.map((row) => showEvent(row, deliveries.get(`${row.fingerprint}:${row.seq}`) ?? []));
};

export const FINGERPRINT = /^[0-9a-fA-F]{16}$/;
const fingerprintParam = z.object({
  fingerprint: z.string().regex(FINGERPRINT, "must be 16 hex digits").toLowerCase(),
});

export const historyRoutes = routes()
  .openapi(
    createRoute({
      method: "get",
      path: "/history",
      summary: "Events, newest first",
      ...scoped("read"),
      request: { query },
      responses: {
        200: {
          description: "A page of events and the cursor of the next",
          content: {
            "application/json": { schema: Listed.extend({ cursor: z.string().nullable(), has_next: z.boolean() }) },
          },
        },
      },
    }),
    async (c) => {
      const q = c.req.valid("query");
      const before = q.cursor === undefined ? null : readCursor(q.cursor);
      if (q.cursor !== undefined && before === null) return refuse(c, "invalid-parameter", "cursor is invalid");
      const rows = await listEvents(c.env.DB, {
        limit: q.limit,
        before,
        fromMs: q.from === undefined ? null : Date.parse(q.from),
        toMs: q.to === undefined ? null : Date.parse(q.to),
        status: q.status ?? null,
        receiptId: q.receipt_id ?? null,
      });
      const page = rows.slice(0, q.limit);
      const last = page.at(-1);
      const more = rows.length > q.limit && last !== undefined;
      return c.json(
        {
          alerts: await show(c.env.DB, page),
          count: page.length,
          limit: q.limit,
          has_next: more,
          cursor: more ? writeCursor({ at: last.received_at, fingerprint: last.fingerprint, seq: last.seq }) : null,
        },
        200,
      );
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
      const rows = await listEvents(c.env.DB, {
        limit,
        before: null,
        fromMs: null,
        toMs: null,
        status: null,
        receiptId: null,
      });
      const page = rows.slice(0, limit);
      return c.json({ alerts: await show(c.env.DB, page), count: page.length, limit, timestamp: time(Date.now()) });
    },
  )
  .openapi(
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
        shardOf(c.env, shardName(c.env, labels)).seen(fingerprint),
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

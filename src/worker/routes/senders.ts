/** Who sends, and whether they still do: `GET /api/v1/senders`; what has been firing longest: `GET /api/v1/longest`. */
import { createRoute, z } from "@hono/zod-openapi";
import { readHeartbeats } from "../heartbeats.ts";
import { routes, scoped } from "../http.ts";
import { time, timeOrNull } from "../views.ts";

const DAY_MS = 86_400_000;
/** Newest events looked at for who sent them. */
const MAX_EVENTS = 2_000;
export const Senders = z
  .object({
    sources: z.array(z.object({ name: z.string(), format: z.string(), last_event_at: z.string(), events: z.number() })),
    /** Events of the last day were looked at, the newest of them at most. */
    events_are_capped: z.boolean(),
    heartbeats: z.array(
      z.object({
        name: z.string(),
        within_seconds: z.number(),
        last_seen_at: z.string().nullable(),
        /** waiting: not heard of in time, but a new document or our own return gives it its time again. */
        state: z.enum(["alive", "missing", "waiting"]),
      }),
    ),
  })
  .openapi("Senders");

export const Longest = z.object({
  alerts: z.array(
    z.object({
      fingerprint: z.string(),
      alert_name: z.string(),
      namespace: z.string().nullable(),
      severity: z.string(),
      starts_at: z.string(),
      labels: z.record(z.string(), z.string()),
    }),
  ),
});

const readSources = async (db: D1Database, now: number) => {
  const { results } = await db
    .prepare(
      `SELECT coalesce(source, format) AS name, format, max(received_at) AS last, count(*) AS n
       FROM (SELECT source, format, received_at FROM events WHERE received_at >= ?1 ORDER BY received_at DESC LIMIT ?2)
       GROUP BY name, format ORDER BY last DESC`,
    )
    .bind(now - DAY_MS, MAX_EVENTS)
    .all<{ name: string; format: string; last: number; n: number }>();
  return results;
};

export const senderRoutes = routes()
  .openapi(
    createRoute({
      method: "get",
      path: "/api/v1/senders",
      summary: "Who sent in the last day, and the heartbeats that are expected",
      ...scoped("read"),
      responses: { 200: { description: "Senders", content: { "application/json": { schema: Senders } } } },
    }),
    async (c) => {
      const now = Date.now();
      const [sources, heartbeats] = await Promise.all([readSources(c.env.DB, now), readHeartbeats(c.env, now)]);
      return c.json(
        {
          sources: sources.map(({ name, format, last, n }) => ({
            name,
            format,
            last_event_at: time(last),
            events: n,
          })),
          events_are_capped: sources.reduce((sum, { n }) => sum + n, 0) >= MAX_EVENTS,
          heartbeats: heartbeats.map(({ name, withinMs, lastSeen, state }) => ({
            name,
            within_seconds: withinMs / 1000,
            last_seen_at: timeOrNull(lastSeen),
            state,
          })),
        },
        200,
      );
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/api/v1/longest",
      summary: "What has been firing longest",
      ...scoped("read"),
      request: { query: z.object({ limit: z.coerce.number().int().min(1).max(100).default(10) }) },
      responses: { 200: { description: "Alerts, oldest first", content: { "application/json": { schema: Longest } } } },
    }),
    async (c) => {
      const { results } = await c.env.DB.prepare(
        `SELECT fingerprint, alertname, namespace, severity, starts_at, labels FROM alerts INDEXED BY alerts_firing
         WHERE status = 'firing' ORDER BY starts_at LIMIT ?1`,
      )
        .bind(c.req.valid("query").limit)
        .all<{
          fingerprint: string;
          alertname: string;
          namespace: string | null;
          severity: string;
          starts_at: number;
          labels: string;
        }>();
      const alerts = results.map(({ alertname, starts_at, labels, ...row }) => ({
        ...row,
        alert_name: alertname,
        starts_at: time(starts_at),
        labels: JSON.parse(labels) as Record<string, string>,
      }));
      return c.json({ alerts }, 200);
    },
  );

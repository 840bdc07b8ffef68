/** Alerts that belong together: `/api/v1/incidents`. */
import { createRoute, z } from "@hono/zod-openapi";
import { alertName } from "../../core/alert/alert.ts";
import { type IncidentMember, summariseIncident } from "../../core/history/incident.ts";
import { loadContext } from "../context.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import { type IncidentRow, listIncidents, readIncident, readMembers } from "../db/incidents.ts";
import { routes, scoped } from "../http.ts";
import { refuse } from "../problem.ts";
import { time, timeOrNull } from "../views.ts";

const Incident = z
  .object({
    id: z.string(),
    title: z.string(),
    labels: z.string(),
    status: z.enum(["open", "resolved"]),
    severity: z.string(),
    opened_at: z.string(),
    /** When the last alert joined it. */
    updated_at: z.string(),
    /** When the last of its alerts resolved; null while one fires. */
    ended_at: z.string().nullable(),
    alerts: z.number(),
    firing: z.number(),
    resolved: z.number(),
    first_cause: z
      .object({ fingerprint: z.string(), alert_name: z.string(), why: z.enum(["inhibits_others", "earliest"]) })
      .nullable(),
  })
  .openapi("Incident");
const OneIncident = Incident.extend({
  members: z.array(
    z.object({
      fingerprint: z.string(),
      alert_name: z.string(),
      labels: z.record(z.string(), z.string()),
      status: z.string(),
      severity: z.string(),
      starts_at: z.string(),
      ends_at: z.string().nullable(),
      joined_at: z.string(),
    }),
  ),
  timeline: z.array(
    z.object({ at: z.string(), fingerprint: z.string(), alert_name: z.string(), what: z.enum(["fired", "resolved"]) }),
  ),
});

/** Members that a list looks at: it shows counts, and a page of incidents has few. */
const LISTED_MEMBERS = 100;

const show = (
  row: IncidentRow,
  members: readonly IncidentMember[],
  inhibitors: (m: IncidentMember) => readonly string[],
) => {
  const { firstCause, timeline, endedAt, ...summary } = summariseIncident(row.key, members, inhibitors);
  const names = new Map(members.map((member) => [member.fingerprint, alertName(member.labels)]));
  const nameOf = (fingerprint: string): string => names.get(fingerprint) ?? "unknown";
  return {
    incident: {
      id: row.id,
      labels: row.key,
      opened_at: time(row.opened_at),
      updated_at: time(row.updated_at),
      ended_at: timeOrNull(endedAt),
      alerts: members.length,
      ...summary,
      first_cause: firstCause === null ? null : { ...firstCause, alert_name: nameOf(firstCause.fingerprint) },
    },
    timeline: timeline.map((step) => ({ ...step, at: time(step.at), alert_name: nameOf(step.fingerprint) })),
  };
};

export const incidentRoutes = routes()
  .openapi(
    createRoute({
      method: "get",
      path: "/api/v1/incidents",
      summary: "Alerts that share labels within a window, newest first",
      ...scoped("read"),
      request: {
        query: z.object({
          limit: z.coerce.number().int().min(1).max(50).default(20),
          cursor: z.string().optional(),
        }),
      },
      responses: {
        200: {
          description: "Incidents",
          content: {
            "application/json": {
              schema: z.object({ incidents: z.array(Incident), count: z.number(), cursor: z.string().nullable() }),
            },
          },
        },
        400: { description: "A parameter is wrong" },
      },
    }),
    async (c) => {
      const { limit, cursor } = c.req.valid("query");
      const start = cursor === undefined ? null : readCursor(cursor);
      if (cursor !== undefined && start === null) return refuse(c, "invalid-parameter", "cursor is no cursor of ours");
      const before = start === null ? null : { at: start.key.at, id: start.key.fingerprint };
      const [rows, context] = await Promise.all([
        listIncidents(c.env.DB, limit + 1, before),
        loadContext(c.env, Date.now()),
      ]);
      const page = rows.slice(0, limit);
      const members =
        page.length === 0
          ? new Map()
          : await readMembers(
              c.env.DB,
              page.map(({ id }) => id),
              LISTED_MEMBERS,
            );
      const incidents = page.map(
        (row) => show(row, members.get(row.id) ?? [], (m) => context.inhibitedBy(m.labels, m.fingerprint)).incident,
      );
      const last = page.at(-1);
      const next = rows.length > limit && last !== undefined;
      return c.json(
        {
          incidents,
          count: incidents.length,
          cursor: next ? writeCursor({ at: last.opened_at, fingerprint: last.id, seq: 0 }) : null,
        },
        200,
      );
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/api/v1/incidents/{id}",
      summary: "One incident: members, timeline and who may have caused it",
      ...scoped("read"),
      request: { params: z.object({ id: z.string().max(100) }) },
      responses: {
        200: { description: "The incident", content: { "application/json": { schema: OneIncident } } },
        404: { description: "Not known" },
      },
    }),
    async (c) => {
      const { id } = c.req.valid("param");
      const row = await readIncident(c.env.DB, id);
      if (row === null) return refuse(c, "not-found", `no incident ${id} is known`);
      const [byId, context] = await Promise.all([readMembers(c.env.DB, [id]), loadContext(c.env, Date.now())]);
      const members = byId.get(id) ?? [];
      const { incident, timeline } = show(row, members, (m) => context.inhibitedBy(m.labels, m.fingerprint));
      return c.json(
        {
          ...incident,
          timeline,
          members: members.map((member) => ({
            fingerprint: member.fingerprint,
            alert_name: alertName(member.labels),
            labels: { ...member.labels },
            status: member.status,
            severity: member.severity,
            starts_at: time(member.startsAt),
            ends_at: timeOrNull(member.endsAt),
            joined_at: time(member.joinedAt),
          })),
        },
        200,
      );
    },
  );

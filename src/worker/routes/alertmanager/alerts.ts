/** Alertmanager API v2, reading: status, alerts, alerts/groups, receivers. Posting alerts is ingest's. */

import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { compareBytes } from "../../../core/alert/labels.ts";
import { groupKey, groupLabels } from "../../../core/group/key.ts";
import { type AlertQuery, isWanted, readAlertQuery } from "../../../core/history/api-v2.ts";
import type { Bindings } from "../../env.ts";
import { routes, scoped } from "../../http.ts";
import { loadSettings } from "../../settings.ts";
import { numberOf } from "../../variables.ts";
import { time } from "../../views.ts";
import { originalConfig } from "./original.ts";
import { readStanding, type StandingAlert } from "./standing.ts";
import { AlertGroup, GettableAlert, showAlert } from "./view.ts";

/** The API level we implement: karma refuses an Alertmanager below 0.22 (contracts 2). */
export const API_VERSION = "0.28.0";

const one = z.string().max(1000).optional();
const many = z.union([z.string(), z.array(z.string())]).optional();
const AlertParameters = z.looseObject({
  active: one,
  silenced: one,
  inhibited: one,
  unprocessed: one,
  muted: one,
  receiver: one,
  filter: many,
  details: one,
});
const Status = z.object({
  cluster: z.object({ status: z.string(), peers: z.array(z.unknown()) }),
  versionInfo: z.object({
    version: z.string(),
    revision: z.string(),
    branch: z.string(),
    buildUser: z.string(),
    buildDate: z.string(),
    goVersion: z.string(),
  }),
  config: z.object({ original: z.string() }),
  uptime: z.string(),
});
const answer = <T extends z.ZodType>(description: string, schema: T) => ({
  200: { description, content: { "application/json": { schema } } },
  400: { description: "A parameter is wrong; a JSON string says which" },
});

/** Errors under /api/v2 are JSON strings (contracts 1.3). */
export const refuseV2 = (c: Context, status: 400 | 404 | 500, text: string): never => c.json(text, status) as never;

/** When this isolate answered first: the nearest thing to a start that there is here. */
let since: number | null = null;

const resolveTimeoutMs = async (env: Bindings, now: number): Promise<number> =>
  (await loadSettings(env, now)).config?.resolveTimeoutMs ?? numberOf(env, "RESOLVE_TIMEOUT") * 1000;

const wanted = async (env: Bindings, query: AlertQuery, now: number): Promise<StandingAlert[]> =>
  (await readStanding(env, now)).filter((standing) => isWanted(query, standing));

export const alertmanagerRoutes = routes()
  .openapi(
    createRoute({
      method: "get",
      path: "/api/v2/status",
      summary: "Version and configuration as an Alertmanager tells them",
      ...scoped("read"),
      responses: answer("Status", Status),
    }),
    async (c) => {
      since ??= Date.now();
      const build = { revision: "", branch: "", buildUser: "", buildDate: "", goVersion: "" };
      return c.json(
        {
          cluster: { status: "disabled", peers: [] },
          versionInfo: { version: API_VERSION, ...build },
          config: { original: await originalConfig(c.env) },
          uptime: time(since),
        },
        200,
      );
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/api/v2/receivers",
      summary: "Names of the receivers",
      ...scoped("read"),
      responses: answer("Receivers", z.array(z.object({ name: z.string() }))),
    }),
    async (c) => {
      const { config } = await loadSettings(c.env, Date.now());
      return c.json(config === null ? [{ name: "default" }] : config.receivers.map(({ name }) => ({ name })), 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/api/v2/alerts",
      summary: "What fires now, as an Alertmanager shows it",
      ...scoped("read"),
      request: { query: AlertParameters },
      responses: answer("Alerts by fingerprint", z.array(GettableAlert)),
    }),
    async (c) => {
      const query = readAlertQuery([...new URL(c.req.url).searchParams]);
      if (!query.ok) return refuseV2(c, 400, query.error);
      const now = Date.now();
      const timeout = await resolveTimeoutMs(c.env, now);
      // Time mutes belong to routes, which only the list of groups shows.
      const found = await wanted(c.env, { ...query.value, muted: true }, now);
      return c.json(
        found.map((standing) => ({
          ...showAlert(standing, timeout, now),
          ...(c.req.query("details") === "true" ? { severity: standing.alert.severity } : {}),
        })),
        200,
      );
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/api/v2/alerts/groups",
      summary: "What fires now by route and group",
      ...scoped("read"),
      request: { query: AlertParameters },
      responses: answer("Groups", z.array(AlertGroup)),
    }),
    async (c) => {
      const query = readAlertQuery([...new URL(c.req.url).searchParams]);
      if (!query.ok) return refuseV2(c, 400, query.error);
      const now = Date.now();
      const timeout = await resolveTimeoutMs(c.env, now);
      const groups = new Map<string, z.infer<typeof AlertGroup>>();
      for (const standing of await wanted(c.env, query.value, now)) {
        for (const route of standing.routes) {
          if (query.value.receiver?.test(route.receiver) === false) continue;
          const labels = groupLabels(standing.labels, route.groupBy);
          const key = `${route.id} ${groupKey(route.path, labels)}`;
          const group = groups.get(key);
          if (group !== undefined) group.alerts.push(showAlert(standing, timeout, now));
          else {
            const receiver = { name: route.receiver };
            groups.set(key, {
              labels: { ...labels },
              routeLabels: { ...route.labels },
              receiver,
              alerts: [showAlert(standing, timeout, now)],
            });
          }
        }
      }
      const sorted = [...groups].toSorted(
        ([a, x], [b, y]) => compareBytes(JSON.stringify(x.labels), JSON.stringify(y.labels)) || compareBytes(a, b),
      );
      return c.json(
        sorted.map(([, group]) => group),
        200,
      );
    },
  );

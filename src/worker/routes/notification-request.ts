/** `GET /api/v1/notifications/{id}/request`: what is sent to the target for a notification, without its secrets. */
import { createRoute, z } from "@hono/zod-openapi";
import { formatOf } from "../../core/publish/index.ts";
import { redact, secretsOf } from "../../core/publish/redact.ts";
import { publicUrl } from "../context.ts";
import { type ItemRow, itemOf, ROWS } from "../db/items.ts";
import { readLedgerId } from "../db/ledger.ts";
import { routes, scoped } from "../http.ts";
import { refuse } from "../problem.ts";
import { registry } from "../registry.ts";
import { loadSettings } from "../settings.ts";
import { idParam } from "./notifications.ts";
import { maskUrl } from "./targets.ts";

const SECRET_NAME = /authorization|token|key|secret|signature|cookie/i;

export const RequestSchema = z
  .object({
    /** null: nothing is sent for it from nothing, see `note`. */
    request: z
      .object({
        method: z.string(),
        url: z.string(),
        headers: z.record(z.string(), z.string()),
        body: z.string(),
        signed: z.boolean(),
      })
      .nullable(),
    note: z.string(),
  })
  .openapi("NotificationRequest");

const NOTES = {
  made: "Made again from what is kept, for the target as it is defined now. Secrets are left out.",
  not_opened: "An end is told only where the target remembers the beginning; what it says depends on that.",
  done: "Nothing is left to be said.",
} as const;

export const notificationRequestRoutes = routes().openapi(
  createRoute({
    method: "get",
    path: "/api/v1/notifications/{id}/request",
    summary: "What is sent for a notification, without the secrets of its target",
    ...scoped("read"),
    request: { params: idParam },
    responses: {
      200: { description: "The request", content: { "application/json": { schema: RequestSchema } } },
      404: { description: "No such notification, or neither it nor its target is kept any more" },
    },
  }),
  async (c) => {
    const key = readLedgerId(c.req.valid("param").id);
    if (key === null) return refuse(c, "not-found", "no such notification");
    const now = Date.now();
    const [row, entry, settings] = await Promise.all([
      c.env.DB.prepare(`${ROWS} WHERE n.at = ?1 AND n.subject = ?2 AND n.seq = ?3 AND n.target = ?4 AND n.replay = ?5`)
        .bind(key.at, key.subject, key.seq, key.target, key.replay)
        .first<ItemRow>(),
      registry(c.env).get(key.target),
      loadSettings(c.env, now),
    ]);
    const [item] = row === null ? [] : itemOf(row, { mode: settings.mode, publicUrl: publicUrl(c.env) });
    if (item === undefined) return refuse(c, "not-found", "this notification is not kept any more");
    if (entry === null) return refuse(c, "not-found", `the target ${key.target} is gone`);
    const { target } = entry;
    const step = formatOf(target).next(item.notification, target, null, [], now);
    if (!step.ok) return c.json({ request: null, note: step.error.error }, 200);
    if (typeof step.value === "string") return c.json({ request: null, note: NOTES[step.value] }, 200);
    const { method, url, headers, body, signWith } = step.value.request;
    const secrets = secretsOf(target);
    const shown = Object.entries(headers).map(([name, value]) => [
      name,
      SECRET_NAME.test(name) ? "***" : redact(value, secrets),
    ]);
    const request = {
      method,
      url: maskUrl(url),
      headers: Object.fromEntries(shown) as Record<string, string>,
      body: redact(body, secrets),
      signed: signWith !== undefined && signWith.length > 0,
    };
    return c.json({ request, note: NOTES.made }, 200);
  },
);

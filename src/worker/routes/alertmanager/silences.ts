/** Silences through Alertmanager's API v2, and what ours has beyond it: recurrence, end policy, reminder, breadth guard. */
import { createRoute, z } from "@hono/zod-openapi";
import {
  createSilence,
  expireSilence,
  SILENCE_RETENTION_MS,
  type SilenceState,
  silenceState,
  updateSilence,
} from "../../../core/filter/silence.ts";
import { readFilters, silenceMatches } from "../../../core/history/api-v2.ts";
import { recordAudit } from "../../db/audit.ts";
import { readSilence, readSilences, type StoredSilence, saveSilence } from "../../db/silences.ts";
import { requireScope, routes, scoped } from "../../http.ts";
import { noteChange } from "../../live.ts";
import { forgetSilences } from "../../silences.ts";
import { refuseV2 } from "./alerts.ts";
import { breadthOf, isForced, PostableSilence, readDraft } from "./silence-input.ts";
import { GettableSilence, showSilence } from "./view.ts";

const isDraftError = (errors: readonly { path: string; message: string }[]): string =>
  `silence invalid: ${errors.map(({ path, message }) => `${path.slice(1)} ${message}`).join("; ")}`;

/** Active by end, pending by start, expired by end, the latest first. */
const ORDER: readonly SilenceState[] = ["active", "pending", "expired"];
const compare =
  (now: number) =>
  (a: StoredSilence, b: StoredSilence): number => {
    const [x, y] = [silenceState(a, now), silenceState(b, now)];
    if (x !== y) return ORDER.indexOf(x) - ORDER.indexOf(y);
    return x === "active" ? a.endsAt - b.endsAt : x === "pending" ? a.startsAt - b.startsAt : b.endsAt - a.endsAt;
  };

const idParam = z.object({ id: z.string().max(100) });

export const silenceRoutes = routes()
  .openapi(
    createRoute({
      method: "get",
      path: "/api/v2/silences",
      summary: "Silences, expired ones for five days",
      ...scoped("read"),
      request: {
        query: z.looseObject({
          filter: z.union([z.string(), z.array(z.string())]).optional(),
          active: z.string().optional(),
          pending: z.string().optional(),
          expired: z.string().optional(),
        }),
      },
      responses: {
        200: { description: "Silences", content: { "application/json": { schema: z.array(GettableSilence) } } },
        400: { description: "A filter is wrong; a JSON string says which" },
      },
    }),
    async (c) => {
      const parameters = [...new URL(c.req.url).searchParams];
      const filters = readFilters(parameters);
      if (!filters.ok) return refuseV2(c, 400, filters.error);
      const now = Date.now();
      const hidden = new Set(
        parameters.flatMap(([name, value]) => (["false", "0", "f", "no"].includes(value.toLowerCase()) ? [name] : [])),
      );
      const silences = (await readSilences(c.env.DB, now - SILENCE_RETENTION_MS))
        .filter((silence) => !hidden.has(silenceState(silence, now)))
        .filter((silence) => silenceMatches(filters.value, silence.matchers))
        .toSorted(compare(now));
      return c.json(
        silences.map((silence) => showSilence(silence, now)),
        200,
      );
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/api/v2/silence/{id}",
      summary: "One silence",
      ...scoped("read"),
      request: { params: idParam },
      responses: {
        200: { description: "The silence", content: { "application/json": { schema: GettableSilence } } },
        404: { description: "Not known" },
      },
    }),
    async (c) => {
      const now = Date.now();
      const { id } = c.req.valid("param");
      const silence = await readSilence(c.env.DB, id, now);
      return silence === null ? refuseV2(c, 404, `silence ${id} not found`) : c.json(showSilence(silence, now), 200);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/api/v2/silence/{id}",
      summary: "Ends a silence now",
      ...scoped("operate"),
      request: { params: idParam },
      responses: { 200: { description: "Ended, or had ended before" }, 404: { description: "Not known" } },
    }),
    async (c) => {
      const now = Date.now();
      const { id } = c.req.valid("param");
      const silence = await readSilence(c.env.DB, id, now);
      if (silence === null) return refuseV2(c, 404, `silence ${id} not found`);
      const expired = { ...silence, ...expireSilence(silence, now) };
      if (expired.endsAt !== silence.endsAt) {
        await saveSilence(c.env.DB, expired).run();
        forgetSilences();
        await recordAudit(c.env.DB, now, c.var.caller.name, "silence.expire", id, {});
        noteChange("silence", id, "expired");
      }
      return c.body(null, 200);
    },
  );

silenceRoutes.post("/api/v2/silences", requireScope("operate"), async (c) => {
  const now = Date.now();
  let json: unknown;
  try {
    json = JSON.parse(await c.req.text());
  } catch {
    // Whatever the content type says, only JSON is understood here.
    return c.json("the body is invalid: not JSON", 400);
  }
  const body = PostableSilence.safeParse(json);
  if (!body.success) {
    return c.json(body.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; "), 400);
  }
  const draft = readDraft(body.data, now);
  const id = body.data.id ?? "";
  const existing = id === "" ? null : await readSilence(c.env.DB, id, now);
  if (id !== "" && existing === null) return c.json(`silence ${id} not found`, 404);
  const forced = isForced(body.data) || c.req.query("force") === "true";
  const tooBroad = forced ? null : await breadthOf(c.env, draft, now);
  if (tooBroad !== null) return c.json(tooBroad, 400);

  const extras = { endPolicy: draft.endPolicy, remindBeforeMs: draft.remindBeforeMs };
  const newId = crypto.randomUUID();
  const created = existing === null ? createSilence(draft, newId, now) : updateSilence(existing, draft, newId, now);
  if (!created.ok) return c.json(isDraftError(created.error), 400);
  const change = "silence" in created.value ? created.value : { silence: created.value, replaced: null };
  const saved = { ...change.silence, ...extras };
  await c.env.DB.batch([
    ...(change.replaced === null || existing === null
      ? []
      : [saveSilence(c.env.DB, { ...existing, ...change.replaced })]),
    saveSilence(c.env.DB, saved),
  ]);
  forgetSilences();
  await recordAudit(
    c.env.DB,
    now,
    c.var.caller.name,
    existing === null ? "silence.create" : "silence.update",
    saved.id,
    {
      matchers: saved.matchers,
      until: saved.endsAt,
      createdBy: saved.createdBy,
      forced,
    },
  );
  noteChange("silence", saved.id, silenceState(saved, now));
  return c.json({ silenceID: saved.id }, 200);
});

silenceRoutes.openAPIRegistry.registerPath({
  method: "post",
  path: "/api/v2/silences",
  summary: "Makes a silence, or changes the one with this id",
  security: [{ token: [] }],
  "x-scope": "operate",
  request: { body: { content: { "application/json": { schema: PostableSilence } } } },
  responses: {
    200: {
      description: "Its id",
      content: { "application/json": { schema: z.object({ silenceID: z.string() }) } },
    },
    400: { description: "Invalid or too broad; a JSON string says why" },
    404: { description: "No silence has this id" },
  },
});

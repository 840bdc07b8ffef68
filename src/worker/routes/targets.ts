/** Static targets: defined by an administrator, shown without their secrets. */
import { createRoute, z } from "@hono/zod-openapi";
import { checkTemplate } from "../../core/publish/template.ts";
import type { Target } from "../../core/route/target.ts";
import { readTargetWithWarnings } from "../../core/route/target-read.ts";
import { TARGET_KEYS } from "../../core/route/target-write.ts";
import { targetPolicy } from "../address.ts";
import { recordAudit } from "../db/audit.ts";
import { routes, scoped } from "../http.ts";
import { noteChange } from "../live.ts";
import { refuse } from "../problem.ts";
import { type RegisteredTarget, registry } from "../registry.ts";
import { time } from "../views.ts";

const Shown = z.object({
  name: z.string(),
  type: z.string(),
  format: z.string(),
  url: z.string(),
  enabled: z.boolean(),
  priority: z.number(),
  send_resolved: z.boolean(),
  timeout_seconds: z.number(),
  headers: z.array(z.string()),
  origin: z.string(),
  updated_at: z.string(),
  description: z.string(),
});
const Defined = Shown.extend({
  /** What its author should know: keys that mean nothing, and what was read as something else. */
  warnings: z.array(z.string()),
});

/** Scheme and host: the rest of a URL may be its secret. */
export const maskUrl = (url: string): string => {
  const parsed = URL.parse(url);
  return parsed === null ? "***" : `${parsed.protocol}//${parsed.host}/***`;
};

export const showTarget = ({
  target,
  origin,
  updatedAt,
}: Pick<RegisteredTarget, "target" | "origin" | "updatedAt">): z.infer<typeof Shown> => ({
  name: target.name,
  type: target.type,
  format: target.format,
  url: maskUrl(target.url),
  enabled: target.enabled,
  priority: target.priority,
  send_resolved: target.sendResolved,
  timeout_seconds: target.timeoutSeconds,
  headers: Object.keys(target.headers),
  origin,
  updated_at: time(updatedAt),
  description: target.description,
});

/** The field that the detail of a defect is about: it begins with its key. Empty: the definition as a whole. */
const pointerOf = (detail: string): string => {
  const path = (/^\w+(?:\.\w+)*/.exec(detail)?.[0] ?? "").split(".");
  return TARGET_KEYS.has(path[0] ?? "") ? `/${path.join("/")}` : "";
};

/** What is wrong with the template of a target that somebody defines, while they are there to mend it. */
const templateErrors = ({ options, type }: Target): { path: string; message: string }[] =>
  options.template === undefined
    ? []
    : checkTemplate(options.template, options.contentType, type).map(({ line, column, message }) => ({
        path: "/template",
        message: `line ${line}, column ${column}: ${message}`,
      }));

export const targetRoutes = routes()
  .openapi(
    createRoute({
      method: "get",
      path: "/api/v1/targets",
      summary: "All targets",
      ...scoped("read"),
      responses: {
        200: {
          description: "Targets by name",
          content: { "application/json": { schema: z.object({ targets: z.array(Shown) }) } },
        },
      },
    }),
    async (c) => c.json({ targets: (await registry(c.env).list()).map(showTarget) }),
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/api/v1/targets",
      summary: "Define a target, replacing one of the same name",
      ...scoped("admin"),
      request: {
        body: { required: true, content: { "application/json": { schema: z.record(z.string(), z.unknown()) } } },
      },
      responses: {
        200: { description: "Replaced", content: { "application/json": { schema: Defined } } },
        201: { description: "Created", content: { "application/json": { schema: Defined } } },
        422: { description: "Refused, with the reason" },
      },
    }),
    async (c) => {
      const read = readTargetWithWarnings(c.req.valid("json"), targetPolicy(c.env));
      if (!read.ok) {
        const { reason, detail } = read.error;
        const errors = [{ path: pointerOf(detail), message: detail }];
        return refuse(c, "validation", `${reason}: ${detail}`, { errors });
      }
      const { target, warnings } = read.value;
      const errors = templateErrors(target);
      if (errors[0] !== undefined) return refuse(c, "validation", `template: ${errors[0].message}`, { errors });
      const now = Date.now();
      const stored = await registry(c.env).put(target, now);
      if (!stored.ok) {
        if (stored.error === "too_large")
          return refuse(c, "too-large", "the definition is too large, or all of them together would be");
        if (stored.error === "too_many") return refuse(c, "conflict", "there are as many targets as can be kept");
        return refuse(c, "dependency-unavailable", "ENCRYPTION_KEYS is not set");
      }
      await recordAudit(c.env.DB, now, c.var.caller.name, "target.put", target.name, { format: target.format });
      noteChange("target", target.name, stored.value.replaced ? "changed" : "added");
      const shown = { ...showTarget({ target, origin: "static", updatedAt: now }), warnings: [...warnings] };
      return stored.value.replaced ? c.json(shown, 200) : c.json(shown, 201);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/api/v1/targets/{name}",
      summary: "Remove a static target",
      ...scoped("admin"),
      request: { params: z.object({ name: z.string().max(63) }) },
      responses: { 204: { description: "Removed" }, 404: { description: "No such target" } },
    }),
    async (c) => {
      const { name } = c.req.valid("param");
      if (!(await registry(c.env).remove(name))) return refuse(c, "not-found", `no target ${name}`);
      await recordAudit(c.env.DB, Date.now(), c.var.caller.name, "target.delete", name, {});
      noteChange("target", name, "removed");
      return c.body(null, 204);
    },
  );

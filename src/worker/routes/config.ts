/** The configuration document: read it, try one, put it in force, go back to an older one. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { unknownTargets } from "../../core/route/config/unknown-targets.ts";
import { type ConfigDefect, DEFAULT_DOCUMENT } from "../../core/route/config.ts";
import { diffLines } from "../../core/route/line-diff.ts";
import { readBody } from "../body.ts";
import { applyConfig, currentVersion } from "../config.ts";
import { checkConfig, targetNames } from "../config-check.ts";
import { type ConfigVersion, listVersions, readVersion } from "../db/config-versions.ts";
import { type AppEnv, routes, scoped } from "../http.ts";
import { noteChange } from "../live.ts";
import { refuse } from "../problem.ts";
import { registry } from "../registry.ts";
import { time } from "../views.ts";

/** Largest document we take (contracts 8.1). */
const MAX_DOCUMENT_BYTES = 1_048_576;
/** Versions listed: older ones can still be asked for by number. */
const LISTED_VERSIONS = 100;

const Place = z.object({ path: z.string(), line: z.number(), column: z.number(), message: z.string() });
const Version = z.object({ version: z.number(), created_at: z.string(), created_by: z.string(), note: z.string() });
const Document = Version.extend({ document: z.string() });
const Applied = z.object({
  version: z.number(),
  dry_run: z.boolean(),
  warnings: z.array(Place),
  targets: z.array(z.string()),
  diff: z.array(z.object({ change: z.enum(["same", "added", "removed"]), text: z.string() })),
});

const etag = (version: number): string => `"${version}"`;
const place = ({ path, line, column, message }: ConfigDefect): z.infer<typeof Place> => ({
  path,
  line,
  column,
  message,
});
const showVersion = (v: Omit<ConfigVersion, "text" | "secrets">): z.infer<typeof Version> => ({
  version: v.version,
  created_at: time(v.createdAt),
  created_by: v.createdBy,
  note: v.note,
});

/** Checks a text and puts it in force unless it is only tried; the answer of PUT and of a rollback. */
const putInForce = async (
  c: Context<AppEnv>,
  text: string,
  current: ConfigVersion | null,
  known: ConfigVersion | null,
  note: string,
  isDryRun: boolean,
) => {
  const checked = checkConfig(c.env, text, { ...current?.secrets, ...known?.secrets });
  if (!checked.ok) {
    const errors = checked.error.map((defect) => ({ ...place(defect), path: defect.path }));
    const [first] = checked.error;
    return refuse(c, "validation", `line ${first?.line}, column ${first?.column}: ${first?.path} ${first?.message}`, {
      errors,
    });
  }
  const { read, targets } = checked.value;
  const names = new Set(targets.map((target) => target.name));
  const registered = (await registry(c.env).list()).map(({ target }) => target.name);
  const gone = new Set((current === null ? [] : targetNames(c.env, current)).filter((name) => !names.has(name)));
  const unknown = unknownTargets(
    read,
    registered.filter((name) => !gone.has(name)),
  );
  const shown = {
    warnings: [...read.warnings, ...unknown].map(place),
    targets: targets.map((target) => target.name),
    diff: [...diffLines(current?.text ?? DEFAULT_DOCUMENT, checked.value.text)],
  };
  if (isDryRun) return c.json({ version: current?.version ?? 0, dry_run: true, ...shown }, 200);
  const by = c.var.caller.name;
  const applied = await applyConfig(c.env, checked.value, current, { by, note, warnings: shown.warnings.length });
  if (!applied.ok) {
    if (applied.error === "conflict")
      return refuse(c, "conflict", "somebody else put a version in force meanwhile: read it and try again");
    if (applied.error === "too_large" || applied.error === "too_many")
      return refuse(c, "too-large", `targets: ${applied.error}`);
    return refuse(c, "dependency-unavailable", `ENCRYPTION_KEYS: ${applied.error}`);
  }
  noteChange("config", String(applied.value), "in_force");
  return c.json({ version: applied.value, dry_run: false, ...shown }, 200, { etag: etag(applied.value) });
};

const applied = {
  200: { description: "In force, or tried", content: { "application/json": { schema: Applied } } },
  409: { description: "Somebody else was quicker" },
  412: { description: "If-Match names another version" },
  422: { description: "Refused: every defect with its line and column" },
};

export const configRoutes = routes()
  .openapi(
    createRoute({
      method: "get",
      path: "/api/v1/config",
      summary: "The document in force, without its secrets",
      ...scoped("read"),
      responses: { 200: { description: "The document", content: { "application/json": { schema: Document } } } },
    }),
    async (c) => {
      const current = await currentVersion(c.env);
      const none = { version: 0, createdAt: 0, createdBy: "", note: "what holds without a document" };
      const shown = { ...showVersion(current ?? none), document: current?.text ?? DEFAULT_DOCUMENT };
      return c.json(shown, 200, { etag: etag(shown.version) });
    },
  )
  .openapi(
    createRoute({
      method: "put",
      path: "/api/v1/config",
      summary: "Put a document in force: the YAML itself is the body",
      ...scoped("admin"),
      request: {
        query: z.object({ dry_run: z.enum(["true", "false"]).default("false"), note: z.string().max(500).default("") }),
        headers: z.object({ "if-match": z.string().optional() }),
      },
      responses: applied,
    }),
    async (c) => {
      const { dry_run: dryRun, note } = c.req.valid("query");
      const body = await readBody(c.req.raw, MAX_DOCUMENT_BYTES);
      if (!body.ok)
        return refuse(
          c,
          body.error === "too_large" ? "too-large" : "malformed-body",
          `the document is ${body.error === "too_large" ? `larger than ${MAX_DOCUMENT_BYTES} bytes` : "invalid: it could not be read to its end"}`,
        );
      const current = await currentVersion(c.env);
      const expected = c.req.valid("header")["if-match"];
      if (expected !== undefined && expected !== "*" && expected !== etag(current?.version ?? 0)) {
        return refuse(c, "precondition-failed", `version ${current?.version ?? 0} is in force`);
      }
      return putInForce(c, new TextDecoder().decode(body.value), current, null, note, dryRun === "true");
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/api/v1/config/versions",
      summary: "Versions, newest first",
      ...scoped("read"),
      responses: {
        200: {
          description: "Versions",
          content: { "application/json": { schema: z.object({ versions: z.array(Version) }) } },
        },
      },
    }),
    async (c) => c.json({ versions: (await listVersions(c.env.DB, LISTED_VERSIONS)).map(showVersion) }, 200),
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/api/v1/config/versions/{version}",
      summary: "One version and what it changed",
      ...scoped("read"),
      request: { params: z.object({ version: z.coerce.number().int().min(1) }) },
      responses: {
        200: {
          description: "The version",
          content: { "application/json": { schema: Document.extend({ diff: Applied.shape.diff }) } },
        },
        404: { description: "No such version" },
      },
    }),
    async (c) => {
      const { version } = c.req.valid("param");
      const [read, before] = await Promise.all([
        readVersion(c.env, version),
        version > 1 ? readVersion(c.env, version - 1) : null,
      ]);
      if (read === null || !read.ok) return refuse(c, "not-found", `there is no version ${version}`);
      const from = before?.ok ? before.value.text : DEFAULT_DOCUMENT;
      return c.json(
        { ...showVersion(read.value), document: read.value.text, diff: [...diffLines(from, read.value.text)] },
        200,
      );
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/api/v1/config/rollback",
      summary: "Put an older version in force again, as a new one",
      ...scoped("admin"),
      request: {
        body: {
          required: true,
          content: {
            "application/json": {
              schema: z.strictObject({
                version: z.number().int().min(1),
                note: z.string().max(500).default(""),
                dry_run: z.boolean().default(false),
              }),
            },
          },
        },
      },
      responses: { ...applied, 404: { description: "No such version" } },
    }),
    async (c) => {
      const { version, note, dry_run: dryRun } = c.req.valid("json");
      const read = await readVersion(c.env, version);
      if (read === null || !read.ok) return refuse(c, "not-found", `there is no version ${version}`);
      const current = await currentVersion(c.env);
      return putInForce(c, read.value.text, current, read.value, note || `rollback to version ${version}`, dryRun);
    },
  );

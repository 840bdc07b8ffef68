/** Discovery: how the clusters do, what changed, and reading them now (contracts 9.5). */
import { createRoute, z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { readClusters } from "../../core/route/cluster.ts";
import { exporterPolicy } from "../address.ts";
import { presentedToken, sha256 } from "../auth.ts";
import { recordAudit } from "../db/audit.ts";
import { listDrift } from "../db/drift.ts";
import { DiscoveryStatusSchema, DriftSchema, showDiscovery, showDrift } from "../discovery-views.ts";
import type { Bindings } from "../env.ts";
import { type AppEnv, requireScope, routes, scoped } from "../http.ts";
import type { RefreshAnswer } from "../objects/registry-views.ts";
import { refuse } from "../problem.ts";
import { registry } from "../registry.ts";
import { resealEverything } from "../reseal.ts";
import { keyDefects } from "../seal.ts";
import { time } from "../views.ts";

/** Exporters that take longer are read to the end all the same; whoever nudges waits 10 s at most. */
const ANSWER_WITHIN_MS = 8_000;
/** A refresh under way ends about then; a single cluster is read in far less. */
const IN_PROGRESS_RETRY_SECONDS = 5;
const NUDGED_RETRY_SECONDS = 1;
const MAX_LIMIT = 1000;

/** The clusters whose exporters may have sent this, by the token we ask them with; none: somebody else. */
const callingClusters = async (env: Bindings, headers: Headers): Promise<readonly string[]> => {
  const token = presentedToken(headers);
  if (token === null) return [];
  const hash = await sha256(token);
  const found: string[] = [];
  for (const cluster of readClusters(env.CLUSTERS, exporterPolicy(env)).clusters ?? []) {
    if (crypto.subtle.timingSafeEqual(await sha256(cluster.token), hash)) found.push(cluster.name);
  }
  return found;
};

/** Reads all clusters, or these; what one of them says stands for those that have nothing to say. */
const readNow = async (env: Bindings, clusters: readonly string[]): Promise<RefreshAnswer> => {
  if (clusters.length === 0) return registry(env).refresh();
  const answers = await Promise.all(clusters.map((name) => registry(env).refresh(name)));
  const failed = answers.flatMap((answer) => (answer.kind === "done" ? answer.failed : []));
  const [first] = answers.filter(({ kind }) => kind !== "done");
  return first !== undefined && answers.every(({ kind }) => kind !== "done") ? first : { kind: "done", failed };
};

/** An exporter may have its own cluster read with the token it knows anyway: no admin token has to lie in a cluster. */
const refreshGuard: MiddlewareHandler<AppEnv> = async function refreshGuard(c, next) {
  const clusters = await callingClusters(c.env, c.req.raw.headers);
  if (clusters.length === 0) return requireScope("admin")(c, next);
  c.set("caller", { name: `cluster:${clusters.join(",")}`, scopes: [], source: null });
  await next();
};

const Refreshed = z.object({
  message: z.string(),
  success: z.boolean(),
  targets_discovered: z.number(),
  refresh_timestamp: z.string(),
  request_id: z.string(),
  refresh_started_at: z.string(),
});

export const discoveryRoutes = routes()
  .openapi(
    createRoute({
      method: "get",
      path: "/publishing/targets/status",
      summary: "How discovery does, cluster by cluster",
      ...scoped("read"),
      responses: {
        200: { description: "Its status", content: { "application/json": { schema: DiscoveryStatusSchema } } },
      },
    }),
    async (c) => {
      const [status, targets] = await Promise.all([registry(c.env).status(), registry(c.env).list()]);
      return c.json(showDiscovery(status, targets));
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/publishing/targets/drift",
      summary: "What discovery changed, newest first",
      ...scoped("read"),
      request: {
        query: z.object({
          cluster: z.string().max(63).optional(),
          target: z.string().max(63).optional(),
          kind: z.enum(["added", "changed", "removed", "invalid", "repaired", "frozen", "thawed", "held"]).optional(),
          limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(100),
          cursor: z
            .string()
            .regex(/^\d{1,15}$/, "is invalid")
            .optional(),
        }),
      },
      responses: {
        200: {
          description: "A page of changes and the cursor of the next",
          content: {
            "application/json": {
              schema: z.object({
                changes: z.array(DriftSchema),
                cursor: z.string().nullable(),
                has_next: z.boolean(),
              }),
            },
          },
        },
      },
    }),
    async (c) => {
      const { cluster = null, target = null, kind = null, limit, cursor } = c.req.valid("query");
      const before = cursor === undefined ? null : Number(cursor);
      const rows = await listDrift(c.env.DB, { before, limit, cluster, target, kind });
      const page = rows.slice(0, limit);
      const hasNext = rows.length > limit;
      return c.json({
        changes: page.map(showDrift),
        cursor: hasNext ? String(page.at(-1)?.id) : null,
        has_next: hasNext,
      });
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/publishing/targets/refresh",
      summary: "Read the clusters now; with the token of an exporter, its cluster",
      ...scoped("admin"),
      middleware: [refreshGuard] as const,
      responses: {
        202: { description: "They are read", content: { "application/json": { schema: Refreshed } } },
        400: { description: "A body where none belongs" },
        429: { description: "Asked within the last minute; see Retry-After" },
        503: { description: "It is under way; see Retry-After" },
      },
    }),
    async (c) => {
      if ((await c.req.text()) !== "") return refuse(c, "malformed-body", "the body must be empty");
      const { name } = c.var.caller;
      const isExporter = name.startsWith("cluster:") && c.var.caller.scopes.length === 0;
      const startedAt = Date.now();
      const reading = readNow(c.env, isExporter ? name.slice("cluster:".length).split(",") : []);
      c.executionCtx.waitUntil(reading.catch(() => undefined));
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<null>((resolve) => {
        timer = setTimeout(resolve, ANSWER_WITHIN_MS, null);
      });
      const answer = await Promise.race([reading, late]).finally(() => clearTimeout(timer ?? null));
      if (answer?.kind === "too_soon") {
        const seconds = String(Math.ceil(answer.retryAfterMs / 1000));
        return refuse(c, "refresh-too-soon", "the clusters were read a moment ago", {
          headers: { "retry-after": seconds },
        });
      }
      if (answer?.kind === "in_progress") {
        const seconds = isExporter ? NUDGED_RETRY_SECONDS : IN_PROGRESS_RETRY_SECONDS;
        const headers = { "retry-after": String(seconds) };
        return refuse(c, "refresh-in-progress", "the clusters are being read", { headers });
      }
      if (!isExporter) await recordAudit(c.env.DB, startedAt, name, "targets.refresh", "all", {});
      const { clusters } = await registry(c.env).status();
      const failed = answer?.failed ?? [];
      const message =
        answer === null
          ? "the clusters are being read"
          : failed.length === 0
            ? "the clusters were read"
            : `could not be read: ${failed.join(", ")}`;
      return c.json(
        {
          message,
          success: failed.length === 0,
          targets_discovered: clusters.reduce((sum, { targets }) => sum + targets, 0),
          refresh_timestamp: time(Date.now()),
          request_id: c.var.requestId,
          refresh_started_at: time(startedAt),
        },
        202,
      );
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/publishing/targets/reseal",
      summary: "Encrypt every stored definition with the newest key",
      ...scoped("admin"),
      responses: {
        200: {
          description: "How many were moved, and how many no key opens",
          content: { "application/json": { schema: z.object({ resealed: z.number(), failed: z.number() }) } },
        },
        503: { description: "ENCRYPTION_KEYS has an entry that is no key: what it was to open would be lost" },
      },
    }),
    async (c) => {
      const [defect] = keyDefects(c.env.ENCRYPTION_KEYS);
      if (defect !== undefined) return refuse(c, "dependency-unavailable", defect);
      const answer = await resealEverything(c.env);
      await recordAudit(c.env.DB, Date.now(), c.var.caller.name, "targets.reseal", "all", { ...answer });
      return c.json(answer, 200);
    },
  );

/** Dead letters under their older paths: `/publishing/dlq*` (contracts 2, 10.6). */
import { createRoute, z } from "@hono/zod-openapi";
import { recordAudit } from "../db/audit.ts";
import { countDead, ledgerHeads, ledgerId, loadLedger, purgeDead, readLedgerId } from "../db/ledger.ts";
import { replayResults } from "../db/replays.ts";
import { routes, scoped } from "../http.ts";
import { errorTypeOf, type JobFacts, jobFacts, priorityOf, showJob } from "../jobs.ts";
import { noteChange } from "../live.ts";
import { refuse } from "../problem.ts";
import { planReplay, startReplay } from "../replay.ts";
import { type NotificationRow, time, timeOrNull } from "../views.ts";

const HOUR_MS = 3_600_000;
const Entry = z.object({
  id: z.string(),
  job_id: z.string(),
  fingerprint: z.string(),
  target_name: z.string(),
  target_type: z.string().nullable(),
  error_message: z.string().nullable(),
  error_type: z.string(),
  reason: z.string().nullable(),
  retry_count: z.number(),
  priority: z.string(),
  failed_at: z.string().nullable(),
  last_retry_at: z.string().nullable(),
  replayed: z.boolean(),
  replayed_at: z.string().nullable(),
  /** null: it is under way, went to another target, or was never replayed. */
  replay_result: z.enum(["success", "failed", "skipped"]).nullable(),
  /** What it was to tell. */
  notification: z.object({
    status: z.string(),
    severity: z.string(),
    alert_name: z.string(),
    alert_names: z.array(z.string()),
    fingerprints: z.array(z.string()),
    group_key: z.string().nullable(),
  }),
});
const Stats = z.object({
  total_entries: z.number(),
  entries_by_error_type: z.record(z.string(), z.number()),
  entries_by_target: z.record(z.string(), z.number()),
  entries_by_priority: z.record(z.string(), z.number()),
  replayed_count: z.number(),
});

type ReplayResult = z.infer<typeof Entry>["replay_result"];

const RESULTS: Readonly<Record<string, ReplayResult>> = {
  delivered: "success",
  digested: "success",
  dead: "failed",
  discarded: "failed",
  superseded: "skipped",
  canceled: "skipped",
};

/** `replay`: the state its latest replay to the same target is in. */
const showEntry = (row: NotificationRow, facts: JobFacts, replay: string | undefined): z.infer<typeof Entry> => {
  const job = showJob(row, facts);
  const { status, severity, alert_name, alert_names, fingerprints, group_key } = job;
  return {
    id: job.id,
    job_id: job.id,
    fingerprint: job.fingerprint,
    target_name: row.target,
    target_type: job.target_type,
    error_message: job.last_error,
    error_type: errorTypeOf(row.reason),
    reason: row.reason,
    retry_count: job.retry_count,
    priority: job.priority,
    failed_at: timeOrNull(row.completed_at),
    last_retry_at: job.attempts.at(-1)?.at ?? null,
    replayed: row.replayed_at !== null,
    replayed_at: timeOrNull(row.replayed_at),
    replay_result: RESULTS[replay ?? ""] ?? null,
    notification: { status, severity, alert_name, alert_names, fingerprints, group_key },
  };
};

const tally = <T>(rows: readonly T[], keyOf: (row: T) => string, countOf: (row: T) => number): Record<string, number> =>
  Object.fromEntries(
    [...Map.groupBy(rows, keyOf)].map(([key, list]) => [key, list.reduce((sum, row) => sum + countOf(row), 0)]),
  );

const dlqStats = async (db: D1Database): Promise<z.infer<typeof Stats>> => {
  const counts = await countDead(db);
  const total = counts.reduce((sum, row) => sum + row.n, 0);
  return {
    total_entries: total,
    entries_by_error_type: tally(
      counts,
      (row) => errorTypeOf(row.reason),
      (row) => row.n,
    ),
    entries_by_target: tally(
      counts,
      (row) => row.target,
      (row) => row.n,
    ),
    entries_by_priority: tally(
      counts,
      (row) => priorityOf(row.status, row.severity),
      (row) => row.n,
    ),
    replayed_count: counts.reduce((sum, row) => sum + row.replayed, 0),
  };
};

const paging = {
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  offset: z.coerce.number().int().min(0).max(10_000).default(0),
};
const priority = z.enum(["high", "medium", "low"]).optional();
const idParam = z.object({ id: z.string().max(300) });
const ALL_DEAD = { states: ["dead"], reason: null, fingerprint: null, fromMs: null, toMs: null };

export const dlqRoutes = routes()
  .openapi(
    createRoute({
      method: "get",
      path: "/publishing/dlq",
      summary: "Dead letters, newest first",
      ...scoped("read"),
      request: {
        query: z.object({
          target: z.string().max(63).optional(),
          error_type: z.enum(["transient", "permanent", "unknown"]).optional(),
          priority,
          replayed: z.enum(["true", "false"]).optional(),
          include_stats: z.enum(["true", "false"]).optional(),
          ...paging,
        }),
      },
      responses: {
        200: {
          description: "Dead letters",
          content: {
            "application/json": {
              schema: z.object({ entries: z.array(Entry), total_count: z.number(), stats: Stats.optional() }),
            },
          },
        },
      },
    }),
    async (c) => {
      const q = c.req.valid("query");
      const wanted = { ...ALL_DEAD, target: q.target ?? null };
      const heads = (await ledgerHeads(c.env.DB, wanted)).heads.filter(
        ({ reason, status, severity, replayed_at }) =>
          (q.error_type === undefined || errorTypeOf(reason) === q.error_type) &&
          (q.priority === undefined || priorityOf(status, severity) === q.priority) &&
          (q.replayed === undefined || String(replayed_at !== null) === q.replayed),
      );
      const page = heads.slice(q.offset, q.offset + q.limit);
      const [found, replays, facts] = await Promise.all([
        loadLedger(c.env.DB, page),
        replayResults(
          c.env.DB,
          page.filter(({ replayed_at }) => replayed_at !== null),
        ),
        jobFacts(c.env),
      ]);
      const rows = new Map(found.map((row) => [ledgerId(row), row]));
      const entries = page.flatMap((key) => {
        const row = rows.get(ledgerId(key));
        return row === undefined ? [] : [showEntry(row, facts, replays.get(ledgerId(key)))];
      });
      const stats = q.include_stats === "true" ? { stats: await dlqStats(c.env.DB) } : {};
      return c.json({ entries, total_count: heads.length, ...stats }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/publishing/dlq/{id}/replay",
      summary: "Send one dead letter once more",
      ...scoped("operate"),
      request: { params: idParam },
      responses: {
        200: {
          description: "On its way, or why not",
          content: {
            "application/json": {
              schema: z.object({
                success: z.boolean(),
                message: z.string(),
                job_id: z.string().optional(),
                error: z.string().optional(),
              }),
            },
          },
        },
        404: { description: "No such dead letter" },
        409: { description: "Replayed already" },
      },
    }),
    async (c) => {
      const { id } = c.req.valid("param");
      const key = readLedgerId(id);
      const [row] = key === null ? [] : await loadLedger(c.env.DB, [key]);
      if (key === null || row?.state !== "dead") return refuse(c, "not-found", "no such dead letter");
      const now = Date.now();
      const plan = await planReplay(c.env, [key], null, false, now);
      if (plan.alreadyReplayed > 0) return refuse(c, "conflict", "its replay is on its way or got through");
      const [replay] = plan.addressed;
      if (replay === undefined) {
        const error = plan.resolvedSince > 0 ? "the alert has resolved since" : "what it said is no longer kept";
        return c.json({ success: false, message: "skipped", error }, 200);
      }
      await startReplay(c.env, plan, now);
      await recordAudit(c.env.DB, now, c.var.caller.name, "dead_letter.replay", id, {});
      const job_id = ledgerId({ ...replay.item, target: replay.target, replay: replay.item.replay ?? 0 });
      return c.json({ success: true, message: `queued for ${replay.target}`, job_id }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/publishing/dlq/purge",
      summary: "Discard old dead letters",
      ...scoped("admin"),
      request: { query: z.object({ older_than_hours: z.coerce.number().min(0).max(100_000).default(168) }) },
      responses: {
        200: {
          description: "Discarded",
          content: {
            "application/json": {
              schema: z.object({ success: z.boolean(), message: z.string(), deleted_count: z.number() }),
            },
          },
        },
      },
    }),
    async (c) => {
      const { older_than_hours: hours } = c.req.valid("query");
      const now = Date.now();
      const before = now - hours * HOUR_MS;
      const gone = await purgeDead(c.env.DB, before);
      await recordAudit(c.env.DB, now, c.var.caller.name, "dead_letter.purge", "", { hours, gone });
      if (gone > 0) noteChange("delivery", "all", "discarded");
      const message = `discarded ${gone} dead letters from before ${time(before)}`;
      return c.json({ success: true, message, deleted_count: gone }, 200);
    },
  );

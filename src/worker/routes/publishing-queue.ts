/** What waits at the targets, and each job: `/publishing/queue/*` (contracts 2, 10.1). */
import { createRoute, z } from "@hono/zod-openapi";
import { countDead, ledgerHeads, ledgerId, listLedger, loadLedger, readLedgerId } from "../db/ledger.ts";
import { routes, scoped } from "../http.ts";
import { JOB_STATES, JobSchema, jobFacts, priorityOf, showJob, storedStates } from "../jobs.ts";
import { refuse } from "../problem.ts";
import { queueStatus, standingTargets } from "../target-status.ts";

const Queue = z.object({
  total_size: z.number(),
  high_priority: z.number(),
  med_priority: z.number(),
  low_priority: z.number(),
  capacity: z.number().nullable(),
  worker_count: z.number(),
  active_jobs: z.number(),
  deferred_jobs: z.number(),
  oldest_job_age_seconds: z.number(),
  total_submitted: z.number(),
  total_completed: z.number(),
  total_failed: z.number(),
  success_rate_percent: z.number(),
  dlq_size: z.number(),
});
const queueRoute = (path: string) =>
  createRoute({
    method: "get",
    path,
    summary: "What waits, and what became of the rest",
    ...scoped("read"),
    responses: { 200: { description: "Counts", content: { "application/json": { schema: Queue } } } },
  });

const queueNow = async (env: Parameters<typeof standingTargets>[0]) => {
  const [targets, dead] = await Promise.all([standingTargets(env), countDead(env.DB)]);
  return queueStatus(
    targets,
    dead.reduce((sum, row) => sum + row.n, 0),
    Date.now(),
  );
};

const paging = {
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  offset: z.coerce.number().int().min(0).max(10_000).default(0),
  cursor: z.string().max(300).optional(),
};
const priority = z.enum(["high", "medium", "low"]).optional();
const idParam = z.object({ id: z.string().max(300) });
const everywhere = { reason: null, fromMs: null, toMs: null };

export const queueRoutes = routes()
  .openapi(queueRoute("/publishing/queue/status"), async (c) => c.json(await queueNow(c.env), 200))
  .openapi(queueRoute("/publishing/queue/stats"), async (c) => c.json(await queueNow(c.env), 200))
  .openapi(
    createRoute({
      method: "get",
      path: "/publishing/queue/jobs",
      summary: "Jobs, newest first",
      ...scoped("read"),
      request: {
        query: z.object({
          state: z.enum(JOB_STATES).optional(),
          target: z.string().max(63).optional(),
          fingerprint: z.string().max(100).toLowerCase().optional(),
          priority,
          ...paging,
        }),
      },
      responses: {
        200: {
          description: "Jobs",
          content: {
            "application/json": {
              schema: z.object({
                jobs: z.array(JobSchema),
                /** Among the newest that are counted; `total_is_capped`: there are older ones. */
                total_count: z.number(),
                total_is_capped: z.boolean(),
                cursor: z.string().nullable(),
              }),
            },
          },
        },
      },
    }),
    async (c) => {
      const q = c.req.valid("query");
      const before = q.cursor === undefined ? null : readLedgerId(q.cursor);
      if (q.cursor !== undefined && before === null) return refuse(c, "invalid-parameter", "cursor is invalid");
      const wanted = {
        ...everywhere,
        target: q.target ?? null,
        states: q.state === undefined ? null : storedStates(q.state),
        fingerprint: q.fingerprint ?? null,
      };
      const isWanted = ({ status, severity }: { status: string; severity: string }): boolean =>
        q.priority === undefined || priorityOf(status, severity) === q.priority;
      const [all, facts] = await Promise.all([ledgerHeads(c.env.DB, wanted), jobFacts(c.env)]);
      const heads = all.heads.filter(isWanted);
      const counted = { total_count: heads.length, total_is_capped: all.edge !== null };
      if (before !== null) {
        const { rows, next } = await listLedger(c.env.DB, { ...wanted, limit: q.limit, before });
        const jobs = rows.filter(isWanted).map((row) => showJob(row, facts));
        return c.json({ jobs, ...counted, cursor: next === null ? null : ledgerId(next) }, 200);
      }
      const page = heads.slice(q.offset, q.offset + q.limit);
      const rows = new Map((await loadLedger(c.env.DB, page)).map((row) => [ledgerId(row), row]));
      const jobs = page.flatMap((key) => rows.get(ledgerId(key)) ?? []).map((row) => showJob(row, facts));
      const next = q.offset + q.limit < heads.length ? page.at(-1) : all.edge;
      return c.json({ jobs, ...counted, cursor: next == null ? null : ledgerId(next) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/publishing/queue/jobs/{id}",
      summary: "One job",
      ...scoped("read"),
      request: { params: idParam },
      responses: {
        200: { description: "The job", content: { "application/json": { schema: JobSchema } } },
        404: { description: "No such job" },
      },
    }),
    async (c) => {
      const key = readLedgerId(c.req.valid("param").id);
      const [row] = key === null ? [] : await loadLedger(c.env.DB, [key]);
      if (row === undefined) return refuse(c, "not-found", "no such job");
      return c.json(showJob(row, await jobFacts(c.env)), 200);
    },
  );

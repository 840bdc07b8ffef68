/** What waits at the targets, and each job: `/publishing/queue/*` (contracts 2, 10.1). */
import { createRoute, z } from "@hono/zod-openapi";
import { countDead, ledgerId, listLedger, loadLedger, readLedgerId } from "../db/ledger.ts";
import { routes, scoped } from "../http.ts";
import { JOB_STATES, JobSchema, showJob, storedState } from "../jobs.ts";
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
              schema: z.object({ jobs: z.array(JobSchema), total_count: z.number(), cursor: z.string().nullable() }),
            },
          },
        },
      },
    }),
    async (c) => {
      const q = c.req.valid("query");
      const before = q.cursor === undefined ? null : readLedgerId(q.cursor);
      if (q.cursor !== undefined && before === null) return refuse(c, "invalid-parameter", "cursor is invalid");
      const { rows, next } = await listLedger(c.env.DB, {
        ...everywhere,
        limit: q.limit + q.offset,
        before,
        target: q.target ?? null,
        state: q.state === undefined ? null : storedState(q.state),
        fingerprint: q.fingerprint ?? null,
      });
      const jobs = rows.map(showJob).filter((job) => q.priority === undefined || job.priority === q.priority);
      const shown = jobs.slice(q.offset);
      return c.json({ jobs: shown, total_count: jobs.length, cursor: next === null ? null : ledgerId(next) }, 200);
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
      return row === undefined ? refuse(c, "not-found", "no such job") : c.json(showJob(row), 200);
    },
  );

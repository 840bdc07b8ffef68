/** The ledger: `/api/v1/notifications`, and sending from it once more. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { recordAudit } from "../db/audit.ts";
import { type LedgerKey, ledgerId, listLedger, loadLedger, readLedgerId } from "../db/ledger.ts";
import { type AppEnv, routes, scoped } from "../http.ts";
import { JobSchema, jobFacts, showJob } from "../jobs.ts";
import { refuse } from "../problem.ts";
import { registry } from "../registry.ts";
import { MAX_REPLAYED, planReplay, startReplay } from "../replay.ts";

const STATES = [
  "pending",
  "retry",
  "deferred",
  "delivered",
  "digested",
  "superseded",
  "canceled",
  "dead",
  "discarded",
] as const;
const instant = z.iso.datetime({ offset: true });
export const filter = z.object({
  target: z.string().max(63).optional(),
  state: z.enum(STATES).optional(),
  reason: z.string().max(40).optional(),
  fingerprint: z
    .string()
    .regex(/^[0-9a-fA-F]{16}$/, "must be 16 hex digits")
    .toLowerCase()
    .optional(),
  from: instant.optional(),
  to: instant.optional(),
});
export const page = {
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(300).optional(),
};

const Listed = z.object({
  notifications: z.array(JobSchema),
  count: z.number(),
  limit: z.number(),
  has_next: z.boolean(),
  cursor: z.string().nullable(),
});
export const ReplayBody = filter.extend({
  ids: z.array(z.string().max(300)).min(1).max(MAX_REPLAYED).optional(),
  to_target: z.string().max(63).optional(),
  /** Once more also what a replay got through to its target; asked twice within ten seconds it happens once. */
  again: z.boolean().default(false),
  /** Where the answer before ended: of what conditions name, a thousand are replayed at a time. */
  cursor: z.string().max(300).optional(),
  dry_run: z.boolean().default(false),
});
const Replayed = z.object({
  dry_run: z.boolean(),
  matched: z.number(),
  replayed: z.number(),
  skipped_resolved: z.number(),
  skipped_already_replayed: z.number(),
  skipped_gone: z.number(),
  /** More match than one request replays: ask again, with `cursor`. */
  has_more: z.boolean(),
  cursor: z.string().nullable(),
  ids: z.array(z.string()),
});

type Filter = z.infer<typeof filter>;

const queryOf = (given: Filter, limit: number, before: LedgerKey | null) => ({
  limit,
  before,
  target: given.target ?? null,
  states: given.state === undefined ? null : [given.state],
  reason: given.reason ?? null,
  fingerprint: given.fingerprint ?? null,
  fromMs: given.from === undefined ? null : Date.parse(given.from),
  toMs: given.to === undefined ? null : Date.parse(given.to),
});

export const list = async (c: Context<AppEnv>, given: Filter & { limit: number; cursor?: string | undefined }) => {
  const before = given.cursor === undefined ? null : readLedgerId(given.cursor);
  if (given.cursor !== undefined && before === null) return null;
  const [{ rows, next }, facts] = await Promise.all([
    listLedger(c.env.DB, queryOf(given, given.limit, before)),
    jobFacts(c.env),
  ]);
  return {
    notifications: rows.map((row) => showJob(row, facts)),
    count: rows.length,
    limit: given.limit,
    has_next: next !== null,
    cursor: next === null ? null : ledgerId(next),
  };
};

/** What is replayed: of dead letters without a state, which is not theirs to choose. */
export type ReplayChoice = Omit<z.infer<typeof ReplayBody>, "state"> & { readonly state?: Filter["state"] };

/**
 * Replays what ids or a filter name; without either nothing is meant, so nothing is matched. `within`: the only state
 * that a filter looks at, which says nothing about what is meant.
 */
export const replayMatching = async (
  c: Context<AppEnv>,
  body: ReplayChoice,
  within?: Filter["state"],
): Promise<z.infer<typeof Replayed> | "unknown_target" | "no_choice" | "invalid_cursor"> => {
  const { ids, to_target: to, dry_run: dryRun, again, cursor, ...named } = body;
  if (ids === undefined && Object.values(named).every((value) => value === undefined)) return "no_choice";
  const given = within === undefined ? named : { ...named, state: within };
  if (to !== undefined && (await registry(c.env).get(to)) === null) return "unknown_target";
  const before = cursor === undefined ? null : readLedgerId(cursor);
  if (cursor !== undefined && before === null) return "invalid_cursor";
  const keys = ids?.flatMap((id) => readLedgerId(id) ?? []);
  const found = keys === undefined ? await listLedger(c.env.DB, queryOf(given, MAX_REPLAYED, before)) : null;
  const chosen = (keys ?? found?.rows ?? []).filter((key) => ids !== undefined || key.replay === 0);
  const now = Date.now();
  const plan = await planReplay(c.env, chosen, to ?? null, again, now);
  if (!dryRun) {
    await startReplay(c.env, plan, now);
    const detail = { ...given, ids: ids?.length ?? null, to: to ?? null, replayed: plan.addressed.length };
    await recordAudit(c.env.DB, now, c.var.caller.name, "notifications.replay", to ?? given.target ?? "", detail);
  }
  return {
    dry_run: dryRun,
    matched: plan.matched,
    replayed: plan.addressed.length,
    skipped_resolved: plan.resolvedSince,
    skipped_already_replayed: plan.alreadyReplayed,
    skipped_gone: plan.gone,
    has_more: (found?.next ?? null) !== null,
    cursor: found?.next == null ? null : ledgerId(found.next),
    ids: plan.addressed.map(({ target, item }) => ledgerId({ ...item, target, replay: item.replay ?? 0 })),
  };
};

export const replayRoute = <Body extends z.ZodType>(path: string, summary: string, schema: Body) =>
  createRoute({
    method: "post",
    path,
    summary,
    ...scoped("operate"),
    request: { body: { required: true, content: { "application/json": { schema } } } },
    responses: {
      200: { description: "What was replayed, or would be", content: { "application/json": { schema: Replayed } } },
    },
  });

export const answerReplay = async (c: Context<AppEnv>, body: ReplayChoice, within?: Filter["state"]) => {
  const answer = await replayMatching(c, body, within);
  if (answer === "unknown_target") return refuse(c, "not-found", `no target ${body.to_target}`);
  if (answer === "invalid_cursor") return refuse(c, "invalid-parameter", "cursor is invalid");
  if (answer === "no_choice") return refuse(c, "validation", "name ids, or at least one condition");
  return c.json(answer, 200);
};

export const idParam = z.object({ id: z.string().max(300) });
export const listResponses = { 200: { description: "A page", content: { "application/json": { schema: Listed } } } };

export const notificationRoutes = routes()
  .openapi(
    createRoute({
      method: "get",
      path: "/api/v1/notifications",
      summary: "Every notification with its attempts, newest first",
      ...scoped("read"),
      request: { query: filter.extend(page) },
      responses: listResponses,
    }),
    async (c) => {
      const answer = await list(c, c.req.valid("query"));
      return answer === null ? refuse(c, "invalid-parameter", "cursor is invalid") : c.json(answer, 200);
    },
  )
  .openapi(replayRoute("/api/v1/notifications/replay", "Send notifications once more", ReplayBody.strict()), (c) =>
    answerReplay(c, c.req.valid("json")),
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/api/v1/notifications/{id}",
      summary: "One notification",
      ...scoped("read"),
      request: { params: idParam },
      responses: {
        200: { description: "The notification", content: { "application/json": { schema: JobSchema } } },
        404: { description: "No such notification" },
      },
    }),
    async (c) => {
      const key = readLedgerId(c.req.valid("param").id);
      const [row] = key === null ? [] : await loadLedger(c.env.DB, [key]);
      if (row === undefined) return refuse(c, "not-found", "no such notification");
      return c.json(showJob(row, await jobFacts(c.env)), 200);
    },
  );

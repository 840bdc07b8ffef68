/**
 * `GET /api/v1/notifications/{id}/request`: what was sent with an attempt, without its secrets. It is made again from what
 * is kept and compared with the digest the attempt left, so that the answer says whether it is what was sent.
 */
import { createRoute, z } from "@hono/zod-openapi";
import { formatOf } from "../../core/publish/index.ts";
import type { Notification } from "../../core/publish/notification.ts";
import { type ShownRequest, showRequest } from "../../core/publish/shown.ts";
import type { Target } from "../../core/route/target.ts";
import { mayDo } from "../auth.ts";
import { publicUrl } from "../context.ts";
import { type ItemRow, itemOf, ROWS } from "../db/items.ts";
import { readLedgerId } from "../db/ledger.ts";
import { routes, scoped } from "../http.ts";
import type { Attempt } from "../objects/target-store.ts";
import { refuse } from "../problem.ts";
import { registry } from "../registry.ts";
import { digestOf } from "../sent.ts";
import { loadSettings } from "../settings.ts";
import { idParam } from "./notifications.ts";

export const RequestSchema = z
  .object({
    /** null: there is nothing to show, see `note`. */
    request: z
      .object({
        method: z.string(),
        url: z.string(),
        headers: z.record(z.string(), z.string()),
        body: z.string(),
        signed: z.boolean(),
      })
      .nullable(),
    /** The attempt it is about; null: none was made. */
    attempt: z.number().nullable(),
    /** exact: equal to what was sent; kept: stored because it failed; changed: made again and not the same; unknown. */
    origin: z.enum(["exact", "kept", "changed", "unknown", "none"]),
    note: z.string(),
  })
  .openapi("NotificationRequest");
type Answer = z.infer<typeof RequestSchema>;

const NOTES = {
  not_opened: "An end is told only where the target remembers the beginning; what it says depends on that.",
  done: "Nothing is left to be said.",
  unreadable: "The definition of its target cannot be read: it is told when it can be again.",
} as const;

const CHANGED =
  "Made again from what is kept, and it is not what was sent: the target, the classification or the format has changed since, or the attempt told of several changes at once.";

/** The request as the target is defined now, or why there is none. */
const makeAgain = (
  notification: Notification,
  target: Target,
  made: Attempt["made"],
  at: number,
): ShownRequest | string => {
  const told = made?.receiver === undefined ? notification : { ...notification, receiver: made.receiver };
  const step = formatOf(target).next(told, target, made?.known ?? null, made?.done ?? [], at);
  if (!step.ok) return step.error.error;
  return typeof step.value === "string" ? NOTES[step.value] : showRequest(step.value.request, target);
};

const keptAnswer = (attempt: Attempt, holder: Attempt): Answer => {
  const { method, url, body, length } = holder.sent!;
  const end = length > body.length ? `; the first ${body.length} of ${length} characters` : "";
  return {
    request: { method, url, headers: {}, body, signed: false },
    attempt: attempt.number,
    origin: "kept",
    note: `What was sent with attempt ${attempt.number}, kept because it failed${end}. Secrets and headers are left out.`,
  };
};

/** What may be said of the request of an attempt, given how it would be made now. */
const answerFor = async (
  again: ShownRequest | string,
  attempt: Attempt | undefined,
  all: readonly Attempt[],
): Promise<Answer> => {
  const request = typeof again === "string" ? null : { ...again, headers: { ...again.headers } };
  const why = typeof again === "string" ? again : null;
  if (attempt === undefined) {
    const note = why ?? "Nothing was sent yet. This is what would be sent now; secrets are left out.";
    return { request, attempt: null, origin: "none", note };
  }
  const { number, made } = attempt;
  if (typeof again !== "string" && made !== undefined && (await digestOf(again)) === made.digest) {
    const note = `Exactly what was sent with attempt ${number}, but for its secrets.`;
    return { request, attempt: number, origin: "exact", note };
  }
  const holder = all.find(({ sent, made: other }) => sent !== undefined && other?.digest === made?.digest);
  if (made !== undefined && holder !== undefined) return keptAnswer(attempt, holder);
  if (made !== undefined) return { request, attempt: number, origin: "changed", note: why ?? CHANGED };
  const note = why ?? "Made again from what is kept, for the target as it is defined now. Secrets are left out.";
  return { request, attempt: number, origin: "unknown", note };
};

/** What a template wrote, for callers who may not read the template: any of its words may be a secret. */
const withoutBody = (answer: Answer): Answer =>
  answer.request === null
    ? answer
    : {
        ...answer,
        request: { ...answer.request, body: "" },
        note: `${answer.note} Its body is a template's, and shown to administrators only.`,
      };

export const notificationRequestRoutes = routes().openapi(
  createRoute({
    method: "get",
    path: "/api/v1/notifications/{id}/request",
    summary: "What was sent for a notification, without the secrets of its target",
    ...scoped("read"),
    request: {
      params: idParam,
      query: z.object({ attempt: z.coerce.number().int().min(1).optional() }),
    },
    responses: {
      200: { description: "The request", content: { "application/json": { schema: RequestSchema } } },
      404: { description: "No such notification or attempt, or it is not kept any more" },
    },
  }),
  async (c) => {
    const key = readLedgerId(c.req.valid("param").id);
    if (key === null) return refuse(c, "not-found", "no such notification");
    const now = Date.now();
    const [row, entry, settings] = await Promise.all([
      c.env.DB.prepare(
        `${ROWS.replace("e.*", "n.attempts AS n_attempts, e.*")}
         WHERE n.at = ?1 AND n.subject = ?2 AND n.seq = ?3 AND n.target = ?4 AND n.replay = ?5`,
      )
        .bind(key.at, key.subject, key.seq, key.target, key.replay)
        .first<ItemRow & { n_attempts: string; mode: string | null }>(),
      registry(c.env).get(key.target),
      loadSettings(c.env, now),
    ]);
    const attempts = row === null ? [] : (JSON.parse(row.n_attempts) as Attempt[]);
    const asked = c.req.valid("query").attempt;
    const attempt = asked === undefined ? attempts.at(-1) : attempts.find(({ number }) => number === asked);
    if (asked !== undefined && attempt === undefined) return refuse(c, "not-found", `attempt ${asked} is not kept`);
    // In the mode it was decided in, whatever is in force by now.
    const mode = (row?.mode ?? settings.mode) as typeof settings.mode;
    const [item] = row === null ? [] : itemOf(row, { mode, publicUrl: publicUrl(c.env) });
    if (row === null || (item === undefined && attempt?.sent === undefined)) {
      return refuse(c, "not-found", "this notification is not kept any more");
    }
    const again =
      item === undefined
        ? "Its event is not kept any more."
        : entry === null
          ? `The target ${key.target} is gone.`
          : !entry.isWhole
            ? NOTES.unreadable
            : makeAgain(item.notification, entry.target, attempt?.made, attempt?.at ?? now);
    const answer = await answerFor(again, attempt, attempts);
    const isTemplate = entry?.target.options.template !== undefined;
    return c.json(isTemplate && !mayDo(c.var.caller, "admin") ? withoutBody(answer) : answer, 200);
  },
);

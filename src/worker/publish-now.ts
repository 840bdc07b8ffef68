/** Notifications that somebody asks for directly: submitted, sent to many at once, or as a test. They go the durable way. */

import type { Alert } from "../core/alert/alert.ts";
import { severityOf } from "../core/alert/severity.ts";
import { groupKey } from "../core/group/key.ts";
import { notificationId } from "../core/history/event.ts";
import { parseBody } from "../core/ingest/parse.ts";
import { buildNotification } from "../core/pipeline/notify.ts";
import { formatOf } from "../core/publish/index.ts";
import type { Target } from "../core/route/target.ts";
import { publicUrl } from "./context.ts";
import { insertPending } from "./db/notifications.ts";
import type { Bindings } from "./env.ts";
import type { Result } from "./objects/target-store.ts";
import type { Addressed } from "./ring.ts";

/** Targets waited for at once: the connections a request may have. */
const AT_ONCE = 6;

/** Makes the notification of one alert for one target; `line` is what it is kept in order with. */
export const addressTo = (
  env: Bindings,
  target: string,
  alert: Alert,
  line: { readonly subject: string; readonly seq: number; readonly kind: "alerts" | "test" },
  now: number,
): Addressed => {
  const { subject, seq, kind } = line;
  const notification = buildNotification(
    {
      id: notificationId(subject, seq, target),
      alerts: [{ ...alert, severity: severityOf(alert.labels), classification: null }],
      reason: alert.status === "firing" ? "firstNotification" : "allResolved",
      groupKey: groupKey([[]], alert.labels),
      groupLabels: alert.labels,
      receiver: target,
      at: now,
    },
    { mode: "transparent", publicUrl: publicUrl(env) },
  );
  return { target, item: { subject, seq, at: now, notification: { ...notification, kind } } };
};

export interface Answered {
  readonly target: string;
  /** The first word on it; null when none came in time: it goes on by itself. */
  readonly result: Result | null;
  readonly durationMs: number;
}

/** Commits, delivers and waits for the first word on each, at most until the deadline. */
export const publishNow = async (
  env: Bindings,
  addressed: readonly Addressed[],
  deadline: number,
): Promise<Answered[]> => {
  const start = Date.now();
  if (addressed.length > 0) await env.DB.batch(insertPending(env.DB, addressed, start));
  const answers: Answered[] = [];
  for (let from = 0; from < addressed.length; from += AT_ONCE) {
    const some = addressed.slice(from, from + AT_ONCE).map(async ({ target, item }) => {
      const began = Date.now();
      const left = Math.max(1, deadline - began);
      const [result] = await env.TARGETS.getByName(target).deliver([item], left);
      return { target, result: result ?? null, durationMs: Date.now() - began };
    });
    answers.push(...(await Promise.all(some)));
  }
  return answers;
};

/** A pager that got a test is told at once that it is over. */
export const needsResolve = (target: Target): boolean => formatOf(target).audience === "pager";

export const errorOf = (result: Result | null): string | undefined => {
  if (result === null) return "no answer in time; it is tried again";
  if (result.state === "delivered") return undefined;
  return [result.state, result.reason, result.error ?? result.attempts.at(-1)?.error].filter(Boolean).join(": ");
};

/** The one alert of a body that somebody sends by hand; null where there is none in it. */
export const readAlert = (body: unknown, now: number): Alert | null => {
  const options = { now, pending: "firing" as const, resolveTimeoutSeconds: 300, webhookResolveTimeoutSeconds: 0 };
  const parsed = parseBody(body, options);
  return parsed.ok ? (parsed.value.alerts[0]?.alert ?? null) : null;
};

/** How stored notifications are shown as jobs and dead letters (contracts 10.1, 10.6). */
import { z } from "@hono/zod-openapi";
import { alertName } from "../core/alert/alert.ts";
import { replayOf } from "../core/history/event.ts";
import type { Notification, NotificationAlert } from "../core/publish/notification.ts";
import { ledgerId } from "./db/ledger.ts";
import { retryOptions } from "./delivery-options.ts";
import type { Bindings } from "./env.ts";
import type { Attempt } from "./objects/target-store.ts";
import { registry } from "./registry.ts";
import { AttemptSchema } from "./schemas.ts";
import { type NotificationRow, time, timeOrNull } from "./views.ts";

export const JobSchema = z
  .object({
    id: z.string(),
    fingerprint: z.string(),
    fingerprints: z.array(z.string()),
    group_key: z.string().nullable(),
    alert_name: z.string(),
    /** Of a group: the different names in it, the first of them. */
    alert_names: z.array(z.string()),
    target_name: z.string(),
    /** null: the target is gone. */
    target_type: z.string().nullable(),
    status: z.string(),
    severity: z.string(),
    priority: z.enum(["high", "medium", "low"]),
    state: z.string(),
    reason: z.string().nullable(),
    replay: z.number(),
    replayed_at: z.string().nullable(),
    fallback: z.string().nullable(),
    retry_count: z.number(),
    /** null: no number of attempts ends it, only its target's retry window. */
    max_retries: z.number().nullable(),
    last_error: z.string().nullable(),
    error_type: z.enum(["transient", "permanent", "unknown"]).nullable(),
    created_at: z.string(),
    next_attempt_at: z.string().nullable(),
    completed_at: z.string().nullable(),
    processing_time: z.number().nullable(),
    attempts: z.array(AttemptSchema.extend({ receipt: z.string().nullable() })),
  })
  .openapi("Job");
export type JobView = z.infer<typeof JobSchema>;

/** Our states in the words of contracts 10.1. */
const STATES: Readonly<Record<string, string>> = {
  pending: "queued",
  retry: "retrying",
  deferred: "deferred",
  delivered: "succeeded",
  digested: "succeeded",
  dead: "dlq",
  discarded: "failed",
  superseded: "canceled",
  canceled: "canceled",
};
/** What is under way stands as queued or retrying until its answer is there, so nothing is ever listed as processing. */
export const JOB_STATES = [
  "queued",
  "processing",
  "retrying",
  "deferred",
  "succeeded",
  "dlq",
  "failed",
  "canceled",
] as const;

/** The stored states that are shown as this one. */
export const storedStates = (shown: (typeof JOB_STATES)[number]): readonly string[] =>
  Object.keys(STATES).filter((state) => STATES[state] === shown);

const TRANSIENT = ["timeout", "dns", "tls", "refused", "rate_limited", "server_error"];

export const errorTypeOf = (reason: string | null): "transient" | "permanent" | "unknown" =>
  reason === null ? "unknown" : TRANSIENT.includes(reason) ? "transient" : "permanent";

export const priorityOf = (status: string, severity: string): "high" | "medium" | "low" => {
  if (status === "resolved") return "low";
  if (severity === "critical") return "high";
  return severity === "info" || severity === "noise" ? "low" : "medium";
};

/** Names shown of a group; the alerts themselves are in the history. */
const MAX_NAMES = 10;

/** What is read of a notification that is kept as it was made. */
type FrozenNotification = Pick<Notification, "groupKey"> & {
  readonly alerts: readonly Pick<NotificationAlert, "fingerprint" | "labels">[];
};

/** What a row does not say itself. */
export interface JobFacts {
  readonly typeOf: (target: string) => string | null;
  readonly maxRetries: number | null;
}

export const jobFacts = async (env: Bindings): Promise<JobFacts> => {
  const types = new Map((await registry(env).list()).map(({ target }) => [target.name, target.type]));
  const { maxAttempts } = retryOptions(env);
  return {
    typeOf: (target) => types.get(target) ?? null,
    maxRetries: Number.isFinite(maxAttempts) ? maxAttempts - 1 : null,
  };
};

export const showJob = (row: NotificationRow, { typeOf, maxRetries }: JobFacts): JobView => {
  const attempts = JSON.parse(row.attempts) as Attempt[];
  const last = attempts.at(-1);
  const frozen = row.payload === null ? null : (JSON.parse(row.payload) as FrozenNotification);
  const names = [...new Set(frozen?.alerts.map(({ labels }) => alertName(labels)) ?? [row.alertname])];
  return {
    id: ledgerId(row),
    fingerprint: frozen?.alerts[0]?.fingerprint ?? row.subject,
    fingerprints: frozen?.alerts.map((alert) => alert.fingerprint) ?? [row.subject],
    group_key: frozen?.groupKey ?? null,
    alert_name: row.alertname,
    alert_names: names.slice(0, MAX_NAMES),
    target_name: row.target,
    target_type: typeOf(row.target),
    status: row.status,
    severity: row.severity,
    priority: priorityOf(row.status, row.severity),
    state: STATES[row.state] ?? row.state,
    reason: row.reason,
    replay: replayOf(row.replay),
    replayed_at: timeOrNull(row.replayed_at),
    fallback: row.fallback,
    retry_count: Math.max(0, (last?.number ?? 0) - 1),
    max_retries: maxRetries,
    last_error: row.error ?? last?.error ?? null,
    error_type: last === undefined || last.reason === null ? null : errorTypeOf(last.reason),
    created_at: time(row.at),
    next_attempt_at: timeOrNull(row.next_attempt_at),
    completed_at: timeOrNull(row.completed_at),
    processing_time: row.completed_at === null ? null : Math.max(0, row.completed_at - row.at) / 1000,
    attempts: attempts.map((attempt) => ({
      number: attempt.number,
      at: time(attempt.at),
      duration_ms: attempt.durationMs,
      status_code: attempt.statusCode,
      error_type: attempt.reason,
      error: attempt.error,
      receipt: attempt.receipt ?? null,
    })),
  };
};

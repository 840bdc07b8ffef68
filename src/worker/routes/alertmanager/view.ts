/** The shapes of Alertmanager's API v2. Arrays are never null, times have milliseconds. */
import { z } from "@hono/zod-openapi";
import { toApiMatcher } from "../../../core/alert/matcher.ts";
import { silenceState } from "../../../core/filter/silence.ts";
import { isSuppressed } from "../../../core/history/api-v2.ts";
import type { StoredSilence } from "../../db/silences.ts";
import { time } from "../../views.ts";
import type { StandingAlert } from "./standing.ts";

const LabelSet = z.record(z.string(), z.string());

export const GettableAlert = z
  .object({
    labels: LabelSet,
    annotations: LabelSet,
    startsAt: z.string(),
    endsAt: z.string(),
    updatedAt: z.string(),
    generatorURL: z.string(),
    fingerprint: z.string(),
    receivers: z.array(z.object({ name: z.string() })),
    status: z.object({
      state: z.enum(["unprocessed", "active", "suppressed"]),
      silencedBy: z.array(z.string()),
      inhibitedBy: z.array(z.string()),
      mutedBy: z.array(z.string()),
    }),
    /** Only where `details=true` is asked for: the severity that counts, which a classification may have raised. */
    severity: z.string().optional(),
  })
  .openapi("GettableAlert");

export const AlertGroup = z
  .object({
    labels: LabelSet,
    routeLabels: LabelSet,
    receiver: z.object({ name: z.string() }),
    alerts: z.array(GettableAlert),
  })
  .openapi("AlertGroup");

export const ApiMatcherSchema = z.object({
  name: z.string(),
  value: z.string(),
  isRegex: z.boolean(),
  isEqual: z.boolean(),
});

export const GettableSilence = z
  .object({
    id: z.string(),
    status: z.object({ state: z.enum(["expired", "active", "pending"]) }),
    updatedAt: z.string(),
    matchers: z.array(ApiMatcherSchema),
    startsAt: z.string(),
    endsAt: z.string(),
    createdBy: z.string(),
    comment: z.string(),
    annotations: LabelSet,
    recurrence: z.object({ rule: z.string(), time_zone: z.string(), duration_seconds: z.number() }).optional(),
    end_policy: z.enum(["none", "notify"]).optional(),
    remind_before_seconds: z.number().optional(),
  })
  .openapi("GettableSilence");

/**
 * A firing alert without a known end is shown to end when it would be taken for resolved (contracts 2); never in the past,
 * because repeats do not change what is stored of it, and clients would take it for over.
 */
export const showAlert = (
  standing: StandingAlert,
  resolveTimeoutMs: number,
  now: number,
): z.infer<typeof GettableAlert> => {
  const { alert, receivers, silencedBy, inhibitedBy, mutedBy } = standing;
  const due = alert.updatedAt + resolveTimeoutMs;
  return {
    labels: { ...alert.labels },
    annotations: { ...alert.annotations },
    startsAt: time(alert.startsAt),
    endsAt: time(alert.endsAt ?? (due > now ? due : now + resolveTimeoutMs)),
    updatedAt: time(alert.updatedAt),
    generatorURL: alert.generatorURL,
    fingerprint: alert.fingerprint,
    receivers: receivers.map((name) => ({ name })),
    status: {
      state: isSuppressed(standing) ? "suppressed" : "active",
      silencedBy: [...silencedBy],
      inhibitedBy: [...inhibitedBy],
      mutedBy: [...mutedBy],
    },
  };
};

export const showSilence = (silence: StoredSilence, now: number): z.infer<typeof GettableSilence> => ({
  id: silence.id,
  status: { state: silenceState(silence, now) },
  updatedAt: time(silence.updatedAt),
  matchers: silence.matchers.map(toApiMatcher),
  startsAt: time(silence.startsAt),
  endsAt: time(silence.endsAt),
  createdBy: silence.createdBy,
  comment: silence.comment,
  annotations: { ...silence.annotations },
  ...(silence.recurrence === null
    ? {}
    : {
        recurrence: {
          rule: silence.recurrence.rule,
          time_zone: silence.recurrence.timeZone,
          duration_seconds: silence.recurrence.durationMs / 1000,
        },
      }),
  ...(silence.endPolicy === "none" ? {} : { end_policy: silence.endPolicy }),
  ...(silence.remindBeforeMs === null ? {} : { remind_before_seconds: silence.remindBeforeMs / 1000 }),
});

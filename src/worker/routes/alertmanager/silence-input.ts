/** What is asked of a silence: Alertmanager's fields and ours, and whether it is too broad to be made by mistake. */
import { z } from "@hono/zod-openapi";
import { fromApiMatcher } from "../../../core/alert/matcher.ts";
import { readTime } from "../../../core/alert/time.ts";
import type { SilenceDraft } from "../../../core/filter/silence.ts";
import { previewSilence } from "../../../core/filter/silence-set.ts";
import { readFiring } from "../../db/firing.ts";
import type { SilenceExtras } from "../../db/silences.ts";
import type { Bindings } from "../../env.ts";

/** A silence over more than this part of what fires wants `force`, once so many fire that a part means something. */
const MAX_SHARE = 0.5;
const MIN_FIRING = 10;
/** For clients that can send nothing else: a comment with this word forces too. */
const FORCE_WORD = "[force]";

export const Recurrence = z.object({
  rule: z.string().max(1000),
  time_zone: z.string().max(100).default("UTC"),
  duration_seconds: z.number().positive(),
});
export const MatcherInput = z.object({
  name: z.string(),
  value: z.string(),
  isRegex: z.boolean().default(false),
  isEqual: z.boolean().default(true),
});
export const PostableSilence = z
  .object({
    id: z.string().optional(),
    matchers: z.array(MatcherInput),
    startsAt: z.string().optional(),
    endsAt: z.string(),
    createdBy: z.string().default(""),
    comment: z.string().default(""),
    annotations: z.record(z.string(), z.string()).nullish(),
    recurrence: Recurrence.nullish(),
    end_policy: z.enum(["none", "notify"]).default("none"),
    remind_before_seconds: z.number().positive().nullish(),
    force: z.boolean().default(false),
  })
  .openapi("PostableSilence");

export const readDraft = (body: z.infer<typeof PostableSilence>, now: number): SilenceDraft & SilenceExtras => ({
  matchers: body.matchers.map(fromApiMatcher),
  // Go's zero time, and what cannot be read, mean "not set".
  startsAt: readTime(body.startsAt) ?? now,
  endsAt: readTime(body.endsAt) ?? Number.NaN,
  createdBy: body.createdBy,
  comment: body.comment,
  annotations: body.annotations ?? {},
  recurrence: body.recurrence == null ? null : recurrenceOf(body.recurrence),
  endPolicy: body.end_policy,
  remindBeforeMs: body.remind_before_seconds == null ? null : body.remind_before_seconds * 1000,
});

export const recurrenceOf = (input: z.infer<typeof Recurrence>) => ({
  rule: input.rule,
  timeZone: input.time_zone,
  durationMs: input.duration_seconds * 1000,
});

/** Why a silence is too broad to be made without force, or null. */
export const breadthOf = async (env: Bindings, draft: SilenceDraft, now: number): Promise<string | null> => {
  const firing = await readFiring(env.DB);
  if (firing.length < MIN_FIRING) return null;
  const preview = previewSilence(
    { matchers: draft.matchers, recurrence: null },
    firing.map(({ fingerprint, labels }) => ({ fingerprint, labels, at: now })),
  );
  if (!preview.ok || preview.value.share <= MAX_SHARE) return null;
  const { alerts, totalAlerts } = preview.value;
  return `the silence would mute ${alerts} of ${totalAlerts} firing alerts; narrow it, or add "force": true or ${FORCE_WORD} to its comment`;
};

export const isForced = (body: z.infer<typeof PostableSilence>): boolean =>
  body.force || body.comment.includes(FORCE_WORD);

/**
 * Tells of silences: their owners before the end, everybody what still fires after it where the silence asks so. What is
 * told is an alert of ours, which takes the same way as any other.
 */

import { previewSilence } from "../../core/filter/silence-set.ts";
import { recordAudit } from "../db/audit.ts";
import { readFiring } from "../db/firing.ts";
import { dueSilences, markSilences, type StoredSilence } from "../db/silences.ts";
import type { Bindings } from "../env.ts";
import { noteChange } from "../live.ts";
import { raise } from "../raise.ts";
import { time } from "../views.ts";

/** Silences of one run; the others follow a minute later. */
const MAX_PER_RUN = 100;

const about = (silence: StoredSilence): string => `${silence.comment} (by ${silence.createdBy})`;

const reminder = (silence: StoredSilence) => ({
  labels: { alertname: "SilenceExpiring", silence_id: silence.id, created_by: silence.createdBy, severity: "info" },
  annotations: { summary: `A silence ends at ${time(silence.endsAt)}: ${about(silence)}` },
  status: "firing",
  endsAt: time(silence.endsAt),
});

/** How long the word of an ended silence is shown as firing. */
const TOLD_FOR_MS = 3_600_000;

const ending = (silence: StoredSilence, stillFiring: number, names: readonly string[], now: number) => ({
  labels: { alertname: "SilenceEnded", silence_id: silence.id, created_by: silence.createdBy, severity: "warning" },
  annotations: {
    summary: `A silence has ended and ${stillFiring} of its alerts still fire: ${names.join(", ")}`,
    description: about(silence),
  },
  status: "firing",
  endsAt: time(now + TOLD_FOR_MS),
});

/** Answers how many silences were told of. */
export const tellOfSilences = async (env: Bindings, now: number): Promise<number> => {
  const { remind, ended, begun } = await dueSilences(env.DB, now, MAX_PER_RUN);
  for (const { id } of begun) noteChange("silence", id, "active");
  if (remind.length > 0 && (await raise(env, now, remind.map(reminder), "silences"))) {
    await markSilences(
      env.DB,
      "reminded_at",
      remind.map(({ id }) => id),
      now,
    );
  }
  if (ended.length > 0) await tellEnded(env, now, ended);
  return remind.length + ended.length;
};

const tellEnded = async (env: Bindings, now: number, ended: readonly StoredSilence[]): Promise<void> => {
  const firing = (await readFiring(env.DB)).map(({ fingerprint, labels }) => ({ fingerprint, labels, at: now }));
  const told = ended.flatMap((silence) => {
    if (silence.endPolicy !== "notify") return [];
    const still = previewSilence({ matchers: silence.matchers, recurrence: null }, firing);
    if (!still.ok || still.value.alerts === 0) return [];
    return [
      ending(
        silence,
        still.value.alerts,
        still.value.names.map(({ name }) => name),
        now,
      ),
    ];
  });
  // Reminders of what has ended end with it.
  const over = ended
    .filter(({ remindBeforeMs }) => remindBeforeMs !== null)
    .map((silence) => ({ ...reminder(silence), status: "resolved", endsAt: time(now) }));
  const alerts = [...told, ...over];
  if (alerts.length > 0 && !(await raise(env, now, alerts, "silences"))) return;
  await markSilences(
    env.DB,
    "ended_at",
    ended.map(({ id }) => id),
    now,
  );
  for (const silence of ended) {
    await recordAudit(env.DB, now, "cron", "silence.ended", silence.id, { createdBy: silence.createdBy });
    noteChange("silence", silence.id, "expired");
  }
};

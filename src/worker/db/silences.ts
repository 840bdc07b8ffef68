/** Silences in D1. What a valid one is and how it changes, core/filter/silence.ts says. */
import type { Labels } from "../../core/alert/alert.ts";
import type { MatcherSpec } from "../../core/alert/matcher.ts";
import { SILENCE_RETENTION_MS, type Silence } from "../../core/filter/silence.ts";

/** What beside Alertmanager's model is kept of a silence. */
export interface SilenceExtras {
  /** `notify`: when it ends, an alert tells what still fires. */
  readonly endPolicy: "none" | "notify";
  /** The owner is reminded this long before the end; null: not at all. */
  readonly remindBeforeMs: number | null;
}
export type StoredSilence = Silence & SilenceExtras;

interface Row {
  id: string;
  matchers: string;
  starts_at: number;
  ends_at: number;
  updated_at: number;
  created_by: string;
  comment: string;
  annotations: string;
  rrule: string | null;
  time_zone: string | null;
  duration_ms: number | null;
  end_policy: string;
  remind_before_ms: number | null;
}

const read = (row: Row): StoredSilence => ({
  id: row.id,
  matchers: JSON.parse(row.matchers) as MatcherSpec[],
  startsAt: row.starts_at,
  endsAt: row.ends_at,
  updatedAt: row.updated_at,
  createdBy: row.created_by,
  comment: row.comment,
  annotations: JSON.parse(row.annotations) as Labels,
  recurrence:
    row.rrule === null ? null : { rule: row.rrule, timeZone: row.time_zone ?? "UTC", durationMs: row.duration_ms ?? 0 },
  endPolicy: row.end_policy === "notify" ? "notify" : "none",
  remindBeforeMs: row.remind_before_ms,
});

/** Silences shown at once: more than anybody keeps. */
const MAX_SILENCES = 10_000;

/** Those that have not ended before `since`, by end. */
export const readSilences = async (db: D1Database, since: number): Promise<StoredSilence[]> => {
  const { results } = await db
    .prepare("SELECT * FROM silences WHERE ends_at > ?1 ORDER BY ends_at LIMIT ?2")
    .bind(since, MAX_SILENCES)
    .all<Row>();
  return results.map(read);
};

/** null where there is none, or it ended so long ago that it is shown no more. */
export const readSilence = async (db: D1Database, id: string, now: number): Promise<StoredSilence | null> => {
  const row = await db
    .prepare("SELECT * FROM silences WHERE id = ?1 AND ends_at > ?2")
    .bind(id, now - SILENCE_RETENTION_MS)
    .first<Row>();
  return row === null ? null : read(row);
};

/** Writes a silence as it now is. A new end may be reminded of, and reached, again. */
export const saveSilence = (db: D1Database, silence: StoredSilence): D1PreparedStatement =>
  db
    .prepare(
      `INSERT INTO silences (id, matchers, starts_at, ends_at, updated_at, created_by, comment, annotations, rrule,
         time_zone, duration_ms, end_policy, remind_before_ms)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
       ON CONFLICT (id) DO UPDATE SET matchers = excluded.matchers, starts_at = excluded.starts_at,
         ends_at = excluded.ends_at, updated_at = excluded.updated_at, created_by = excluded.created_by,
         comment = excluded.comment, annotations = excluded.annotations, rrule = excluded.rrule,
         time_zone = excluded.time_zone, duration_ms = excluded.duration_ms, end_policy = excluded.end_policy,
         remind_before_ms = excluded.remind_before_ms, reminded_at = NULL, ended_at = NULL`,
    )
    .bind(
      silence.id,
      JSON.stringify(silence.matchers),
      silence.startsAt,
      silence.endsAt,
      silence.updatedAt,
      silence.createdBy,
      silence.comment,
      JSON.stringify(silence.annotations),
      silence.recurrence?.rule ?? null,
      silence.recurrence?.timeZone ?? null,
      silence.recurrence?.durationMs ?? null,
      silence.endPolicy,
      silence.remindBeforeMs,
    );

/** Cron comes every minute, some seconds early or late. */
const BEGUN_WITHIN_MS = 90_000;

/** Silences whose owner is to be reminded, those that ended and are to tell so, and planned ones that began just now. */
export const dueSilences = async (
  db: D1Database,
  now: number,
  limit: number,
): Promise<{ remind: StoredSilence[]; ended: StoredSilence[]; begun: StoredSilence[] }> => {
  const [remind, ended, begun] = await db.batch<Row>([
    db
      .prepare(
        `SELECT * FROM silences WHERE ends_at > ?1 AND reminded_at IS NULL AND remind_before_ms IS NOT NULL
           AND ends_at - remind_before_ms <= ?1 ORDER BY ends_at LIMIT ?2`,
      )
      .bind(now, limit),
    db
      .prepare(
        `SELECT * FROM silences WHERE ends_at > ?1 AND ends_at <= ?2 AND ended_at IS NULL ORDER BY ends_at LIMIT ?3`,
      )
      .bind(now - SILENCE_RETENTION_MS, now, limit),
    db
      .prepare(
        `SELECT * FROM silences WHERE starts_at > ?1 AND starts_at <= ?2 AND starts_at > updated_at AND ends_at > ?2 LIMIT ?3`,
      )
      .bind(now - BEGUN_WITHIN_MS, now, limit),
  ]);
  return {
    remind: (remind?.results ?? []).map(read),
    ended: (ended?.results ?? []).map(read),
    begun: (begun?.results ?? []).map(read),
  };
};

/** Notes that it was told: each is told once. */
export const markSilences = (
  db: D1Database,
  column: "reminded_at" | "ended_at",
  ids: readonly string[],
  now: number,
): Promise<unknown> =>
  db
    .prepare(`UPDATE silences SET ${column} = ?1 WHERE id IN (SELECT value FROM json_each(?2))`)
    .bind(now, JSON.stringify(ids))
    .run();

/** Classifications in D1: the answers all isolates share, and the record of every question put to a model. */
import { alertName } from "../../core/alert/alert.ts";
import type { CallUsage } from "../../core/classify/budget.ts";
import type { CallRecord } from "../../core/classify/call.ts";
import type { Classification } from "../../core/classify/classification.ts";
import type { AlertHistory } from "../../core/classify/prompt.ts";
import type { Classifiable } from "../../core/classify/redact.ts";
import type { AlertEvent } from "../../core/history/event.ts";
import type { ClassificationStore, StoredClassification } from "../classifier-store.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

export const classificationStore = (db: D1Database): ClassificationStore => ({
  async get(key): Promise<StoredClassification | null> {
    const row = await db
      .prepare("SELECT classification, expires_at FROM classifications WHERE key = ?1")
      .bind(key)
      .first<{ classification: string; expires_at: number }>();
    return row === null ? null : { classification: JSON.parse(row.classification), expiresAt: row.expires_at };
  },
  async put(key, entry): Promise<void> {
    await db
      .prepare(
        `INSERT INTO classifications VALUES (?1, ?2, ?3)
         ON CONFLICT (key) DO UPDATE SET classification = excluded.classification, expires_at = excluded.expires_at`,
      )
      .bind(key, JSON.stringify(entry.classification), entry.expiresAt)
      .run();
  },
  async usage(now): Promise<CallUsage> {
    const day = Math.floor(now / DAY_MS) * DAY_MS;
    const hour = Math.floor(now / HOUR_MS) * HOUR_MS;
    const [total, byName] = await db.batch<{ n: number; alertname: string }>([
      db.prepare("SELECT coalesce(sum(attempts), 0) AS n FROM classification_calls WHERE at >= ?1").bind(day),
      db
        .prepare("SELECT alertname, sum(attempts) AS n FROM classification_calls WHERE at >= ?1 GROUP BY alertname")
        .bind(hour),
    ]);
    return {
      dayCalls: total?.results[0]?.n ?? 0,
      hourCalls: (byName?.results ?? []).map((row) => [row.alertname, row.n] as const),
    };
  },
});

const CALL_COLUMNS =
  "at, fingerprint, seq, alertname, provider, model, prompt_version, outcome, reason, attempts, prompt_tokens, completion_tokens, latency_ms, answer, error";

/** What a question was about: an event, or with sequence number 0 an alert that was only shown. */
type Asked = Pick<AlertEvent, "fingerprint" | "seq" | "labels">;

/** The statement that records questions; cached answers and the rules alone cost nothing and are not recorded. */
export const recordCalls = (
  db: D1Database,
  calls: readonly { readonly event: Asked; readonly call: CallRecord }[],
): D1PreparedStatement[] => {
  const asked = calls.filter(({ call }) => call.attempts > 0);
  if (asked.length === 0) return [];
  const rows = asked.map(({ event, call }) => [
    call.at,
    event.fingerprint,
    event.seq,
    alertName(event.labels),
    call.provider,
    call.model,
    call.promptVersion,
    call.outcome,
    call.reason,
    call.attempts,
    call.promptTokens,
    call.completionTokens,
    call.latencyMs,
    call.answer,
    call.error,
  ]);
  const select = rows[0]!.map((_, i) => `value->>${i}`).join(",");
  return [
    db
      .prepare(`INSERT OR IGNORE INTO classification_calls (${CALL_COLUMNS}) SELECT ${select} FROM json_each(?1)`)
      .bind(JSON.stringify(rows)),
  ];
};

/** The newest state of these alerts that is known, as a classifier looks at it. */
export const readClassifiable = async (db: D1Database, fingerprints: readonly string[]) => {
  const { results } = await db
    .prepare(
      `SELECT fingerprint, event_seq AS seq, labels, annotations, status, starts_at, classification FROM alerts
       WHERE fingerprint IN (SELECT value FROM json_each(?1))`,
    )
    .bind(JSON.stringify(fingerprints))
    .all<{
      fingerprint: string;
      seq: number;
      labels: string;
      annotations: string;
      status: "firing" | "resolved";
      starts_at: number;
      classification: string | null;
    }>();
  return results.map(({ starts_at: startsAt, seq, ...row }) => ({
    seq,
    alert: {
      ...row,
      startsAt,
      labels: JSON.parse(row.labels),
      annotations: JSON.parse(row.annotations),
    } as Classifiable,
    classification: row.classification === null ? null : (JSON.parse(row.classification) as Classification),
  }));
};

/** Changes of one alert that are looked at: who flaps more is flapping. */
const MAX_TRANSITIONS = 100;

/** How often alerts of this name began, and this one changed, within the last day: some 25 rows and 100 keys. */
export const readAlertHistory = async (
  db: D1Database,
  alert: Pick<Classifiable, "fingerprint" | "labels">,
  now: number,
): Promise<AlertHistory> => {
  const [begun, changed] = await db.batch<{ n: number }>([
    db
      .prepare(
        `SELECT coalesce(sum(r.value->>0), 0) AS n FROM rollups, json_each(rollups.rules) AS r
         WHERE hour >= ?1 AND r.key->>0 = ?2`,
      )
      .bind(now - DAY_MS, alertName(alert.labels)),
    db
      .prepare(
        `SELECT count(*) AS n FROM (SELECT received_at FROM events WHERE fingerprint = ?1 ORDER BY seq DESC LIMIT ?3)
         WHERE received_at >= ?2`,
      )
      .bind(alert.fingerprint, now - DAY_MS, MAX_TRANSITIONS),
  ]);
  return { same_name_24h: begun?.results[0]?.n ?? 0, transitions_24h: changed?.results[0]?.n ?? 0 };
};

/** How classification did over a range: how sure it was, where it agreed with labels, and what the questions cost. */

/** Newest classified events that are looked at. */
const MAX_EVENTS = 5_000;
/** Newest questions to a model that are added up. */
const MAX_CALLS = 10_000;
/** Tenths of confidence. */
export const BINS = 10;

export interface Judged {
  readonly label: string | null;
  readonly severity: string;
  readonly bin: number;
  readonly n: number;
}

/** Classified events by label, severity found and tenth of confidence. */
export const judgedEvents = async (db: D1Database, fromMs: number, toMs: number): Promise<Judged[]> => {
  const { results } = await db
    .prepare(
      `SELECT label, severity, min(${BINS - 1}, CAST(confidence * ${BINS} AS INTEGER)) AS bin, count(*) AS n FROM (
         SELECT lower(labels->>'severity') AS label, classification->>'severity' AS severity,
           classification->>'confidence' AS confidence
         FROM (SELECT labels, classification FROM events WHERE received_at >= ?1 AND received_at < ?2
               ORDER BY received_at DESC LIMIT ${MAX_EVENTS})
         WHERE classification IS NOT NULL)
       GROUP BY label, severity, bin`,
    )
    .bind(fromMs, toMs)
    .all<Judged>();
  return results;
};

export interface CallGroup {
  readonly model: string;
  readonly prompt_version: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly calls: number;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
}

/** Questions to a model by who was asked and what came of it. */
export const callGroups = async (db: D1Database, fromMs: number, toMs: number): Promise<CallGroup[]> => {
  const { results } = await db
    .prepare(
      `SELECT model, prompt_version, outcome, reason, count(*) AS calls, coalesce(sum(prompt_tokens), 0) AS prompt_tokens,
         coalesce(sum(completion_tokens), 0) AS completion_tokens
       FROM (SELECT * FROM classification_calls WHERE at >= ?1 AND at < ?2 ORDER BY at DESC LIMIT ${MAX_CALLS})
       GROUP BY model, prompt_version, outcome, reason ORDER BY calls DESC`,
    )
    .bind(fromMs, toMs)
    .all<CallGroup>();
  return results;
};

/** Milliseconds of the questions that were asked, ascending. */
export const callTimes = async (db: D1Database, fromMs: number, toMs: number): Promise<number[]> => {
  const { results } = await db
    .prepare("SELECT latency_ms AS ms FROM classification_calls WHERE at >= ?1 AND at < ?2 ORDER BY at DESC LIMIT 1000")
    .bind(fromMs, toMs)
    .all<{ ms: number }>();
  return results.map(({ ms }) => ms).sort((a, b) => a - b);
};

/** What the recorded questions to a model add up to over a range; bounded, because a day's budget of calls is. */

export interface CallTotals {
  readonly calls: number;
  readonly answered: number;
  readonly failed: number;
  readonly latencyMs: number | null;
  /** The same of those that the rules had to answer in the end. */
  readonly failedLatencyMs: number | null;
  readonly lastError: string | null;
  readonly lastErrorAt: number | null;
  readonly lastAt: number | null;
}

/** Newest calls a total looks at: twice the default budget of a day. */
const MAX_CALLS = 10_000;

export const callTotals = async (db: D1Database, fromMs: number): Promise<CallTotals> => {
  const newest = `SELECT * FROM classification_calls WHERE at >= ?1 ORDER BY at DESC LIMIT ${MAX_CALLS}`;
  const [totals, failures] = await db.batch<Record<string, number | string | null>>([
    db
      .prepare(
        `SELECT count(*) AS calls, coalesce(sum(outcome = 'answered'), 0) AS answered,
           coalesce(sum(outcome = 'fallback'), 0) AS failed, avg(latency_ms) AS latency,
           avg(CASE WHEN outcome = 'fallback' THEN latency_ms END) AS failed_latency, max(at) AS last
         FROM (${newest})`,
      )
      .bind(fromMs),
    db.prepare(`SELECT reason, at FROM (${newest}) WHERE outcome = 'fallback' ORDER BY at DESC LIMIT 1`).bind(fromMs),
  ]);
  const row = totals?.results[0];
  const failure = failures?.results[0];
  const number = (value: unknown): number | null => (typeof value === "number" ? value : null);
  return {
    calls: number(row?.["calls"]) ?? 0,
    answered: number(row?.["answered"]) ?? 0,
    failed: number(row?.["failed"]) ?? 0,
    latencyMs: number(row?.["latency"]),
    failedLatencyMs: number(row?.["failed_latency"]),
    lastAt: number(row?.["last"]),
    lastError: typeof failure?.["reason"] === "string" ? failure["reason"] : null,
    lastErrorAt: number(failure?.["at"]),
  };
};

/** Latencies of the newest calls in milliseconds, unsorted. */
export const callLatencies = async (db: D1Database, fromMs: number, limit: number): Promise<number[]> => {
  const { results } = await db
    .prepare("SELECT latency_ms AS ms FROM classification_calls WHERE at >= ?1 ORDER BY at DESC LIMIT ?2")
    .bind(fromMs, limit)
    .all<{ ms: number }>();
  return results.map(({ ms }) => ms);
};

/** Of the newest events in milliseconds: the way to their decision, and what the classifier took of it, if it was asked. */
export const decisionLatencies = async (
  db: D1Database,
  fromMs: number,
  limit: number,
): Promise<{ queue: number; classify: number | null }[]> => {
  const { results } = await db
    .prepare(
      `SELECT max(0, (trace->>'$[0].at') - received_at) AS queue, classification->>'processingMs' AS classify
       FROM events WHERE received_at >= ?1 ORDER BY received_at DESC LIMIT ?2`,
    )
    .bind(fromMs, limit)
    .all<{ queue: number; classify: number | null }>();
  return results;
};

/** Severity, category and confidence of the newest events' classifications. */
export const recentClassifications = async (db: D1Database, fromMs: number, limit: number) => {
  const { results } = await db
    .prepare(
      `SELECT severity, category, count(*) AS n, avg(confidence) AS confidence, avg(ms) AS ms, max(at) AS at FROM (
         SELECT classification->>'severity' AS severity, classification->>'category' AS category,
           classification->>'confidence' AS confidence, classification->>'processingMs' AS ms, received_at AS at
         FROM (SELECT classification, received_at FROM events WHERE received_at >= ?1 ORDER BY received_at DESC LIMIT ?2)
         WHERE classification IS NOT NULL)
       GROUP BY severity, category`,
    )
    .bind(fromMs, limit)
    .all<{ severity: string; category: string; n: number; confidence: number; ms: number; at: number }>();
  return results;
};

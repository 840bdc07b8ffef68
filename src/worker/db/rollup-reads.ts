/** Charts and rankings from the hourly counts: what is read is one row per hour, however much happened. */
import { countDistinct, HOUR_MS, hourOf, SKETCH_SIZE } from "../../core/history/rollup.ts";
import { countEventsByHour } from "./rollups.ts";

/** Hours that overlap [from, to); counts of the first and last hour are whole. */
export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
  readonly namespace: string | null;
  readonly severity: string | null;
}

/** The hours of a range, their counts brought up to date. */
const bounds = async (db: D1Database, { fromMs, toMs }: Range): Promise<[number, number]> => {
  await countEventsByHour(db, Date.now());
  return [hourOf(fromMs), toMs];
};

export interface RankedAlert {
  readonly fingerprint: string;
  readonly alertname: string;
  readonly namespace: string | null;
  readonly severity: string;
  readonly started: number;
  readonly resolved: number;
  readonly duration_ms: number;
  readonly transitions: number;
  readonly fired_at: number;
  readonly transition_at: number;
  readonly received: number;
  readonly labels: Readonly<Record<string, string>>;
}

const RANKED = `SELECT a.key AS fingerprint, a.value->>6 AS alertname, a.value->>7 AS namespace, a.value->>8 AS severity,
    sum(a.value->>0) AS started, sum(a.value->>1) AS resolved, sum(a.value->>2) AS duration_ms,
    sum(a.value->>3) AS transitions, max(a.value->>4) AS fired_at, max(a.value->>5) AS transition_at
  FROM rollups AS r, json_each(r.alerts) AS a WHERE r.hour >= ?1 AND r.hour < ?2
    AND (?3 IS NULL OR a.value->>7 = ?3) AND (?4 IS NULL OR a.value->>8 = ?4)
  GROUP BY a.key`;

const RECEIVED = `SELECT x.key AS fingerprint, sum(x.value) AS n FROM rollups AS r, json_each(r.received) AS x
  WHERE r.hour >= ?1 AND r.hour < ?2 AND x.key IN (SELECT value FROM json_each(?3)) GROUP BY x.key`;

/** Of alerts that are not kept any more there are none. */
const LABELS = "SELECT fingerprint, labels FROM alerts WHERE fingerprint IN (SELECT value FROM json_each(?1))";

const ranked = async (
  db: D1Database,
  range: Range,
  tail: string,
  limit: number,
  more: number[],
): Promise<RankedAlert[]> => {
  const [from, to] = await bounds(db, range);
  const { results } = await db
    .prepare(`${RANKED} ${tail}`)
    .bind(from, to, range.namespace, range.severity, limit, ...more)
    .all<Omit<RankedAlert, "labels" | "received">>();
  const fingerprints = JSON.stringify(results.map((row) => row.fingerprint));
  const [received, labels] = await Promise.all([
    db.prepare(RECEIVED).bind(from, to, fingerprints).all<{ fingerprint: string; n: number }>(),
    db.prepare(LABELS).bind(fingerprints).all<{ fingerprint: string; labels: string }>(),
  ]);
  const repeats = new Map(received.results.map((row) => [row.fingerprint, row.n]));
  const known = new Map(labels.results.map((row) => [row.fingerprint, row.labels]));
  return results.map((row) => ({
    ...row,
    received: row.started + row.resolved + (repeats.get(row.fingerprint) ?? 0),
    labels: JSON.parse(known.get(row.fingerprint) ?? "{}") as Record<string, string>,
  }));
};

/** Alerts by how often they began to fire; equal ones by their reports, then the latest. */
export const topAlerts = async (db: D1Database, range: Range, limit: number): Promise<RankedAlert[]> => {
  // Reports are counted after ranking, so a few more are fetched than are shown.
  const rows = await ranked(
    db,
    range,
    "HAVING started > 0 ORDER BY started DESC, fired_at DESC LIMIT ?5",
    limit * 2,
    [],
  );
  return rows
    .toSorted((a, b) => b.started - a.started || b.received - a.received || b.fired_at - a.fired_at)
    .slice(0, limit);
};

/** Alerts that changed their state at least `threshold` times, most first. */
export const flappingAlerts = (
  db: D1Database,
  range: Range,
  threshold: number,
  limit: number,
): Promise<RankedAlert[]> =>
  ranked(db, range, "HAVING transitions >= ?6 ORDER BY transitions DESC, transition_at DESC LIMIT ?5", limit, [
    threshold,
  ]);

export interface RankedRule {
  readonly alertname: string;
  readonly namespace: string | null;
  readonly severity: string;
  readonly started: number;
  readonly resolved: number;
  readonly duration_ms: number;
  readonly reopened: number;
  readonly short_lived: number;
  readonly last_at: number;
  readonly fingerprint: string;
}

/** Rules by how often they began to fire. */
export const topRules = async (db: D1Database, range: Range, limit: number): Promise<RankedRule[]> => {
  const [from, to] = await bounds(db, range);
  const { results } = await db
    .prepare(
      `SELECT a.key->>0 AS alertname, a.key->>1 AS namespace, a.key->>2 AS severity,
         sum(a.value->>0) AS started, sum(a.value->>1) AS resolved, sum(a.value->>2) AS duration_ms,
         sum(a.value->>3) AS reopened, sum(a.value->>4) AS short_lived, max(a.value->>5) AS last_at,
         a.value->>6 AS fingerprint
       FROM rollups AS r, json_each(r.rules) AS a WHERE r.hour >= ?1 AND r.hour < ?2
         AND (?3 IS NULL OR a.key->>1 = ?3) AND (?4 IS NULL OR a.key->>2 = ?4)
       GROUP BY a.key ORDER BY started DESC, last_at DESC LIMIT ?5`,
    )
    .bind(from, to, range.namespace, range.severity, limit)
    .all<RankedRule>();
  return results;
};

export interface Hour {
  readonly at: number;
  readonly counts: Readonly<Record<string, number>>;
}

/** The counts of every hour of the range, empty hours included. */
export const readHours = async (db: D1Database, range: Range): Promise<Hour[]> => {
  const [from, to] = await bounds(db, range);
  const narrowed = range.namespace !== null || range.severity !== null;
  const counts = narrowed
    ? `(SELECT json_object('started', coalesce(sum(a.value->>0), 0), 'resolved', coalesce(sum(a.value->>1), 0),
         'duration_ms', coalesce(sum(a.value->>2), 0)) FROM json_each(rollups.rules) AS a
        WHERE (?3 IS NULL OR a.key->>1 = ?3) AND (?4 IS NULL OR a.key->>2 = ?4))`
    : "counts";
  const { results } = await db
    .prepare(`SELECT hour, ${counts} AS counts FROM rollups WHERE hour >= ?1 AND hour < ?2 ORDER BY hour`)
    .bind(...(narrowed ? [from, to, range.namespace, range.severity] : [from, to]))
    .all<{ hour: number; counts: string }>();
  const known = new Map(results.map((row) => [row.hour, JSON.parse(row.counts) as Record<string, number>]));
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / HOUR_MS)) }, (_, i) => {
    const at = from + i * HOUR_MS;
    return { at, counts: known.get(at) ?? {} };
  });
};

/** How many different alerts were heard of; an estimate above some hundred. */
export const countAlerts = async (db: D1Database, range: Range): Promise<number> => {
  const { results } = await db
    .prepare(
      `SELECT DISTINCT s.value AS fp FROM rollups AS r, json_each(r.sketch) AS s
       WHERE r.hour >= ?1 AND r.hour < ?2 ORDER BY fp LIMIT ${SKETCH_SIZE}`,
    )
    .bind(...(await bounds(db, range)))
    .all<{ fp: string }>();
  return countDistinct(results.map((row) => row.fp));
};

/** Firing alerts are counted one by one up to here. */
export const MAX_COUNTED_FIRING = 10_000;

/** How many alerts fire now. */
export const countFiring = async (db: D1Database): Promise<number> =>
  (await db
    .prepare(`SELECT count(*) AS n FROM (SELECT 1 FROM alerts WHERE status = 'firing' LIMIT ${MAX_COUNTED_FIRING})`)
    .first<number>("n")) ?? 0;

/** The same by severity. */
export const countFiringBySeverity = async (db: D1Database): Promise<Readonly<Record<string, number>>> => {
  const { results } = await db
    .prepare(
      `SELECT severity, count(*) AS n FROM (SELECT severity FROM alerts WHERE status = 'firing' LIMIT ${MAX_COUNTED_FIRING})
       GROUP BY severity`,
    )
    .all<{ severity: string; n: number }>();
  return Object.fromEntries(results.map(({ severity, n }) => [severity, n]));
};

/** Events over time by severity: of a short range from the events themselves, of a longer one from the hourly counts. */
import { HOUR_MS } from "../../core/history/rollup.ts";
import { readHours } from "./rollup-reads.ts";

export interface VolumePoint {
  readonly at: number;
  readonly critical: number;
  readonly warning: number;
  readonly info: number;
  readonly noise: number;
  readonly resolved: number;
}
export interface Volume {
  readonly stepMs: number;
  readonly points: readonly VolumePoint[];
}

/** Up to here the hourly counts are too coarse to see anything. */
const MAX_FINE_MS = 6 * HOUR_MS;
/** A chart has about this many bars. */
const FINE_POINTS = 60;
/** A storm beyond this is shown by the hour: what is read stays bounded. */
const MAX_EVENTS = 5_000;
const DAY_MS = 24 * HOUR_MS;
/** 30 days by the hour would be bars of a pixel. */
const MAX_HOURLY_MS = 8 * DAY_MS;

const NOTHING = { critical: 0, warning: 0, info: 0, noise: 0, resolved: 0 };

const fine = async (db: D1Database, fromMs: number, toMs: number): Promise<Volume | null> => {
  const stepMs = Math.max(60_000, Math.ceil((toMs - fromMs) / FINE_POINTS / 60_000) * 60_000);
  const first = Math.floor(fromMs / stepMs) * stepMs;
  const { results } = await db
    .prepare(
      `SELECT CAST((received_at - ?1) / ?3 AS INTEGER) AS slot, CASE status WHEN 'firing' THEN severity ELSE 'resolved' END AS what, count(*) AS n
       FROM (SELECT received_at, status, severity FROM events WHERE received_at >= ?1 AND received_at < ?2
             ORDER BY received_at LIMIT ${MAX_EVENTS}) GROUP BY slot, what`,
    )
    .bind(first, toMs, stepMs)
    .all<{ slot: number; what: string; n: number }>();
  if (results.reduce((sum, { n }) => sum + n, 0) >= MAX_EVENTS) return null;
  const points = Array.from({ length: Math.ceil((toMs - first) / stepMs) }, (_, i) => ({
    at: first + i * stepMs,
    ...NOTHING,
  }));
  for (const { slot, what, n } of results) {
    const point = points[slot];
    if (point !== undefined && Object.hasOwn(NOTHING, what)) point[what as keyof typeof NOTHING] += n;
  }
  return { stepMs, points };
};

const coarse = async (db: D1Database, fromMs: number, toMs: number): Promise<Volume> => {
  const hours = await readHours(db, { fromMs, toMs, namespace: null, severity: null });
  const stepMs = toMs - fromMs > MAX_HOURLY_MS ? 6 * HOUR_MS : HOUR_MS;
  const points = new Map<number, VolumePoint>();
  for (const { at, counts } of hours) {
    const slot = Math.floor(at / stepMs) * stepMs;
    const sum = points.get(slot) ?? { at: slot, ...NOTHING };
    points.set(slot, {
      at: slot,
      critical: sum.critical + (counts["s:critical"] ?? 0),
      warning: sum.warning + (counts["s:warning"] ?? 0),
      info: sum.info + (counts["s:info"] ?? 0),
      noise: sum.noise + (counts["s:noise"] ?? 0),
      resolved: sum.resolved + (counts["resolved"] ?? 0),
    });
  }
  return { stepMs, points: [...points.values()] };
};

/** Counts of what began to fire, and of what ended, in even steps over [fromMs, toMs). */
export const readVolume = async (db: D1Database, fromMs: number, toMs: number): Promise<Volume> =>
  (toMs - fromMs <= MAX_FINE_MS ? await fine(db, fromMs, toMs) : null) ?? coarse(db, fromMs, toMs);

/** Times to deliver: counted once per hour from the key of `notifications`, which begins with time, and kept by hour. */
import { addDelivered, type Delivered, LATENCY_BOUNDS_MS, NOTHING_DELIVERED } from "../../core/history/latency.ts";
import { HOUR_MS, hourOf } from "../../core/history/rollup.ts";

/** Notifications counted of one hour; in a larger storm the first of them stand for all. */
const MAX_COUNTED = 20_000;
/** The current hour is counted while somebody waits. */
const MAX_LIVE = 2_000;
/** An hour is counted when its retries had this long. */
const SETTLE_MS = 10 * 60_000;

type ByTarget = Readonly<Record<string, Delivered>>;

const BUCKET = `CASE ${LATENCY_BOUNDS_MS.map((bound, i) => `WHEN completed_at - at <= ${bound} THEN ${i}`).join(" ")} ELSE ${LATENCY_BOUNDS_MS.length} END`;

const countHour = async (db: D1Database, from: number, limit: number): Promise<ByTarget> => {
  const { results } = await db
    .prepare(
      `SELECT target, state, ${BUCKET} AS bucket, count(*) AS n
       FROM (SELECT target, state, at, completed_at FROM notifications WHERE at >= ?1 AND at < ?2 LIMIT ?3)
       WHERE state IN ('delivered', 'digested', 'dead') GROUP BY 1, 2, 3`,
    )
    .bind(from, from + HOUR_MS, limit)
    .all<{ target: string; state: string; bucket: number; n: number }>();
  const counted = new Map<string, Delivered>();
  for (const { target, state, bucket, n } of results) {
    const one =
      state === "dead"
        ? { ...NOTHING_DELIVERED, failed: n }
        : {
            ...NOTHING_DELIVERED,
            delivered: n,
            buckets: NOTHING_DELIVERED.buckets.map((_, i) => (i === bucket ? n : 0)),
          };
    counted.set(target, addDelivered(counted.get(target) ?? NOTHING_DELIVERED, one));
  }
  return Object.fromEntries(counted);
};

/** Hours that are counted afterwards where cron could not run. */
const MAX_MISSED_HOURS = 48;

/** Counts the newest hour that is over and not counted yet; one write an hour. */
export const countDeliveries = async (db: D1Database, now: number): Promise<boolean> => {
  const newest = hourOf(now - SETTLE_MS) - HOUR_MS;
  const { results } = await db
    .prepare("SELECT hour FROM rollups WHERE hour > ?1 AND hour <= ?2 AND deliveries IS NOT NULL")
    .bind(newest - MAX_MISSED_HOURS * HOUR_MS, newest)
    .all<{ hour: number }>();
  const done = new Set(results.map(({ hour }) => hour));
  const hours = Array.from({ length: MAX_MISSED_HOURS }, (_, i) => newest - i * HOUR_MS);
  const hour = hours.find((one) => !done.has(one));
  if (hour === undefined) return false;
  const counted = await countHour(db, hour, MAX_COUNTED);
  await db
    .prepare(
      "INSERT INTO rollups (hour, deliveries) VALUES (?1, ?2) ON CONFLICT (hour) DO UPDATE SET deliveries = excluded.deliveries",
    )
    .bind(hour, JSON.stringify(counted))
    .run();
  return true;
};

/** By target, over a range of whole hours; the hours that are not counted yet, at most two, are counted now. */
export const readDeliveries = async (db: D1Database, fromMs: number, now: number): Promise<Map<string, Delivered>> => {
  const { results } = await db
    .prepare("SELECT hour, deliveries FROM rollups WHERE hour >= ?1 AND deliveries IS NOT NULL")
    .bind(hourOf(fromMs))
    .all<{ hour: number; deliveries: string }>();
  const known = new Set(results.map((row) => row.hour));
  const open = [hourOf(now), hourOf(now) - HOUR_MS].filter((hour) => hour >= hourOf(fromMs) && !known.has(hour));
  const live = await Promise.all(open.map((hour) => countHour(db, hour, MAX_LIVE)));
  const totals = new Map<string, Delivered>();
  for (const part of [...results.map((row) => JSON.parse(row.deliveries) as ByTarget), ...live]) {
    for (const [target, one] of Object.entries(part)) {
      totals.set(target, addDelivered(totals.get(target) ?? NOTHING_DELIVERED, one));
    }
  }
  return totals;
};

/** Statistics of the history over a range (contracts 12.3), put together from hourly counts. */
import { HOUR_MS, hourOf } from "../core/history/rollup.ts";
import { countAlerts, countFiring, type Hour, type Range, type RankedAlert, readHours } from "./db/rollup-reads.ts";
import { time } from "./views.ts";

const TOP_NAMESPACES = 10;

const sum = (hours: readonly Hour[], key: string): number =>
  hours.reduce((total, { counts }) => total + (Object.hasOwn(counts, key) ? (counts[key] ?? 0) : 0), 0);

/** Sums of every count whose name begins with a prefix, largest first. */
export const sumBy = (hours: readonly Hour[], prefix: string): [string, number][] => {
  const totals = new Map<string, number>();
  for (const { counts } of hours) {
    for (const [key, n] of Object.entries(counts)) {
      if (!key.startsWith(prefix)) continue;
      const name = key.slice(prefix.length);
      totals.set(name, (totals.get(name) ?? 0) + n);
    }
  }
  return [...totals].toSorted((a, b) => b[1] - a[1]);
};

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

export const readStatistics = async (db: D1Database, range: Range, now: number) => {
  const [hours, since, firingNow, unique] = await Promise.all([
    readHours(db, range),
    range.toMs >= now ? [] : readHours(db, { ...range, fromMs: hourOf(range.toMs) + HOUR_MS, toMs: now }),
    countFiring(db),
    countAlerts(db, range),
  ]);
  const [started, resolved] = [sum(hours, "started"), sum(hours, "resolved")];
  const repeats = sum(hours, "repeats");
  const narrowed = range.namespace !== null || range.severity !== null;
  // What fires now, less what began since, plus what ended since; a filter has no such count of now.
  const open = narrowed ? started - resolved : firingNow - sum(since, "started") + sum(since, "resolved");
  return {
    time_range: { from: time(range.fromMs), to: time(range.toMs) },
    total_alerts: started,
    firing_alerts: Math.max(0, open),
    resolved_alerts: resolved,
    alerts_by_status: { firing: started, resolved },
    alerts_by_severity: Object.fromEntries(sumBy(hours, "s:")),
    alerts_by_namespace: Object.fromEntries(sumBy(hours, "n:").slice(0, TOP_NAMESPACES)),
    alerts_by_category: Object.fromEntries(sumBy(hours, "c:")),
    unique_fingerprints: unique,
    total_received: (narrowed ? started + resolved : sum(hours, "events")) + repeats,
    avg_resolution_time: resolved === 0 ? 0 : round(sum(hours, "duration_ms") / resolved / 1000, 3),
    expired_alerts: sum(hours, "expired"),
    trends: hours.map(({ at, counts }) => ({
      timestamp: time(at),
      firing: counts["started"] ?? 0,
      resolved: counts["resolved"] ?? 0,
    })),
  };
};

export const showTop = (row: RankedAlert) => ({
  fingerprint: row.fingerprint,
  alert_name: row.alertname,
  namespace: row.namespace,
  severity: row.severity,
  fire_count: row.started,
  receive_count: row.received,
  last_fired_at: time(row.fired_at),
  avg_duration: row.resolved === 0 ? null : round(row.duration_ms / row.resolved / 1000, 3),
  labels: row.labels,
});

export const showFlapping = (row: RankedAlert, range: Range) => ({
  fingerprint: row.fingerprint,
  alert_name: row.alertname,
  namespace: row.namespace,
  transition_count: row.transitions,
  flapping_score: round(row.transitions / Math.max(1 / 60, (range.toMs - range.fromMs) / HOUR_MS), 2),
  last_transition_at: time(row.transition_at),
  labels: row.labels,
});

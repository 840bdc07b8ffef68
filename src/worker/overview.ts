/** What the dashboard's first page says (contracts 13). A part that fails is zero and makes the system unhealthy. */
import { classifierConfig, isClassificationEnabled } from "./classification.ts";
import { readDeliveries } from "./db/delivery-times.ts";
import { countFiringBySeverity, readHours } from "./db/rollup-reads.ts";
import type { Bindings } from "./env.ts";
import { logError } from "./log.ts";
import { isMetricsOnlyForced } from "./mode.ts";
import { registry } from "./registry.ts";
import { readStanding } from "./routes/alertmanager/standing.ts";
import { loadSettings } from "./settings.ts";
import { time } from "./views.ts";

const DAY_MS = 86_400_000;
/** Alerts, dead letters and the like are counted one by one up to here. */
const MAX_COUNTED = 10_000;
/** A firing list longer than this is not looked through for silences at every refresh. */
const MAX_STANDING = 2_000;

const countUpTo = (db: D1Database, from: string): Promise<number | null> =>
  db.prepare(`SELECT count(*) AS n FROM (SELECT 1 FROM ${from} LIMIT ${MAX_COUNTED})`).first<number>("n");

export const readOverview = async (env: Bindings, now: number) => {
  let healthy = true;
  const part = <T>(name: string, work: Promise<T>, empty: T): Promise<T> =>
    work.catch((error: unknown) => {
      logError("overview.part", error, { part: name });
      healthy = false;
      return empty;
    });
  const db = env.DB;
  const range = { fromMs: now - DAY_MS, toMs: now + 1, namespace: null, severity: null };
  const [firingBy, resolved, hours, deliveries, dead, targets, settings] = await Promise.all([
    part("firing", countFiringBySeverity(db), {}),
    part("resolved", countUpTo(db, "alerts WHERE status = 'resolved'"), 0),
    part("hours", readHours(db, range), []),
    part("deliveries", readDeliveries(db, range.fromMs, now), new Map()),
    part("dead", countUpTo(db, "notifications INDEXED BY notifications_dead WHERE state = 'dead'"), 0),
    part("targets", registry(env).list(), []),
    part("settings", loadSettings(env, now), null),
  ]);
  const firing = Object.values(firingBy).reduce((sum, n) => sum + n, 0);
  const standing = firing > MAX_STANDING ? [] : await part("standing", readStanding(env, now), []);
  const started = hours.reduce((sum, hour) => sum + (hour.counts["started"] ?? 0), 0);
  const classified = hours.reduce(
    (sum, { counts }) =>
      sum + Object.entries(counts).reduce((n, [key, count]) => (key.startsWith("c:") ? n + count : n), 0),
    0,
  );
  const delivered = [...deliveries.values()];
  const enabled = targets.filter(({ target }) => target.enabled).length;
  return {
    total_alerts: firing + (resolved ?? 0),
    active_alerts: firing,
    active_by_severity: firingBy,
    resolved_alerts: resolved ?? 0,
    alerts_last_24h: started,
    classification_enabled: isClassificationEnabled(env),
    classified_alerts: classified,
    classification_cache_hit_rate: 0,
    publishing_targets: targets.length,
    publishing_mode: enabled === 0 || isMetricsOnlyForced(env) ? "metrics_only" : "intelligent",
    successful_publishes: delivered.reduce((sum, one) => sum + one.delivered, 0),
    failed_publishes: delivered.reduce((sum, one) => sum + one.failed, 0),
    system_healthy: healthy,
    redis_connected: healthy,
    llm_service_available: classifierConfig(env).model !== null,
    last_updated: time(now),
    silenced_alerts: standing.filter(({ silencedBy }) => silencedBy.length > 0).length,
    inhibited_alerts: standing.filter(({ inhibitedBy }) => inhibitedBy.length > 0).length,
    dlq_size: dead ?? 0,
    enrichment_mode: settings?.mode ?? "enriched",
  };
};

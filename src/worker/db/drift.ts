/** The history of what discovery changed, in D1: bounded, newest first. */
import type { Millis } from "../../core/alert/alert.ts";
import type { Drift } from "../../core/route/registry-state.ts";
import { logWarn } from "../log.ts";
import { insertRows } from "./insert-rows.ts";

/** Rows kept; with a few changes a day that is years, and lists stay cheap whatever they filter. */
const KEPT_ROWS = 10_000;
/** Firing alerts looked at when a target goes: enough to say that somebody would have heard more. */
const FIRING_LOOKED_AT = 1000;

export interface DriftEntry extends Drift {
  /** Grows; the time of the change or a little more. */
  readonly id: number;
  readonly at: Millis;
  readonly cluster: string;
  /** Name alerts no longer go to since then; null: none. */
  readonly vanished: string | null;
}

export interface DriftRow {
  id: number;
  at: number;
  cluster: string;
  kind: string;
  namespace: string | null;
  secret: string | null;
  target: string | null;
  reason: string | null;
  open_alerts: number | null;
}

/** Per target how many of the newest firing alerts it was told of, or is about to be. */
const countOpenAlerts = async (db: D1Database, targets: readonly string[]): Promise<ReadonlyMap<string, number>> => {
  if (targets.length === 0) return new Map();
  const { results } = await db
    .prepare(
      `SELECT n.target, count(*) AS open
       FROM (SELECT fingerprint, event_seq FROM alerts WHERE status = 'firing' ORDER BY starts_at DESC LIMIT ?2) AS a
       JOIN events e ON e.fingerprint = a.fingerprint AND e.seq = a.event_seq
       JOIN json_each(?1) AS t
       JOIN notifications n ON n.at = e.received_at AND n.subject = e.fingerprint AND n.seq = e.seq AND n.target = t.value
         AND n.replay = 0
       WHERE n.state IN ('delivered', 'pending', 'retry', 'deferred') GROUP BY n.target`,
    )
    .bind(JSON.stringify(targets), FIRING_LOOKED_AT)
    .all<{ target: string; open: number }>();
  return new Map(results.map((row) => [row.target, row.open]));
};

/** Adds entries, once each however often they come, and forgets the oldest. A target gone under open alerts is logged. */
export const saveDrift = async (db: D1Database, entries: readonly DriftEntry[]): Promise<void> => {
  const vanished = entries.flatMap((entry) => (entry.vanished === null ? [] : [entry.vanished]));
  const open = await countOpenAlerts(db, [...new Set(vanished)]);
  for (const [target, alerts] of open) logWarn("registry.removed_with_open_alerts", { target, alerts });
  const columns = ["id", "at", "cluster", "kind", "namespace", "secret", "target", "reason", "open_alerts"];
  const rows = entries.map((entry) => [
    entry.id,
    entry.at,
    entry.cluster,
    entry.kind,
    entry.namespace,
    entry.secret,
    entry.target,
    entry.reason,
    entry.vanished === null ? null : (open.get(entry.vanished) ?? 0),
  ]);
  await db.batch([
    ...insertRows(db, "INSERT OR IGNORE INTO target_drift", "", columns, rows),
    db
      .prepare("DELETE FROM target_drift WHERE id <= (SELECT id FROM target_drift ORDER BY id DESC LIMIT 1 OFFSET ?1)")
      .bind(KEPT_ROWS),
  ]);
};

export interface DriftQuery {
  readonly before: number | null;
  readonly limit: number;
  readonly cluster: string | null;
  readonly target: string | null;
  readonly kind: string | null;
}

/** Newest first; one row more than `limit` where there are more. */
export const listDrift = async (db: D1Database, query: DriftQuery): Promise<DriftRow[]> => {
  const { results } = await db
    .prepare(
      `SELECT * FROM target_drift WHERE id < ?1 AND (?2 IS NULL OR cluster = ?2) AND (?3 IS NULL OR target = ?3)
         AND (?4 IS NULL OR kind = ?4) ORDER BY id DESC LIMIT ?5`,
    )
    .bind(query.before ?? Number.MAX_SAFE_INTEGER, query.cluster, query.target, query.kind, query.limit + 1)
    .all<DriftRow>();
  return results;
};

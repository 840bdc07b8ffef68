/** The history of what discovery changed, in D1: bounded, newest first. */
import type { Millis } from "../../core/alert/alert.ts";
import type { Drift } from "../../core/route/registry-state.ts";
import type { Bindings } from "../env.ts";
import { logError, logWarn } from "../log.ts";
import { insertRows } from "./insert-rows.ts";

/** Rows kept; with a few changes a day that is years, and lists stay cheap whatever they filter. */
const KEPT_ROWS = 10_000;
/** Of targets that go at once: an invocation may make a thousand calls, and the reading behind it makes some. */
const MAX_ASKED = 500;

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

/** Per target how much it was told of without its end; asked of those that know it, the objects of the targets. */
const countOpen = async (env: Bindings, targets: readonly string[]): Promise<ReadonlyMap<string, number>> => {
  const asked = targets.slice(0, MAX_ASKED).map(async (target) => {
    try {
      return [[target, await env.TARGETS.getByName(target).openCount()] as const];
    } catch (error) {
      logError("drift.open", error, { target });
      return [];
    }
  });
  return new Map((await Promise.all(asked)).flat());
};

/** Adds entries, once each however often they come, and forgets the oldest. A target gone under open alerts is logged. */
export const saveDrift = async (env: Bindings, entries: readonly DriftEntry[]): Promise<void> => {
  const vanished = entries.flatMap((entry) => (entry.vanished === null ? [] : [entry.vanished]));
  const open = await countOpen(env, [...new Set(vanished)]);
  for (const [target, alerts] of open) if (alerts > 0) logWarn("registry.removed_with_open_alerts", { target, alerts });
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
    entry.vanished === null ? null : (open.get(entry.vanished) ?? null),
  ]);
  await env.DB.batch([
    ...insertRows(env.DB, "INSERT OR IGNORE INTO target_drift", "", columns, rows),
    env.DB.prepare(
      "DELETE FROM target_drift WHERE id <= (SELECT id FROM target_drift ORDER BY id DESC LIMIT 1 OFFSET ?1)",
    ).bind(KEPT_ROWS),
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

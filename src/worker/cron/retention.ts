/**
 * Removes what is older than its retention, some rows of each kind per run, so that no run is long and none costs much.
 * An alert that still fires stays however old it is, and with it what its end needs: its newest event and who was told.
 */

import { SILENCE_RETENTION_MS } from "../../core/filter/silence.ts";
import type { Bindings } from "../env.ts";
import { logInfo } from "../log.ts";
import { loadSettings } from "../settings.ts";
import { numberOf } from "../variables.ts";

const DAY_MS = 86_400_000;
/** Deliveries and dead letters stay so much longer than events (contracts 12.1). */
const DELIVERIES_LONGER_MS = 30 * DAY_MS;
/** Rows of one kind and run: at one run a minute, a million a day. */
const MAX_ROWS = 1000;

/** Each statement finds its rows by an index from the oldest on; `?1` is the time before which rows go. */
const KINDS: readonly (readonly [kind: string, sql: string])[] = [
  [
    "events",
    // The events of an alert that fires are looked at again each run: there are never many that old.
    `DELETE FROM events WHERE (fingerprint, seq) IN (SELECT e.fingerprint, e.seq FROM events AS e
       WHERE e.received_at < ?1 AND NOT EXISTS (SELECT 1 FROM alerts AS a WHERE a.fingerprint = e.fingerprint
         AND a.status = 'firing' AND a.event_seq = e.seq)
       ORDER BY e.received_at LIMIT ?2)`,
  ],
  [
    "alerts",
    `DELETE FROM alerts WHERE fingerprint IN (SELECT a.fingerprint FROM alerts AS a
       WHERE a.fingerprint > ?3 AND a.fingerprint <= ?4 AND a.updated_at < ?1 AND a.status <> 'firing' LIMIT ?2)`,
  ],
  [
    "notifications",
    `DELETE FROM notifications WHERE (at, subject, seq, target, replay) IN (SELECT at, subject, seq, target, replay
       FROM notifications AS n WHERE at < ?1 AND state NOT IN ('pending', 'retry', 'deferred')
         AND NOT EXISTS (SELECT 1 FROM alerts AS a WHERE a.fingerprint = n.subject AND a.status = 'firing')
       ORDER BY at LIMIT ?2)`,
  ],
  [
    "classification_calls",
    `DELETE FROM classification_calls WHERE (at, fingerprint, seq) IN (SELECT at, fingerprint, seq
       FROM classification_calls WHERE at < ?1 ORDER BY at LIMIT ?2)`,
  ],
  [
    "classifications",
    `DELETE FROM classifications WHERE key IN (SELECT key FROM classifications
       WHERE key > 'classification:' || ?3 AND key <= 'classification:' || ?4 || 'g' AND expires_at < ?1 LIMIT ?2)`,
  ],
  // Only where the configuration says so; its id grows with time.
  [
    "audit",
    "DELETE FROM audit WHERE id IN (SELECT id FROM (SELECT id, at FROM audit ORDER BY id LIMIT ?2) WHERE at < ?1)",
  ],
  ["rollups", "DELETE FROM rollups WHERE hour IN (SELECT hour FROM rollups WHERE hour < ?1 ORDER BY hour LIMIT ?2)"],
  [
    "silences",
    "DELETE FROM silences WHERE id IN (SELECT id FROM silences WHERE ends_at < ?1 ORDER BY ends_at LIMIT ?2)",
  ],
  [
    "incident_members",
    `DELETE FROM incident_members WHERE (incident, fingerprint) IN (SELECT m.incident, m.fingerprint
       FROM (SELECT id FROM incidents WHERE opened_at < ?1 ORDER BY opened_at LIMIT 10) AS i
       CROSS JOIN incident_members AS m ON m.incident = i.id LIMIT ?2)`,
  ],
  [
    "incidents",
    `DELETE FROM incidents WHERE id IN (SELECT i.id FROM incidents AS i WHERE i.opened_at < ?1
       AND NOT EXISTS (SELECT 1 FROM incident_members AS m WHERE m.incident = i.id) ORDER BY i.opened_at LIMIT ?2)`,
  ],
];

/** The keys of `alerts` and `classifications` are hashes: one of 256 parts of them is gone through per run. */
const partOf = (now: number): [string, string] => {
  const part = Math.floor(now / 60_000) % 256;
  const hex = (n: number): string => n.toString(16).padStart(2, "0");
  return [part === 0 ? "" : `${hex(part - 1)}${"f".repeat(14)}`, `${hex(part)}${"f".repeat(14)}`];
};

/** Answers how many rows went. */
export const removeOld = async (env: Bindings, now: number): Promise<number> => {
  const { config } = await loadSettings(env, now);
  const events = config?.retention.eventsMs ?? numberOf(env, "RETENTION_DAYS") * DAY_MS;
  const ages: Readonly<Record<string, number>> = {
    notifications: config?.retention.notificationsMs ?? events + DELIVERIES_LONGER_MS,
    rollups: config?.retention.rollupsMs ?? events,
    silences: SILENCE_RETENTION_MS,
    classifications: 0,
    audit: config?.retention.auditMs ?? Number.POSITIVE_INFINITY,
  };
  const statements = KINDS.map(([kind, sql]) => {
    const before = Math.max(0, now - (ages[kind] ?? events));
    return env.DB.prepare(sql).bind(before, MAX_ROWS, ...(sql.includes("?3") ? partOf(now) : []));
  });
  let removed = 0;
  const counts: Record<string, number> = {};
  for (const [i, statement] of statements.entries()) {
    const { meta } = await statement.run();
    if (meta.changes === 0) continue;
    removed += meta.changes;
    counts[KINDS[i]?.[0] ?? ""] = meta.changes;
  }
  if (removed > 0) logInfo("retention.removed", counts);
  return removed;
};

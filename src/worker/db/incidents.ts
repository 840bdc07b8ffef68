/** Incidents in D1: alerts join in the batch that commits their events, and one statement decides who opens one. */

import type { Labels } from "../../core/alert/alert.ts";
import type { Severity } from "../../core/alert/severity.ts";
import type { IncidentMember } from "../../core/history/incident.ts";
import { type CorrelationRule, incidentId, incidentKey, joinMs, MAX_WINDOW_MS } from "../../core/history/incident.ts";
import type { Decided } from "./events.ts";

/** [key, id, at, fingerprint, seq] of each start, oldest first. */
const START = `SELECT value->>0 AS key, value->>1 AS id, value->>2 AS at, value->>3 AS fingerprint, value->>4 AS seq
  FROM json_each(?1)`;
const OPEN = "i.key = s.key AND i.join_until > s.at AND i.opened_at <= s.at";

/** Opens nothing while an incident of the key takes alerts in; repeating the statements changes nothing. */
export const joinIncidents = (
  db: D1Database,
  decided: readonly Decided[],
  rule: CorrelationRule | null,
): D1PreparedStatement[] => {
  if (rule === null) return [];
  const starts = decided
    .flatMap(({ event }) => {
      const key = event.status === "firing" ? incidentKey(event.labels, rule) : null;
      if (key === null) return [];
      return [[key, incidentId(key, event.receivedAt), event.receivedAt, event.fingerprint, event.seq] as const];
    })
    .toSorted((a, b) => a[2] - b[2]);
  if (starts.length === 0) return [];
  // One opener per key: within a batch the first start decides, against D1 the statement does.
  const openers = [...new Map(starts.toReversed().map((start) => [start[0], start])).values()];
  const window = joinMs(rule);
  const rolling = rule.window !== "fixed";
  return [
    db
      .prepare(
        `INSERT INTO incidents (id, key, title, opened_at, updated_at, join_until)
         SELECT s.id, s.key, s.key, s.at, s.at, s.at + ?2 FROM (${START}) AS s
         WHERE NOT EXISTS (SELECT 1 FROM incidents AS i WHERE ${OPEN}) ON CONFLICT (id) DO NOTHING`,
      )
      .bind(JSON.stringify(openers), window),
    db
      .prepare(
        `INSERT OR IGNORE INTO incident_members (incident, fingerprint, joined_at, seq)
         SELECT (SELECT i.id FROM incidents AS i WHERE ${OPEN} ORDER BY i.opened_at DESC LIMIT 1) AS incident,
           s.fingerprint, s.at, s.seq FROM (${START}) AS s WHERE incident IS NOT NULL`,
      )
      .bind(JSON.stringify(starts)),
    ...(rolling
      ? [
          db
            .prepare(
              `UPDATE incidents SET updated_at = max(updated_at, s.last),
                 join_until = min(opened_at + ?3, max(join_until, s.last + ?2))
               FROM (SELECT key, max(at) AS last FROM (${START}) GROUP BY key) AS s
               WHERE incidents.key = s.key AND incidents.join_until > s.last AND incidents.opened_at < s.last`,
            )
            .bind(JSON.stringify(starts), window, MAX_WINDOW_MS),
        ]
      : []),
  ];
};

export interface IncidentRow {
  readonly id: string;
  readonly key: string;
  readonly opened_at: number;
  readonly updated_at: number;
}

/** Incidents looked at for one page: those of one alert only are not shown. */
const MAX_CANDIDATES = 2000;

/** Newest first, from a place on; an incident of fewer than two alerts is none yet. */
export const listIncidents = async (
  db: D1Database,
  limit: number,
  before: { readonly at: number; readonly id: string } | null,
): Promise<IncidentRow[]> => {
  const { results } = await db
    .prepare(
      `SELECT * FROM (SELECT id, key, opened_at, updated_at FROM incidents
         WHERE opened_at <= ?1 AND (opened_at, id) < (?1, ?2) ORDER BY opened_at DESC, id DESC LIMIT ${MAX_CANDIDATES}) AS i
       WHERE (SELECT count(*) FROM (SELECT 1 FROM incident_members AS m WHERE m.incident = i.id LIMIT 2)) = 2 LIMIT ?3`,
    )
    .bind(before?.at ?? Number.MAX_SAFE_INTEGER, before?.id ?? "", limit)
    .all<IncidentRow>();
  return results;
};

export const readIncident = (db: D1Database, id: string): Promise<IncidentRow | null> =>
  db.prepare("SELECT id, key, opened_at, updated_at FROM incidents WHERE id = ?1").bind(id).first<IncidentRow>();

/** Members shown of one incident; a storm has more, and they are all in the history. */
export const MAX_MEMBERS = 500;

/** The alert has begun anew since the incident closed: what it does now is none of this incident's. */
const AGAIN = "a.starts_at > i.join_until";

/** The members of these incidents as they are now, by incident. */
export const readMembers = async (
  db: D1Database,
  ids: readonly string[],
  perIncident = MAX_MEMBERS,
): Promise<Map<string, IncidentMember[]>> => {
  const answers = await db.batch<{
    fingerprint: string;
    labels: string;
    status: string;
    severity: string;
    starts_at: number;
    ends_at: number | null;
    joined_at: number;
  }>(
    ids.map((id) =>
      db
        .prepare(
          `SELECT m.fingerprint, m.joined_at, a.labels, a.severity,
             CASE WHEN ${AGAIN} THEN 'resolved' ELSE a.status END AS status,
             CASE WHEN ${AGAIN} THEN m.joined_at ELSE a.starts_at END AS starts_at,
             CASE WHEN ${AGAIN} THEN (SELECT e.received_at FROM events AS e WHERE e.fingerprint = m.fingerprint
               AND e.seq > m.seq AND e.status = 'resolved' ORDER BY e.seq LIMIT 1) ELSE a.ends_at END AS ends_at
           FROM incidents AS i CROSS JOIN incident_members AS m ON m.incident = i.id
           CROSS JOIN alerts AS a ON a.fingerprint = m.fingerprint
           WHERE i.id = ?1 LIMIT ?2`,
        )
        .bind(id, perIncident),
    ),
  );
  return new Map(
    ids.map((id, i) => [
      id,
      (answers[i]?.results ?? []).map((row) => ({
        fingerprint: row.fingerprint,
        labels: JSON.parse(row.labels) as Labels,
        status: row.status === "firing" ? ("firing" as const) : ("resolved" as const),
        severity: row.severity as Severity,
        startsAt: row.starts_at,
        endsAt: row.ends_at,
        joinedAt: row.joined_at,
      })),
    ]),
  );
};

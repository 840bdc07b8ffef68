/** Fills D1 with many events in one statement per table, evenly over a span of time. */

export interface Filled {
  readonly count: number;
  readonly fromMs: number;
  readonly spanMs: number;
}

const NAMES = 40;
const FINGERPRINTS = 500;

/** Events `first` … `first + count - 1`; a thousand alerts by turns, one row of hourly counts per hour. */
export const fillEvents = async (db: D1Database, { count, fromMs, spanMs }: Filled, first = 0): Promise<void> => {
  await db
    .prepare(
      `INSERT INTO events SELECT printf('%016x', (i % ${FINGERPRINTS}) * 18446744073709551), i + 1,
         ?2 + CAST((i - ?4) * ?3 / ?1 AS INTEGER),
         CASE i / ${FINGERPRINTS} % 2 WHEN 1 THEN 'resolved' WHEN 0 THEN iif(i < ${FINGERPRINTS}, 'new', 'reopened') END,
         iif(i / ${FINGERPRINTS} % 2 = 1, 'resolved', 'firing'), iif(i < ${FINGERPRINTS}, NULL, 'firing'),
         'Alert' || (i % ${NAMES}), iif(i % 4 = 0, 'critical', 'warning'), 'ns' || (i % 7),
         json_object('alertname', 'Alert' || (i % ${NAMES}), 'namespace', 'ns' || (i % 7), 'pod', 'pod-' || (i % 97)),
         json_object('summary', 'Event ' || i), ?2, NULL, '', 0, 1, NULL, NULL, 'generic', NULL, NULL, 'transparent',
         NULL, NULL, '[]', NULL, NULL
       FROM (WITH RECURSIVE n(i) AS (SELECT ?4 UNION ALL SELECT i + 1 FROM n WHERE i < ?4 + ?1 - 1) SELECT i FROM n)`,
    )
    .bind(count, fromMs, spanMs, first)
    .run();
  await db
    .prepare(
      `INSERT OR IGNORE INTO alerts SELECT fingerprint, max(seq), max(seq), status, alertname, severity, namespace, labels,
         annotations, starts_at, NULL, '', starts_at, received_at, NULL, NULL FROM events
       WHERE received_at >= ?1 GROUP BY fingerprint`,
    )
    .bind(fromMs + spanMs - Math.ceil((spanMs / count) * FINGERPRINTS * 2))
    .run();
  await fillHours(db, fromMs, fromMs + spanMs);
};

/** A row of counts for every hour of a span. */
export const fillHours = async (db: D1Database, fromMs: number, toMs: number): Promise<void> => {
  await db
    .prepare(
      `INSERT OR IGNORE INTO rollups (hour, counts, rules, alerts)
       WITH RECURSIVE h(hour) AS (SELECT ?1 UNION ALL SELECT hour + 3600000 FROM h WHERE hour + 3600000 < ?2)
       SELECT hour, '{"events":20,"started":10,"resolved":10,"s:critical":3,"s:warning":7,"n:ns1":10}',
         '{"[\\"Alert1\\",\\"ns1\\",\\"critical\\"]":[10,10,60000,4,2,1,"0000000000000000"]}',
         '{"0000000000000000":[10,10,60000,19,1,1,"Alert1","ns1","critical"]}' FROM h`,
    )
    .bind(Math.floor(fromMs / 3_600_000) * 3_600_000, toMs)
    .run();
};

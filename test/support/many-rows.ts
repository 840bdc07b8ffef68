/** What else grows with events, as much of each as there are events; the fillers of events themselves are many-events.ts. */
import { type Filled, fillEvents } from "./many-events.ts";

const numbers = (from: number, count: number): string =>
  `(WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${from + count - 1}) SELECT i FROM n)`;

/** Events, and with each a delivery (from number `deadFrom` on dead), a question to a model, a word of audit, a tenth of an incident. */
export const fillAll = async (db: D1Database, filled: Filled, first: number, deadFrom: number): Promise<void> => {
  const { count, fromMs, spanMs } = filled;
  await fillEvents(db, filled, first);
  const at = `${fromMs} + CAST((i - ${first}) * ${spanMs} / ${count} AS INTEGER)`;
  const fingerprint = "printf('%016x', (i % 500) * 18446744073709551)";
  const all = numbers(first, count);
  const tenth = numbers(first / 10, count / 10);
  const tenthAt = `${fromMs} + CAST((i - ${first / 10}) * ${spanMs} / ${count / 10} AS INTEGER)`;
  for (const sql of [
    `INSERT INTO notifications (at, subject, seq, target, state, status, severity, alertname, completed_at)
     SELECT ${at}, ${fingerprint}, i + 1, 'chat', iif(i >= ${deadFrom}, 'dead', 'delivered'), 'firing', 'warning',
       'Alert' || (i % 40), ${at} + 300 FROM ${all}`,
    `INSERT INTO classification_calls (at, fingerprint, seq, alertname, provider, model, prompt_version, outcome, attempts,
       latency_ms) SELECT ${at}, ${fingerprint}, i + 1, 'Alert' || (i % 40), 'openai', 'm', '1', 'llm', 1, 100 FROM ${all}`,
    `INSERT INTO audit (at, actor, action, subject, detail) SELECT ${at}, 'ann', 'test', 'x', '{}' FROM ${all}`,
    `INSERT INTO incidents SELECT 'inc-' || i, 'key', 'title', ${tenthAt}, ${tenthAt}, ${tenthAt} + 60000 FROM ${tenth}`,
    `INSERT INTO incident_members SELECT 'inc-' || i, printf('%016x', ((i + m) % 500) * 18446744073709551), ${tenthAt}, 1
       FROM ${tenth}, (SELECT 0 AS m UNION ALL SELECT 1)`,
  ]) {
    await db.prepare(sql).run();
  }
};

/** The questions that lists and charts put to D1, and how many rows each reads. */
import { readFilter } from "../../src/core/history/query.ts";
import { countEvents, eventsOf, walkEvents } from "../../src/worker/db/history.ts";
import { countAlerts, flappingAlerts, readHours, topAlerts, topRules } from "../../src/worker/db/rollup-reads.ts";
import { readVolume } from "../../src/worker/db/volume.ts";

const DAY = 86_400_000;

/** D1 that adds up the rows its statements read. */
export const counting = (real: D1Database) => {
  let read = 0;
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement =>
    new Proxy(statement, {
      get: (target, name) => {
        if (name === "bind") return (...values: unknown[]) => wrap(target.bind(...values));
        if (name === "first") {
          return async (column?: string) => {
            const { results, meta } = await target.all<Record<string, unknown>>();
            read += meta.rows_read;
            return column === undefined ? (results[0] ?? null) : (results[0]?.[column] ?? null);
          };
        }
        if (name === "all") {
          return async () => {
            const answer = await target.all();
            read += answer.meta.rows_read;
            return answer;
          };
        }
        if (name === "unwrapped") return target;
        return Reflect.get(target, name) as unknown;
      },
    });
  const db = {
    prepare: (sql: string) => wrap(real.prepare(sql)),
    batch: async (statements: { unwrapped: D1PreparedStatement }[]) => {
      const answers = await real.batch(statements.map((statement) => statement.unwrapped));
      for (const { meta } of answers) read += meta.rows_read;
      return answers;
    },
  } as unknown as D1Database;
  return { db, read: () => read };
};

export const filterOf = (query: string, now: number) => {
  const read = readFilter([...new URLSearchParams(query)], now);
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  return read.value;
};
const first = { limit: 100, after: null, descending: true };
const weekBefore = (now: number) => ({ fromMs: now - 7 * DAY, toMs: now, namespace: null, severity: null });

/** Every list and chart, as its route asks it. */
export const QUESTIONS: readonly (readonly [name: string, ask: (db: D1Database, now: number) => Promise<unknown>])[] = [
  ["the first page", (db, now) => walkEvents(db, filterOf("", now), first, now)],
  [
    "the first page, oldest first",
    (db, now) => walkEvents(db, filterOf("", now), { ...first, descending: false }, now),
  ],
  ["a page by severity", (db, now) => walkEvents(db, filterOf("severity=critical", now), first, now)],
  ["a page by a label", (db, now) => walkEvents(db, filterOf("labels[pod]=pod-5", now), first, now)],
  ["a page by a pattern", (db, now) => walkEvents(db, filterOf("labels_regex[pod]=pod-.*7", now), first, now)],
  ["a page of what is not there", (db, now) => walkEvents(db, filterOf("namespace=nowhere", now), first, now)],
  ["a total", (db, now) => countEvents(db, filterOf("", now), now)],
  ["a total by severity", (db, now) => countEvents(db, filterOf("severity=critical", now), now)],
  ["a timeline", (db) => eventsOf(db, "0000000000000000", 20, 0)],
  ["the chart of a week", (db, now) => readHours(db, weekBefore(now))],
  ["the chart of one namespace", (db, now) => readHours(db, { ...weekBefore(now), namespace: "ns1" })],
  ["the volume of a week", (db, now) => readVolume(db, weekBefore(now).fromMs, now)],
  ["top alerts", (db, now) => topAlerts(db, weekBefore(now), 10)],
  ["top rules", (db, now) => topRules(db, weekBefore(now), 10)],
  ["flapping alerts", (db, now) => flappingAlerts(db, weekBefore(now), 3, 50)],
  ["different alerts", (db, now) => countAlerts(db, weekBefore(now))],
];

/** Rows read by each question. */
export const measure = async (real: D1Database, now: number): Promise<Map<string, number>> => {
  const counts = new Map<string, number>();
  for (const [name, ask] of QUESTIONS) {
    const { db, read } = counting(real);
    await ask(db, now);
    counts.set(name, read());
  }
  return counts;
};

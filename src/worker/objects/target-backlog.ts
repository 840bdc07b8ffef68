/** What waits at a target, counted and read for a digest. */
import type { Millis } from "../../core/alert/alert.ts";
import { NO_REPLAY } from "../../core/history/event.ts";
import type { Backlog, Collapse } from "../../core/publish/digest.ts";
import type { Format } from "../../core/publish/format.ts";
import type { Entry } from "./target-store.ts";

/** Digests, tests and replays were asked for one by one and are never part of another digest. */
const PLAIN = `done = 0 AND ${NO_REPLAY} AND subject NOT LIKE 'digest:%' AND subject NOT LIKE 'test:%'`;

/** What waits, counted once for all who want to know. */
export interface Counted {
  readonly waiting: { readonly high: number; readonly medium: number; readonly low: number };
  /** Of these, how many wait for a retry of their own. */
  readonly retrying: number;
  readonly oldestSince: Millis | null;
  /** Of these, what a digest may stand for. */
  readonly backlog: Backlog;
}

/** Looks at every row that waits. */
export const countAll = (sql: SqlStorage): Counted => {
  const row = sql
    .exec<Record<"high" | "medium" | "low" | "retrying" | "urgent" | "plain" | "missed", number> & Oldest>(
      `SELECT count(*) FILTER (WHERE lane = 0) AS high, count(*) FILTER (WHERE lane = 1) AS medium,
         count(*) FILTER (WHERE lane = 2) AS low, min(since) AS oldest,
         count(*) FILTER (WHERE retrying = 1) AS retrying,
         count(*) FILTER (WHERE ${PLAIN} AND lane = 0) AS urgent, count(*) FILTER (WHERE ${PLAIN}) AS plain,
         coalesce(sum(missed) FILTER (WHERE ${PLAIN}), 0) AS missed, min(since) FILTER (WHERE ${PLAIN}) AS oldest_plain
       FROM waiting WHERE done = 0`,
    )
    .one();
  return {
    waiting: { high: row.high, medium: row.medium, low: row.low },
    retrying: row.retrying,
    oldestSince: row.oldest,
    backlog: {
      urgent: row.urgent,
      others: row.plain - row.urgent,
      missed: row.missed,
      oldestSince: row.oldest_plain ?? Number.MAX_SAFE_INTEGER,
    },
  };
};

type Oldest = { oldest: number | null; oldest_plain: number | null };

/** So few rows are counted whenever somebody asks. */
const ALWAYS_COUNTED = 50;
/** Nobody decides by a count that is older; half a minute is what a digest waits for. */
const MAX_AGE_MS = 10_000;

/**
 * The same, as it was at most a moment ago: counting a row costs, so of many rows each is counted once in as many
 * milliseconds as there are rows. A long outage would otherwise cost its whole backlog with each alert that joins it.
 */
export class Counter {
  readonly #sql: SqlStorage;
  #last: { readonly at: Millis; readonly counted: Counted } | null = null;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** `rows`: how many wait. */
  count(rows: number, now: Millis): Counted {
    const last = this.#last;
    const age = last === null ? 0 : now - last.at;
    if (last !== null && rows > ALWAYS_COUNTED && age >= 0 && age < Math.min(rows, MAX_AGE_MS)) return last.counted;
    const counted = countAll(this.#sql);
    this.#last = { at: now, counted };
    return counted;
  }
}

const OWED: Readonly<Record<Format["audience"], string>> = {
  chat: "'open'",
  machine: "'open', 'unheard'",
  pager: "'open', 'unheard'",
};

const CHOSEN: Readonly<Record<Exclude<Collapse, "none">, string>> = {
  missed: "missed = 1",
  others: "(lane > 0 OR missed = 1)",
  all: "1 = 1",
};

/**
 * The entries to collapse, oldest first. A subject is left alone where anything of its line is not to be collapsed, and
 * where a firing got through: its resolve is owed. At a pager also where one may have: there a digest closes nothing.
 */
export const loadBacklog = (
  sql: SqlStorage,
  how: Exclude<Collapse, "none">,
  audience: Format["audience"],
  limit: number,
  except: (subject: string) => boolean,
): Entry[] =>
  sql
    .exec<{ subject: string; body: string }>(
      `SELECT subject, body FROM waiting WHERE ${PLAIN} AND ${CHOSEN[how]}
         AND NOT (json_extract(body, '$.notification.status') = 'resolved'
           AND coalesce((SELECT opened FROM told WHERE told.subject = waiting.subject), 'none') IN (${OWED[audience]}))
         AND NOT EXISTS (SELECT 1 FROM waiting o WHERE o.subject = waiting.subject AND o.done = 0 AND o.seq != waiting.seq)
       ORDER BY since LIMIT ?`,
      limit,
    )
    .toArray()
    .filter((row) => !except(row.subject))
    .map((row) => ({ ...(JSON.parse(row.body) as Entry), stored: true }));

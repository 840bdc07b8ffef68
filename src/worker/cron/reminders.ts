/**
 * Tells again what still fires after four hours where routes do not group; a group does it by its own timer. Every
 * reminder has a time and a number of its own, so that after a crash before the mark moved none is made twice.
 */
import type { Millis } from "../../core/alert/alert.ts";
import type { Classification } from "../../core/classify/classification.ts";
import type { AlertEvent } from "../../core/history/event.ts";
import { pack } from "../../core/messages.ts";
import { remindAlone } from "../../core/pipeline/remind.ts";
import { DEFAULT_REPEAT_MS } from "../../core/route/tree.ts";
import { loadContext } from "../context.ts";
import { eventOf, type ItemRow } from "../db/items.ts";
import { insertPending } from "../db/notifications.ts";
import { heardTargets } from "../db/told.ts";
import { appendTrace } from "../db/traces.ts";
import type { Bindings } from "../env.ts";
import { noteChange } from "../live.ts";
import { logInfo } from "../log.ts";
import { countSteps } from "../metrics/decision.ts";
import { ringTargets } from "../ring.ts";

/** Alerts of one batch, and batches of one run: what is left comes a minute later. */
const ALERTS_PER_BATCH = 100;
const MAX_BATCHES = 20;
/** Of one transaction: rows hold their whole text, a character takes up to three bytes, and a call may carry 32 MB. */
const CHARS_PER_COMMIT = 4_000_000;

/** How far reminders have come, in the order of their times. */
type Mark = readonly [due: Millis, fingerprint: string];

type DueRow = Omit<ItemRow, "fingerprint"> & {
  fingerprint: string;
  seq: number;
  /** What its sender says by now: no events of their own. */
  said: string;
  link: string;
  began: number;
  due: number;
};

/** A stretch of firing counts from its first event; of what was missed meanwhile, only the latest reminder is due. */
const DUE = `WITH firing AS (SELECT e.*, a.annotations AS said, a.generator_url AS link,
      coalesce(b.received_at, e.received_at) AS began FROM alerts AS a
    CROSS JOIN events AS e ON e.fingerprint = a.fingerprint AND e.seq = a.event_seq
    LEFT JOIN events AS b ON b.fingerprint = e.fingerprint AND b.seq = e.episode_seq WHERE a.status = 'firing'),
  due AS (SELECT *, began + (CAST(?1 AS INTEGER) - began) / ${DEFAULT_REPEAT_MS} * ${DEFAULT_REPEAT_MS} AS due FROM firing
    WHERE began <= ?1 - ${DEFAULT_REPEAT_MS})
  SELECT * FROM due WHERE (due, fingerprint) > (?2, ?3) ORDER BY due, fingerprint LIMIT ?4`;

const MARK = "reminded_to";

/** Before the first run nothing was due: nobody hears at once of all that has been firing for days. */
const readMark = async (db: D1Database, now: Millis): Promise<Mark> => {
  await db
    .prepare("INSERT OR IGNORE INTO meta VALUES (?1, ?2)")
    .bind(MARK, JSON.stringify([now, ""]))
    .run();
  const value = await db.prepare("SELECT value FROM meta WHERE key = ?1").bind(MARK).first<string>("value");
  return JSON.parse(value ?? "null") as Mark;
};

const moveMark = (db: D1Database, mark: Mark): D1PreparedStatement =>
  db.prepare("UPDATE meta SET value = ?2 WHERE key = ?1").bind(MARK, JSON.stringify(mark));

const readEvent = (row: DueRow): AlertEvent =>
  eventOf({ ...row, n_subject: row.fingerprint, n_seq: row.seq, annotations: row.said, generator_url: row.link });

/** Commits the reminders of a batch, then the mark behind it, then rings; answers how many there were. */
const remindBatch = async (env: Bindings, rows: readonly DueRow[], mark: Mark, now: Millis): Promise<number> => {
  const events = rows.map(readEvent);
  const [context, heard] = await Promise.all([loadContext(env, now, events), heardTargets(env.DB, events)]);
  const reminded = rows.map((row, i) => {
    const event = events[i] as AlertEvent;
    const classification = row.classification === null ? null : (JSON.parse(row.classification) as Classification);
    const told = heard.get(event.fingerprint) ?? [];
    const nth = (row.due - row.began) / DEFAULT_REPEAT_MS;
    return remindAlone({ event, classification, told, at: row.due, nth }, context);
  });
  const addressed = reminded.flatMap(({ notifications }) => notifications);
  const steps = reminded.flatMap((one) => one.steps);
  // After a crash in between they are made again, and are there already: the mark is last.
  for (const run of pack(addressed, CHARS_PER_COMMIT)) await env.DB.batch(insertPending(env.DB, run, now));
  await env.DB.batch([...appendTrace(env.DB, steps), moveMark(env.DB, mark)]);
  countSteps(steps.map(({ step }) => step));
  for (const { fingerprint } of steps) noteChange("trace", fingerprint, "added");
  await ringTargets(env, addressed);
  return addressed.length;
};

/** Answers how many notifications were made. */
export const remindOfFiring = async (env: Bindings, now: Millis): Promise<number> => {
  let mark = await readMark(env.DB, now);
  let made = 0;
  for (let i = 0; i < MAX_BATCHES; i++) {
    const { results } = await env.DB.prepare(DUE)
      .bind(now, ...mark, ALERTS_PER_BATCH)
      .all<DueRow>();
    const last = results.at(-1);
    if (last === undefined) break;
    mark = [last.due, last.fingerprint];
    made += await remindBatch(env, results, mark, now);
    if (results.length < ALERTS_PER_BATCH) break;
  }
  if (made > 0) logInfo("reminders.made", { notifications: made });
  return made;
};

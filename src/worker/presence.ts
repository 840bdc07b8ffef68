/** Since when this service has been there without a break: what was not heard of while it was away says nothing. */
import type { Millis } from "../core/alert/alert.ts";

/** Cron notes its presence every minute, now and then a minute late; a gap this long is an absence. */
const AWAY_AFTER_MS: Millis = 3 * 60_000;
/** A gap this long may be one: senders that report every minute have missed us once. */
const BROKEN_AFTER_MS: Millis = 90_000;
const KEY = "present";

interface Present {
  /** No absence since. */
  readonly since: Millis;
  /** Not even a minute was missed since. */
  readonly unbroken: Millis;
  readonly last: Millis;
}

const read = async (db: D1Database): Promise<Present | null> => {
  const value = await db.prepare("SELECT value FROM meta WHERE key = ?1").bind(KEY).first<string>("value");
  return value === null ? null : (JSON.parse(value) as Present);
};

/** Notes that we are there, once a minute and before anybody is missed. */
export const notePresence = async (db: D1Database, now: Millis): Promise<void> => {
  const known = await read(db);
  const gap = now - (known?.last ?? 0);
  const present: Present = {
    since: known === null || gap > AWAY_AFTER_MS ? now : known.since,
    unbroken: known === null || gap > BROKEN_AFTER_MS ? now : known.unbroken,
    last: now,
  };
  await db
    .prepare("INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
    .bind(KEY, JSON.stringify(present))
    .run();
};

/** null: not noted, or not of late. */
export const presentSince = async (db: D1Database, now: Millis): Promise<Millis | null> => {
  const present = await read(db);
  return present === null || now - present.last > AWAY_AFTER_MS ? null : present.since;
};

/** Whether not even a minute was missed between the two; false where nobody knows. */
export const isUnbroken = async (db: D1Database, from: Millis, now: Millis): Promise<boolean> => {
  const present = await read(db).catch(() => null);
  return present !== null && now - present.last <= BROKEN_AFTER_MS && present.unbroken <= from;
};

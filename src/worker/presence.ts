/** Since when this service has been there without a break: what was not heard of while it was away says nothing. */
import type { Millis } from "../core/alert/alert.ts";

/** Cron notes its presence every minute, now and then a minute late; a gap this long is an absence. */
const AWAY_AFTER_MS: Millis = 3 * 60_000;
const KEY = "present";

interface Present {
  /** No absence since. */
  readonly since: Millis;
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

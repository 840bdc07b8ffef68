/**
 * When another configuration is in force, decides once more what fires: a target that alerts lead to now hears of them,
 * as after a reload of an Alertmanager; one that was told is not told again.
 */
import type { Classification } from "../../core/classify/classification.ts";
import type { TraceStep } from "../../core/history/trace.ts";
import { addressDirect } from "../../core/pipeline/address.ts";
import { process } from "../../core/pipeline/process.ts";
import { onlyUntold } from "../../core/pipeline/reroute.ts";
import { loadContext } from "../context.ts";
import { eventOf, type ItemRow } from "../db/items.ts";
import { insertPending } from "../db/notifications.ts";
import { appendTrace } from "../db/traces.ts";
import type { Bindings } from "../env.ts";
import { joinGroups } from "../groups.ts";
import { logInfo } from "../log.ts";
import { ringTargets } from "../ring.ts";
import { loadSettings } from "../settings.ts";

/** Alerts of one batch, and batches of one run: what is left comes a minute later. */
const ALERTS_PER_BATCH = 100;
const MAX_BATCHES = 20;

/** What has been decided by a version; `after`: how far it has come, null: all of it. */
interface Followed {
  readonly version: number;
  readonly after: readonly [startsAt: number, fingerprint: string] | null;
}

type FiringRow = Omit<ItemRow, "fingerprint"> & { fingerprint: string; seq: number; trace: string; begun: number };

const FIRING = `SELECT e.*, a.starts_at AS begun FROM alerts a
    JOIN events e ON e.fingerprint = a.fingerprint AND e.seq = a.event_seq
  WHERE a.status = 'firing' AND (a.starts_at, a.fingerprint) > (?1, ?2) ORDER BY a.starts_at, a.fingerprint LIMIT ?3`;

const save = (db: D1Database, followed: Followed): Promise<unknown> =>
  db
    .prepare("INSERT INTO meta VALUES ('config_followed', ?1) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
    .bind(JSON.stringify(followed))
    .run();

/** Decides a batch once more; ids are those of the events, so repeating it tells nobody twice. */
const decideAgain = async (env: Bindings, rows: readonly FiringRow[], now: number): Promise<number> => {
  const events = rows.map((row) => eventOf({ ...row, n_subject: row.fingerprint, n_seq: row.seq }));
  const context = await loadContext(env, now, events);
  const decided = events.map((event, i) => {
    const row = rows[i];
    const stored = row?.classification ?? null;
    const classification = stored === null ? null : (JSON.parse(stored) as Classification);
    const decision = process(event, classification, context);
    return { event, ...onlyUntold(decision, JSON.parse(row?.trace ?? "[]") as TraceStep[]) };
  });
  const addressed = decided.flatMap(({ event, notifications }) => addressDirect(event, { notifications }));
  const steps = addressed.map(({ target, item: { subject: fingerprint, seq } }) => {
    const step: TraceStep = { at: now, stage: "notify", decision: "queued", reason: "configuration_changed", target };
    return { fingerprint, seq, step };
  });
  await joinGroups(
    env,
    decided.flatMap(({ groups }) => groups),
  );
  if (addressed.length > 0) {
    await env.DB.batch([...insertPending(env.DB, addressed, now), ...appendTrace(env.DB, steps)]);
    await ringTargets(env, addressed);
  }
  return addressed.length;
};

/** Once a minute; answers how many notifications it made. */
export const followConfig = async (env: Bindings, now: number): Promise<number> => {
  const version = (await loadSettings(env, now)).configVersion ?? 0;
  const text = await env.DB.prepare("SELECT value FROM meta WHERE key = 'config_followed'").first<string>("value");
  // The first time there is nothing to compare with.
  const followed = text === null ? { version, after: null } : (JSON.parse(text) as Followed);
  if (text === null) await save(env.DB, followed);
  if (followed.version === version && followed.after === null) return 0;
  let after = followed.version === version ? followed.after : ([0, ""] as const);
  let told = 0;
  for (let batch = 0; batch < MAX_BATCHES && after !== null; batch++) {
    const { results } = await env.DB.prepare(FIRING)
      .bind(...after, ALERTS_PER_BATCH)
      .all<FiringRow>();
    if (results.length > 0) told += await decideAgain(env, results, now);
    const last = results.at(-1);
    after = last === undefined || results.length < ALERTS_PER_BATCH ? null : [last.begun, last.fingerprint];
    await save(env.DB, { version, after });
  }
  logInfo("config.followed", { version, notifications: told, done: after === null });
  return told;
};

/**
 * Notices when publishing stops or starts for want of targets (contracts 10.4), keeps when and why, and afterwards tells
 * what is still firing and was told to nobody. Episodes that ended meanwhile stay untold.
 */
import type { Classification } from "../../core/classify/classification.ts";
import { addressDirect } from "../../core/pipeline/address.ts";
import { process } from "../../core/pipeline/process.ts";
import { loadContext } from "../context.ts";
import { eventOf, type ItemRow } from "../db/items.ts";
import { insertPending } from "../db/notifications.ts";
import type { Bindings } from "../env.ts";
import { joinGroups } from "../groups.ts";
import { noteChange } from "../live.ts";
import { logInfo } from "../log.ts";
import { count } from "../metrics/count.ts";
import { ours } from "../metrics/families.ts";
import { isMetricsOnlyForced } from "../mode.ts";
import { registry } from "../registry.ts";
import { ringTargets } from "../ring.ts";

export interface ModeRecord {
  readonly mode: "intelligent" | "metrics_only";
  readonly since: number;
  readonly reason: "no_enabled_targets" | "targets_available" | "targets_disabled" | "forced";
  readonly transitions: number;
}

/** Alerts of one batch, and batches of one run: what is left comes a minute later. */
const ALERTS_PER_BATCH = 100;
const MAX_BATCHES = 20;

/** The mode as it is to be now; `knew` tells a first start from targets that went away. */
export const presentMode = async (
  env: Bindings,
  knew: ModeRecord | null,
): Promise<Pick<ModeRecord, "mode" | "reason">> => {
  if (isMetricsOnlyForced(env)) return { mode: "metrics_only", reason: "forced" };
  const targets = await registry(env).list();
  if (targets.some(({ target }) => target.enabled)) return { mode: "intelligent", reason: "targets_available" };
  const had = (knew?.mode === "intelligent" || knew?.reason === "targets_disabled") && targets.length > 0;
  return { mode: "metrics_only", reason: had ? "targets_disabled" : "no_enabled_targets" };
};

export const loadMode = async (db: D1Database): Promise<ModeRecord | null> => {
  const text = await db.prepare("SELECT value FROM meta WHERE key = 'publishing_mode'").first<string>("value");
  return text === null ? null : (JSON.parse(text) as ModeRecord);
};

/** Firing now, decided while nobody could be told, and not taken up since: its trace says all three. */
const UNTOLD = `SELECT e.* FROM alerts a JOIN events e ON e.fingerprint = a.fingerprint AND e.seq = a.event_seq
  WHERE a.status = 'firing' AND e.trace LIKE '%"reason":"metrics_only"%'
    AND e.trace NOT LIKE '%"reason":"targets_available"%' ORDER BY a.starts_at LIMIT ?1`;

type UntoldRow = Omit<ItemRow, "fingerprint"> & { fingerprint: string; seq: number };

/** Decides such alerts once more; answers how many there were. */
const tellUntold = async (env: Bindings, now: number): Promise<number> => {
  const { results } = await env.DB.prepare(UNTOLD).bind(ALERTS_PER_BATCH).all<UntoldRow>();
  if (results.length === 0) return 0;
  const events = results.map((row) => eventOf({ ...row, n_subject: row.fingerprint, n_seq: row.seq }));
  const context = await loadContext(env, now, events);
  const decided = events.map((event, i) => {
    const stored = results[i]?.classification ?? null;
    const classification = stored === null ? null : (JSON.parse(stored) as Classification);
    return { event, decision: process(event, classification, context) };
  });
  const addressed = decided.flatMap(({ event, decision }) => addressDirect(event, decision));
  const step = JSON.stringify({ at: now, stage: "notify", decision: "queued", reason: "targets_available" });
  // Before the mark that says it is done: joining twice changes nothing.
  await joinGroups(
    env,
    decided.flatMap(({ decision }) => decision.groups),
  );
  await env.DB.batch([
    ...insertPending(env.DB, addressed, now),
    env.DB.prepare(
      `UPDATE events SET trace = json_insert(trace, '$[#]', json(?2)) WHERE (fingerprint, seq) IN
         (SELECT value->>0, value->>1 FROM json_each(?1))`,
    ).bind(JSON.stringify(events.map((event) => [event.fingerprint, event.seq])), step),
  ]);
  await ringTargets(env, addressed);
  return results.length;
};

/** Tells all of them, as far as one run gets; answers whether that was to the end. */
const tellAllUntold = async (env: Bindings, now: number): Promise<boolean> => {
  for (let batch = 0; batch < MAX_BATCHES; batch++) {
    const told = await tellUntold(env, now);
    if (told > 0) logInfo("mode.told", { alerts: told });
    if (told < ALERTS_PER_BATCH) return true;
  }
  return false;
};

/** Once a minute. */
export const followMode = async (env: Bindings, now: number): Promise<void> => {
  const before = await loadMode(env.DB);
  const present = await presentMode(env, before);
  if (before?.mode === present.mode && before.reason === present.reason) return;
  if (present.mode === "intelligent" && !(await tellAllUntold(env, now))) return;
  const changed = before !== null && before.mode !== present.mode;
  const record: ModeRecord = {
    ...present,
    since: before?.mode === present.mode ? before.since : now,
    transitions: (before?.transitions ?? 0) + (changed ? 1 : 0),
  };
  await env.DB.prepare(
    "INSERT INTO meta VALUES ('publishing_mode', ?1) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
  )
    .bind(JSON.stringify(record))
    .run();
  // What was committed between the look and the record, by somebody who found the mode as it was before.
  if (present.mode === "intelligent") await tellAllUntold(env, now);
  if (changed) count(ours("publishing_mode_transitions_total"), { reason: record.reason });
  noteChange("mode", "publishing", record.mode);
  logInfo("mode.changed", { mode: record.mode, reason: record.reason });
};

/**
 * Sends stored notifications once more, to their target or another. A replay is a row of its own beside the first, its
 * number made from what is there already, so that a double click asks for the same one; it goes the way of all others.
 */

import type { Millis } from "../core/alert/alert.ts";
import { notificationId } from "../core/history/event.ts";
import type { PendingNotification } from "../core/messages.ts";
import { publicUrl } from "./context.ts";
import { type ItemRow, itemOf, ROWS } from "./db/items.ts";
import { type LedgerKey, ledgerId } from "./db/ledger.ts";
import { insertPending } from "./db/notifications.ts";
import type { Bindings } from "./env.ts";
import { noteChange } from "./live.ts";
import { type Addressed, ringTargets } from "./ring.ts";

/** A second click comes sooner; who means to send what got through once more comes later. */
const SECOND_CLICK_MS = 10_000;
/** Replays of one request: one statement's parameter, and what a person means by "these". */
export const MAX_REPLAYED = 1_000;

export interface ReplayPlan {
  readonly matched: number;
  /** Firing, and its alert has resolved since: it would tell what is no longer true. */
  readonly resolvedSince: number;
  /** An earlier replay is on its way, or got through and nobody asked for another. */
  readonly alreadyReplayed: number;
  /** Neither the notification nor its event is kept any more. */
  readonly gone: number;
  readonly addressed: readonly Addressed[];
  readonly originals: readonly LedgerKey[];
}

interface PlanRow extends ItemRow {
  readonly n_status: string;
  readonly resolved_since: number;
  readonly last_replay: number;
  readonly open_replays: number;
}

/** ?2 is where the replays go, null: where each went before; what got through counts when that was after ?3. */
const plan = `SELECT * FROM (${ROWS.replace(
  "e.*",
  `n.status AS n_status,
    EXISTS (SELECT 1 FROM alerts a WHERE a.fingerprint = n.subject AND a.status = 'resolved' AND a.event_seq > n.seq) AS resolved_since,
    coalesce((SELECT max(r.replay) FROM notifications r WHERE r.at = n.at AND r.subject = n.subject AND r.seq = n.seq
      AND r.target = coalesce(?2, n.target)), 0) AS last_replay,
    (SELECT count(*) FROM notifications r WHERE r.at = n.at AND r.subject = n.subject AND r.seq = n.seq
      AND r.target = coalesce(?2, n.target) AND r.replay > 0
      AND (r.state IN ('pending', 'retry', 'deferred') OR r.state = 'delivered' AND r.completed_at > ?3)) AS open_replays, e.*`,
)}
  WHERE (n.at, n.subject, n.seq, n.target, n.replay) IN
    (SELECT value->>0, value->>1, value->>2, value->>3, value->>4 FROM json_each(?1)))`;

/**
 * What replaying these rows would do; changes nothing. `to` is another target, null: their own; `again` takes those whose
 * last replay got through, too.
 */
export const planReplay = async (
  env: Bindings,
  keys: readonly LedgerKey[],
  to: string | null,
  again: boolean,
  now: Millis,
): Promise<ReplayPlan> => {
  const list = JSON.stringify(keys.map(({ at, subject, seq, target, replay }) => [at, subject, seq, target, replay]));
  const { results } = await env.DB.prepare(plan)
    .bind(list, to, again ? now - SECOND_CLICK_MS : 0)
    .all<PlanRow>();
  const isStale = (row: PlanRow): boolean => row.n_status === "firing" && row.resolved_since === 1;
  const isOpen = (row: PlanRow): boolean => row.open_replays > 0;
  const wanted = results.filter((row) => !isStale(row) && !isOpen(row));
  const context = { mode: "transparent" as const, publicUrl: publicUrl(env) };
  const replays = wanted.flatMap((row) =>
    itemOf(row, context).map(({ fallback: _fallback, fallbackAfterMs: _after, ...item }) => {
      const target = to ?? row.n_target;
      const replay = row.last_replay + 1;
      const id = notificationId(item.subject, item.seq, target, replay);
      const again: PendingNotification = {
        ...item,
        replay,
        notification: { ...item.notification, id, replay: true },
      };
      return { row, addressed: { target, item: again } };
    }),
  );
  return {
    matched: results.length,
    resolvedSince: results.filter(isStale).length,
    alreadyReplayed: results.filter((row) => !isStale(row) && isOpen(row)).length,
    gone: wanted.length - replays.length,
    addressed: replays.map(({ addressed }) => addressed),
    originals: replays.map(({ row }) => ({
      at: row.n_at,
      subject: row.n_subject,
      seq: row.n_seq,
      target: row.n_target,
      replay: row.n_replay,
    })),
  };
};

/** Carries a plan out. Asked twice at once, the second finds the rows of the first. */
export const startReplay = async (env: Bindings, { addressed, originals }: ReplayPlan, now: Millis): Promise<void> => {
  if (addressed.length === 0) return;
  const keys = originals.map(({ at, subject, seq, target, replay }) => [at, subject, seq, target, replay]);
  await env.DB.batch([
    ...insertPending(env.DB, addressed, now),
    env.DB.prepare(
      `UPDATE notifications SET replayed_at = ?2 WHERE (at, subject, seq, target, replay) IN
         (SELECT value->>0, value->>1, value->>2, value->>3, value->>4 FROM json_each(?1))`,
    ).bind(JSON.stringify(keys), now),
  ]);
  for (const original of originals) noteChange("delivery", ledgerId(original), "replayed");
  await ringTargets(env, addressed);
};

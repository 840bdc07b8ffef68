/** The heartbeats of the document in force: alerts that never stop firing while their sender lives, and whether they do. */
import { matchesAll } from "../core/alert/matcher.ts";
import type { Heartbeat } from "../core/route/routing.ts";
import { listVersions } from "./db/config-versions.ts";
import { type FiringAlert, readFiring } from "./db/firing.ts";
import type { Bindings } from "./env.ts";
import { presentSince } from "./presence.ts";
import { loadSettings } from "./settings.ts";
import { shardName, shardOf } from "./shards.ts";

/** Alerts of one heartbeat whose last report is asked for; each is a request to its shard. */
const MAX_BEATS = 3;

export interface Beat extends Heartbeat {
  /** null: no alert of it fires, so nothing is known of it. */
  readonly lastSeen: number | null;
  /** waiting: not heard of in time, but it was given less than that so far. */
  readonly state: "alive" | "missing" | "waiting";
}

/** Only a shard knows when an alert was last heard of: a repeat is written nowhere else. */
const lastHeardOf = async (env: Bindings, { fingerprint, labels, updatedAt }: FiringAlert): Promise<number> =>
  (await shardOf(env, shardName(env, labels)).seen(fingerprint, labels))?.lastReceivedAt ?? updatedAt;

/** Asks for nothing where the document names no heartbeat. `firing`: what fires, where it is known already. */
export const readHeartbeats = async (
  env: Bindings,
  now: number,
  firing?: readonly FiringAlert[],
): Promise<readonly Beat[]> => {
  const wanted = (await loadSettings(env, now)).config?.heartbeats ?? [];
  if (wanted.length === 0) return [];
  const [alerts, versions, present] = await Promise.all([
    firing ?? readFiring(env.DB),
    listVersions(env.DB, 1),
    presentSince(env.DB, now),
  ]);
  // A new document gives every sender its time before it is missed, and so does our own return.
  const since = Math.max(versions[0]?.createdAt ?? 0, present ?? now);
  return Promise.all(
    wanted.map(async (heartbeat): Promise<Beat> => {
      const beating = alerts.filter(({ labels }) => matchesAll(heartbeat.matchers, labels)).slice(0, MAX_BEATS);
      const seen = await Promise.all(beating.map((alert) => lastHeardOf(env, alert)));
      const lastSeen = seen.length === 0 ? null : Math.max(...seen);
      const isOver = (at: number): boolean => now - at > heartbeat.withinMs;
      const late = isOver(since) ? "missing" : "waiting";
      return { ...heartbeat, lastSeen, state: isOver(lastSeen ?? 0) ? late : "alive" };
    }),
  );
};

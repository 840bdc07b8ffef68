/**
 * Keeps that something was told to nobody for want of targets, with the event itself. Cron looks at the mode once a
 * minute: targets that went and came back in between would otherwise leave such alerts untold for good (contracts 10.4).
 */
import { loadMode, type ModeRecord, presentMode } from "./cron/publishing-mode.ts";
import type { Decided } from "./db/events.ts";
import type { Bindings } from "./env.ts";
import { count } from "./metrics/count.ts";
import { ours } from "./metrics/families.ts";

const isUntold = ({ decision }: Decided): boolean => decision.trace.some(({ reason }) => reason === "metrics_only");

/** The statements, of the batch that commits `decided`, by which cron finds that publishing was off; mostly none. */
export const noteUntold = async (
  env: Bindings,
  decided: readonly Decided[],
  now: number,
): Promise<D1PreparedStatement[]> => {
  if (!decided.some(isUntold)) return [];
  const before = await loadMode(env.DB);
  if (before?.mode === "metrics_only") return [];
  const { mode, reason } = await presentMode(env, before);
  const record: ModeRecord = {
    mode: "metrics_only",
    since: now,
    // They are back already: it was the targets.
    reason: mode === "metrics_only" ? reason : "targets_disabled",
    transitions: (before?.transitions ?? 0) + (before === null ? 0 : 1),
  };
  if (before !== null) count(ours("publishing_mode_transitions_total"), { reason: record.reason });
  return [
    env.DB.prepare(
      `INSERT INTO meta VALUES ('publishing_mode', ?1) ON CONFLICT (key) DO UPDATE SET value = excluded.value
       WHERE json_extract(meta.value, '$.mode') = 'intelligent'`,
    ).bind(JSON.stringify(record)),
  ];
};

/**
 * Which alerts fire now and may inhibit others, over all shards: read from D1's current alerts and kept for a moment, so
 * that a storm asks once and not for every batch.
 */
import type { Labels } from "../core/alert/alert.ts";
import {
  compileInhibition,
  type InhibitionSource,
  type InhibitRule,
  indexSources,
  inhibitedBy,
  mayInhibit,
} from "../core/filter/inhibition.ts";
import type { AlertEvent } from "../core/history/event.ts";
import type { Context } from "../core/pipeline/context.ts";

/** How long what fires elsewhere may be known late; what fires in the same batch is known at once. */
const CACHE_MS = 2_000;
/** Firing alerts looked through: an installation with more has another problem. */
const MAX_FIRING = 20_000;

let cached: {
  readonly at: number;
  readonly rules: readonly InhibitRule[];
  readonly sources: readonly InhibitionSource[];
} | null = null;

const readSources = async (
  db: D1Database,
  rules: readonly InhibitRule[],
  now: number,
): Promise<readonly InhibitionSource[]> => {
  if (cached !== null && cached.rules === rules && now >= cached.at && now - cached.at < CACHE_MS)
    return cached.sources;
  const compiled = compileInhibition(rules);
  const { results } = await db
    .prepare("SELECT fingerprint, labels FROM alerts WHERE status = 'firing' LIMIT ?1")
    .bind(MAX_FIRING)
    .all<{ fingerprint: string; labels: string }>();
  const sources = results
    .map((row) => ({
      fingerprint: row.fingerprint,
      labels: JSON.parse(row.labels) as Labels,
      status: "firing" as const,
      expiresAt: null,
    }))
    .filter(({ labels }) => mayInhibit(compiled, labels));
  cached = { at: now, rules, sources };
  return sources;
};

/** Answers who inhibits an alert; `events` are on their way to D1 and count already. */
export const loadInhibitions = async (
  db: D1Database,
  rules: readonly InhibitRule[],
  events: readonly AlertEvent[],
  now: number,
): Promise<Context["inhibitedBy"]> => {
  if (rules.length === 0) return () => [];
  const bySource = new Map((await readSources(db, rules, now)).map((source) => [source.fingerprint, source]));
  for (const { fingerprint, labels, status } of events) {
    if (status === "firing") bySource.set(fingerprint, { fingerprint, labels, status, expiresAt: null });
    else bySource.delete(fingerprint);
  }
  const index = indexSources(compileInhibition(rules), bySource.values(), now);
  return (labels, fingerprint) =>
    [...new Set(inhibitedBy(index, labels).map(({ source }) => source))].filter((source) => source !== fingerprint);
};

/**
 * Which alerts fire now and may inhibit others, over all shards: read from D1's current alerts and kept for a moment, so
 * that a storm asks once and not for every batch; where it matters, what was committed since is read on.
 */
import type { Labels } from "../core/alert/alert.ts";
import {
  compileInhibition,
  type InhibitionRules,
  type InhibitionSource,
  type Inhibitor,
  type InhibitRule,
  indexSources,
  inhibitedBy,
  inhibitorsAmong,
  mayBeInhibited,
  mayInhibit,
} from "../core/filter/inhibition.ts";
import type { AlertEvent } from "../core/history/event.ts";
import type { Context } from "../core/pipeline/context.ts";

/** What fires is read whole again after this. */
const CACHE_MS = 2_000;
/** An event is committed at most this much after its shard took it, unless much waits: read on from so far back. */
const COMMITTED_WITHIN_MS = 2_000;
/** Events looked through when reading on: in a storm the newest. */
const MAX_READ_ON = 500;
/** Firing alerts looked through: an installation with more has another problem. */
const MAX_FIRING = 20_000;
/** What came with a request counts as firing this long without D1 saying so; what is held back is then looked at again. */
const ON_THEIR_WAY_MS = 60_000;

/** An alert of which it is asked who inhibits it. */
export type Asking = Pick<AlertEvent, "status" | "labels" | "receivedAt" | "inhibitors">;

interface Row {
  fingerprint: string;
  labels: string;
  status: InhibitionSource["status"];
}

interface Firing {
  readonly at: number;
  readonly rules: readonly InhibitRule[];
  readonly sources: ReadonlyMap<string, InhibitionSource>;
  /** Up to when events were read on. */
  readonly readTo: number;
}
let cached: Firing | null = null;

let compiled: InhibitionRules = compileInhibition([]);
const compiledOf = (rules: readonly InhibitRule[]): InhibitionRules => {
  if (compiled.rules !== rules) compiled = compileInhibition(rules);
  return compiled;
};

const sourceOf = ({ fingerprint, labels, status }: Row): InhibitionSource => ({
  fingerprint,
  labels: JSON.parse(labels) as Labels,
  status,
  expiresAt: null,
});

/** What fires by these reports, on top of what fired before them; only what may inhibit. */
const takeIn = (
  before: ReadonlyMap<string, InhibitionSource>,
  reports: readonly InhibitionSource[],
  rules: InhibitionRules,
): Map<string, InhibitionSource> => {
  const sources = new Map(before);
  for (const report of reports) {
    if (report.status === "firing" && mayInhibit(rules, report.labels)) sources.set(report.fingerprint, report);
    else sources.delete(report.fingerprint);
  }
  return sources;
};

const readFiring = async (db: D1Database, rules: readonly InhibitRule[], now: number): Promise<Firing> => {
  const { results } = await db
    .prepare("SELECT fingerprint, labels, status FROM alerts WHERE status = 'firing' LIMIT ?1")
    .bind(MAX_FIRING)
    .all<Row>();
  return { at: now, rules, sources: takeIn(new Map(), results.map(sourceOf), compiledOf(rules)), readTo: now };
};

const readOn = async (db: D1Database, firing: Firing, now: number): Promise<Firing> => {
  const { results } = await db
    .prepare(
      `SELECT fingerprint, labels, status FROM events WHERE received_at >= ?1
       ORDER BY received_at DESC, fingerprint DESC, seq DESC LIMIT ?2`,
    )
    .bind(firing.readTo - COMMITTED_WITHIN_MS, MAX_READ_ON)
    .all<Row>();
  const reports = results.map(sourceOf).toReversed();
  return { ...firing, sources: takeIn(firing.sources, reports, compiledOf(firing.rules)), readTo: now };
};

/** What fires, as new as it is asked for. */
const sourcesFor = async (
  db: D1Database,
  rules: readonly InhibitRule[],
  asking: readonly Asking[],
  now: number,
): Promise<Firing["sources"]> => {
  if (cached === null || cached.rules !== rules || now < cached.at || now - cached.at >= CACHE_MS) {
    cached = await readFiring(db, rules, now);
  } else if (asking.some(({ status, labels }) => status === "firing" && mayBeInhibited(compiledOf(rules), labels))) {
    cached = await readOn(db, cached, now);
  }
  return cached.sources;
};

/** Answers who inhibits `asking`; `events`, who ask as well, are on their way to D1 and count already. */
export const loadInhibitions = async (
  db: D1Database,
  rules: readonly InhibitRule[],
  events: readonly AlertEvent[],
  asking: readonly Asking[],
  now: number,
): Promise<Context["inhibitedBy"]> => {
  if (rules.length === 0) return () => [];
  const all = [...events, ...asking];
  const known = await sourcesFor(db, rules, all, now);
  const beside = all
    .filter(({ receivedAt }) => now - receivedAt < ON_THEIR_WAY_MS)
    .flatMap(({ inhibitors = [] }) => inhibitors)
    .filter(({ fingerprint }) => !known.has(fingerprint))
    .map((inhibitor) => ({ ...inhibitor, status: "firing" as const, expiresAt: null }));
  const own = events.map((event) => ({ ...event, expiresAt: null }));
  const index = indexSources(compiledOf(rules), takeIn(known, [...beside, ...own], compiledOf(rules)).values(), now);
  return (labels, fingerprint) =>
    [...new Set(inhibitedBy(index, labels).map(({ source }) => source))].filter((source) => source !== fingerprint);
};

/** By fingerprint, which alerts of one request inhibit it, whatever shards they go to. */
export const inhibitorsOf = (
  rules: readonly InhibitRule[],
  alerts: readonly InhibitionSource[],
  now: number,
): ReadonlyMap<string, readonly Inhibitor[]> | undefined => {
  if (rules.length === 0 || alerts.length < 2) return undefined;
  const found = inhibitorsAmong(compiledOf(rules), alerts, now);
  return found.size === 0 ? undefined : found;
};

/**
 * What one report of an alert means next to what is remembered of it (contracts 4.2). It keeps no clock and stores
 * nothing: the shard does, in one transaction with the outbox row of every outcome but `duplicate`.
 */

import type { Alert, AlertStatus, Labels, Millis } from "../alert/alert.ts";
import { equalLabels } from "../alert/labels.ts";
import type { AlertOutcome } from "../ingest/receipt.ts";

/** Known to the sender as the outcome of each alert in its receipt. */
export type DedupOutcome = AlertOutcome;
/** The outcomes that are transitions; each becomes an event of its own. */
export type EventKind = Exclude<DedupOutcome, "updated" | "duplicate">;

/** What dedup remembers per fingerprint. */
export interface Entry {
  readonly fingerprint: string;
  readonly seq: number;
  readonly status: AlertStatus;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAt: Millis;
  readonly endsAt: Millis | null;
  readonly expiresAt: Millis | null;
  readonly generatorURL: string;
  readonly firstSeen: Millis;
  readonly lastReceivedAt: Millis;
  readonly receiveCount: number;
  readonly episodeSeq: number;
  readonly source: string | null;
  /** When it was last written whole. */
  readonly savedAt: Millis;
}

/**
 * New annotations of a firing alert are written down at most this often: rules that put the measured value into a text
 * would otherwise cost writes with every evaluation. Until then they are only remembered.
 */
export const UPDATE_INTERVAL_MS = 600_000;

export interface Dedup {
  readonly outcome: DedupOutcome;
  readonly entry: Entry;
  /** The transition to record, or null: a change of annotations or of a known end is none. */
  readonly transition: EventKind | null;
  /** Whether it has to be written; what need not be is safe to forget. */
  readonly durable: boolean;
}

/** Compares a report with the entry of its fingerprint; `now` is the receive time. */
export const decide = (entry: Entry | null, alert: Alert, now: Millis, source: string | null): Dedup => {
  if (entry === null) return open(null, alert, now, source);
  const seen = { ...entry, lastReceivedAt: now, receiveCount: entry.receiveCount + 1 };
  if (entry.status === "firing") {
    return alert.status === "firing" ? stillFiring(seen, alert, now) : resolve(seen, alert, now);
  }
  return alert.status === "firing" ? open(seen, alert, now, source) : stillResolved(seen, alert, now);
};

/**
 * The same for a report that left the entry as it is when it came before: what `decide` would make of it again. Nothing of
 * an entry but times and counts changes with a repeat, so whoever knows that nothing else happened need not compare.
 */
export const repeat = (entry: Entry, expiresAt: Millis | null, now: Millis): Dedup => ({
  outcome: "duplicate",
  transition: null,
  durable: false,
  entry: {
    ...entry,
    lastReceivedAt: now,
    receiveCount: entry.receiveCount + 1,
    expiresAt: entry.status === "firing" ? (expiresAt ?? entry.expiresAt) : entry.expiresAt,
  },
});

/** The end of an alert that nobody reported again in time. */
export const expire = (entry: Entry, now: Millis): Dedup => ({
  outcome: "resolved",
  transition: "resolved",
  durable: true,
  entry: { ...entry, seq: entry.seq + 1, status: "resolved", endsAt: entry.expiresAt, expiresAt: null, savedAt: now },
});

const open = (seen: Entry | null, alert: Alert, now: Millis, source: string | null): Dedup => {
  const seq = (seen?.seq ?? 0) + 1;
  return {
    outcome: seen === null ? "new" : "reopened",
    transition: seen === null ? "new" : "reopened",
    durable: true,
    entry: {
      fingerprint: alert.fingerprint,
      seq,
      status: alert.status,
      labels: alert.labels,
      annotations: alert.annotations,
      startsAt: alert.startsAt,
      endsAt: alert.endsAt,
      expiresAt: alert.status === "firing" ? alert.expiresAt : null,
      generatorURL: alert.generatorURL,
      firstSeen: seen?.firstSeen ?? now,
      lastReceivedAt: now,
      receiveCount: seen?.receiveCount ?? 1,
      episodeSeq: seq,
      source,
      savedAt: now,
    },
  };
};

const stillFiring = (seen: Entry, alert: Alert, now: Millis): Dedup => {
  const annotations =
    Object.keys(alert.annotations).length > 0 && !equalLabels(seen.annotations, alert.annotations)
      ? alert.annotations
      : seen.annotations;
  const generatorURL = alert.generatorURL !== "" ? alert.generatorURL : seen.generatorURL;
  const startsAt = Math.min(seen.startsAt, alert.startsAt);
  // A report without an end of its own says nothing about an expiry another sender promised to renew.
  const expiresAt = alert.expiresAt ?? seen.expiresAt;
  const isMoved = generatorURL !== seen.generatorURL || startsAt !== seen.startsAt;
  if (annotations === seen.annotations && !isMoved) {
    return { outcome: "duplicate", transition: null, durable: false, entry: { ...seen, expiresAt } };
  }
  const entry = { ...seen, annotations, generatorURL, startsAt, expiresAt };
  if (!isMoved && now - seen.savedAt < UPDATE_INTERVAL_MS) {
    return { outcome: "updated", transition: null, durable: false, entry };
  }
  return { outcome: "updated", transition: null, durable: true, entry: { ...entry, seq: seen.seq + 1, savedAt: now } };
};

const resolve = (seen: Entry, alert: Alert, now: Millis): Dedup => {
  const endsAt = alert.endsAt ?? seen.lastReceivedAt;
  // Late news of an older stretch must not end the one that began after it.
  if (endsAt < seen.startsAt) return { outcome: "duplicate", transition: null, durable: false, entry: seen };
  return {
    outcome: "resolved",
    transition: "resolved",
    durable: true,
    entry: {
      ...seen,
      savedAt: now,
      seq: seen.seq + 1,
      status: "resolved",
      annotations: Object.keys(alert.annotations).length > 0 ? alert.annotations : seen.annotations,
      endsAt,
      expiresAt: null,
    },
  };
};

const stillResolved = (seen: Entry, alert: Alert, now: Millis): Dedup => {
  const endsAt = Math.max(seen.endsAt ?? 0, alert.endsAt ?? 0);
  if (endsAt === (seen.endsAt ?? 0)) return { outcome: "duplicate", transition: null, durable: false, entry: seen };
  return {
    outcome: "updated",
    transition: null,
    durable: true,
    entry: { ...seen, seq: seen.seq + 1, endsAt, savedAt: now },
  };
};

/**
 * Whether a group has something new to say to one target (contracts 8.3): a pure comparison of what was told last with
 * what is true now. When it is asked, and what is left out as muted, others decide.
 */
import type { Millis } from "../alert/alert.ts";

export type NotifyReason =
  | "firstNotification"
  | "newAlerts"
  | "someResolved"
  | "allResolved"
  /** From now on its changes are not told until it has settled. */
  | "startedFlapping"
  /** It has settled and fires. */
  | "stoppedFlapping"
  | "repeatIntervalElapsed"
  | "none";

/** What a target was told last of a group. */
export interface LogEntry {
  /** Fingerprints that were firing in it. */
  readonly firing: readonly string[];
  /** Of those, the ones it knows to flap; absent: none. */
  readonly flapping?: readonly string[];
  readonly at: Millis;
}

export interface NotifyInput {
  readonly entry: LogEntry | null;
  readonly firing: readonly string[];
  /** Those of `firing` whose changes are held back. */
  readonly flapping?: readonly string[];
  readonly resolved: readonly string[];
  /** They fire, and this target must not hear of them now; those it was told of it still knows to fire. */
  readonly mutedFiring?: readonly string[];
  readonly sendResolved: boolean;
  readonly repeatIntervalMs: number;
  readonly now: Millis;
}

export interface NotifyDecision {
  readonly send: boolean;
  readonly reason: NotifyReason;
  /** What to remember whether or not something is sent. */
  readonly entry: LogEntry | null;
}

export const decideNotify = ({
  entry,
  firing,
  flapping = [],
  resolved,
  mutedFiring = [],
  sendResolved,
  repeatIntervalMs,
  now,
}: NotifyInput): NotifyDecision => {
  const known = new Set(entry?.firing ?? []);
  const knownToFlap = entry?.flapping ?? [];
  // Forgetting them would swallow their end, which is told although they are muted.
  const held = mutedFiring.filter((fingerprint) => known.has(fingerprint));
  const flaps = [...flapping, ...knownToFlap.filter((fingerprint) => held.includes(fingerprint))];
  const told: LogEntry = { firing: [...firing, ...held], ...(flaps.length > 0 ? { flapping: flaps } : {}), at: now };
  if (entry === null || entry.firing.length === 0) {
    if (firing.length === 0) return { send: false, reason: "none", entry };
    const reason = flapping.length === firing.length ? "startedFlapping" : "firstNotification";
    return { send: true, reason, entry: told };
  }
  if (firing.some((fingerprint) => !known.has(fingerprint))) return { send: true, reason: "newAlerts", entry: told };
  if (firing.length === 0 && held.length === 0) {
    // Members may only be muted for now: nothing has resolved until one that was told has.
    if (!resolved.some((fingerprint) => known.has(fingerprint))) return { send: false, reason: "none", entry };
    return { send: sendResolved, reason: "allResolved", entry: told };
  }
  if (sendResolved && resolved.some((fingerprint) => known.has(fingerprint))) {
    return { send: true, reason: "someResolved", entry: told };
  }
  if (flapping.some((fingerprint) => !knownToFlap.includes(fingerprint))) {
    return { send: true, reason: "startedFlapping", entry: told };
  }
  if (knownToFlap.some((fingerprint) => firing.includes(fingerprint) && !flapping.includes(fingerprint))) {
    return { send: true, reason: "stoppedFlapping", entry: told };
  }
  if (firing.length > 0 && now - entry.at >= repeatIntervalMs)
    return { send: true, reason: "repeatIntervalElapsed", entry: told };
  return { send: false, reason: "none", entry };
};

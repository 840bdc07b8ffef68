/** One append-only row of history: a transition of one alert. Annotation changes are not transitions. */
import type { AlertStatus, IngestFormat, Labels, Millis, UpstreamGroup } from "../alert/alert.ts";
import type { EventKind } from "../dedup/decide.ts";
import type { Inhibitor } from "../filter/inhibition.ts";

export type { EventKind };

export interface AlertEvent {
  readonly fingerprint: string;
  /** Counts the changes of this fingerprint from 1; `fingerprint:seq` is the event's id. */
  readonly seq: number;
  readonly kind: EventKind;
  readonly status: AlertStatus;
  readonly previousStatus: AlertStatus | null;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAt: Millis;
  readonly endsAt: Millis | null;
  readonly generatorURL: string;
  /** When the shard committed it. */
  readonly receivedAt: Millis;
  /** The end came from silence of the sender, not from its word. */
  readonly expired: boolean;
  /** Sequence number of the event that opened this stretch of firing. */
  readonly episodeSeq: number;
  readonly receiptId: string | null;
  readonly source: string | null;
  readonly format: IngestFormat;
  readonly upstream: UpstreamGroup | null;
  readonly sourceFingerprint: string | null;
  /** Firing alerts of the same request that inhibit it: in another shard they may still be on their way. Not in D1. */
  readonly inhibitors?: readonly Inhibitor[];
}

export const eventId = (fingerprint: string, seq: number): string => `${fingerprint}:${seq}`;
/** What is told again because it still fires is numbered from here on, with room behind each for the replays people ask for. */
const REMINDERS_FROM = 1_000_000;
const REPLAYS_OF_ONE = 1_000;
export const reminderNumber = (nth: number): number => REMINDERS_FROM + nth * REPLAYS_OF_ONE;
/** SQL: a row that somebody's replay is not, though it may be a reminder. */
export const NO_REPLAY = `(replay = 0 OR replay >= ${REMINDERS_FROM} AND replay % ${REPLAYS_OF_ONE} = 0)`;
/** Which replay it is, of a notification or of a reminder; 0: none. */
export const replayOf = (number: number): number => (number < REMINDERS_FROM ? number : number % REPLAYS_OF_ONE);

/** `replay`: it is told once more, for the nth time; 0: it is not. */
export const notificationId = (fingerprint: string, seq: number, target: string, replay = 0): string =>
  `${fingerprint}:${seq}:${target}${replay === 0 ? "" : `:r${replay}`}`;

/** Queue messages: a doorbell with the payload in it. The shard's outbox or a D1 row is always the durable copy. */
import type { Labels, Millis } from "./alert/alert.ts";
import type { AlertEvent } from "./history/event.ts";
import type { Notification } from "./publish/notification.ts";

/** A new annotation, link or earlier start of a current alert: no transition, so no event. */
export interface AlertUpdate {
  readonly fingerprint: string;
  readonly seq: number;
  readonly annotations: Labels;
  readonly generatorURL: string;
  readonly startsAt: Millis;
  readonly endsAt: Millis | null;
  readonly at: Millis;
}

export type Change =
  | { readonly kind: "event"; readonly event: AlertEvent }
  | { readonly kind: "update"; readonly update: AlertUpdate }
  /** Too large for a message: the consumer asks the shard for it. */
  | { readonly kind: "ref"; readonly fingerprint: string; readonly seq: number };

/** Queue `alerts`: changes of one shard, in the order of each fingerprint. */
export interface AlertsMessage {
  readonly v: 1;
  /** Name of the AlertShard that awaits the confirmation. */
  readonly shard: string;
  /** The shard rang before: what it holds may have been processed already. */
  readonly again: boolean;
  readonly changes: readonly Change[];
}

/** The message as text, from changes that are JSON already: what was written down once need not be written again. */
export const writeAlertsMessage = (shard: string, again: boolean, changes: readonly string[]): string =>
  `{"v":1,"shard":${JSON.stringify(shard)},"again":${again},"changes":[${changes.join(",")}]}`;

/** A message as it came; an older version sent objects. */
export const readAlertsMessage = (body: unknown): AlertsMessage =>
  (typeof body === "string" ? JSON.parse(body) : body) as AlertsMessage;

export interface PendingNotification {
  /** What is kept in order at the target: an alert's fingerprint, or `g` and the hash of a group. */
  readonly subject: string;
  readonly seq: number;
  readonly at: Millis;
  readonly notification: Notification;
  /** The nth replay of it; absent: the notification itself. */
  readonly replay?: number;
  /** Target that is told as well when this one fails for long. */
  readonly fallback?: string;
  /** For how long it may fail until then; absent: the default of targets. */
  readonly fallbackAfterMs?: Millis;
}

/** What one target is to be told of. */
export interface Addressed {
  readonly target: string;
  readonly item: PendingNotification;
}

/** Queue `notifications`: several targets share a message, because each message costs three queue operations. */
export interface NotificationsMessage {
  readonly v: 1;
  readonly addressed: readonly Addressed[];
}

/** UTF-16 units of JSON per message: under 64 kB (one queue operation) where it is ASCII, and at three bytes a unit still below the 128 kB a message may have. */
export const MAX_MESSAGE_CHARS = 40_000;

/** UTF-16 units of JSON per sendBatch, which takes 256 kB: the same reckoning. */
export const MAX_BATCH_CHARS = 80_000;

/** Queues take at most 100 messages per sendBatch. */
export const MAX_BATCH_MESSAGES = 100;

const jsonLength = (item: unknown): number => JSON.stringify(item).length;

/** Cuts a list into runs whose JSON stays within `maxChars`; a single larger item travels alone. */
export const pack = <T>(items: readonly T[], maxChars: number, sizeOf: (item: T) => number = jsonLength): T[][] => {
  const packs: T[][] = [];
  let run: T[] = [];
  let size = 0;
  for (const item of items) {
    const itemSize = sizeOf(item);
    if (run.length > 0 && size + itemSize > maxChars) {
      packs.push(run);
      run = [];
      size = 0;
    }
    run.push(item);
    size += itemSize;
  }
  if (run.length > 0) packs.push(run);
  return packs;
};

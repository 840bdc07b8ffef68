/**
 * Queue `alerts`: fetches the context, lets core decide, commits event, trace and pending notifications in one D1
 * batch, rings for delivery, and only then confirms to the shard. A crash anywhere in between repeats the work; the
 * ids are deterministic, so repeating it changes nothing.
 */

import { type AlertEvent, eventId } from "../../core/history/event.ts";
import type { AlertsMessage, AlertUpdate, PendingNotification } from "../../core/messages.ts";
import { process } from "../../core/pipeline.ts";
import { loadContext } from "../context.ts";
import { commitEvents, type Decided, storedEvents } from "../db/events.ts";
import type { Bindings } from "../env.ts";
import { type Addressed, ringTargets } from "../ring.ts";

interface Work {
  readonly shard: string;
  readonly events: AlertEvent[];
  readonly updates: AlertUpdate[];
  readonly ids: (readonly [string, number])[];
}

/** Resolves references to changes that were too large to travel. */
const unpack = async (env: Bindings, message: AlertsMessage): Promise<Work> => {
  const refs = message.changes.flatMap((change) =>
    change.kind === "ref" ? [[change.fingerprint, change.seq] as const] : [],
  );
  const loaded = refs.length === 0 ? [] : await env.SHARDS.getByName(message.shard).load(refs);
  const changes = [...message.changes, ...loaded];
  const events = changes.flatMap((change) => (change.kind === "event" ? [change.event] : []));
  const updates = changes.flatMap((change) => (change.kind === "update" ? [change.update] : []));
  const ids = [...events, ...updates].map(({ fingerprint, seq }) => [fingerprint, seq] as const);
  return { shard: message.shard, events, updates, ids };
};

/** Processes messages; throws when D1 or a shard cannot be reached, and the queue brings them again. */
export const consumeAlerts = async (
  env: Bindings,
  messages: readonly AlertsMessage[],
  redelivered: boolean,
): Promise<void> => {
  const work = await Promise.all(messages.map((message) => unpack(env, message)));
  const events = work.flatMap((w) => w.events);
  const maybeStored = redelivered || messages.some((message) => message.again);
  const stored = maybeStored
    ? await storedEvents(
        env.DB,
        events.map((event) => [event.fingerprint, event.seq] as const),
      )
    : new Set<string>();
  const context = await loadContext(env, Date.now());
  const decided: Decided[] = [
    ...new Map(events.map((event) => [eventId(event.fingerprint, event.seq), event])).values(),
  ]
    .filter((event) => !stored.has(eventId(event.fingerprint, event.seq)))
    .map((event) => ({ event, decision: process(event, context) }));
  const addressed: Addressed[] = decided.flatMap(({ event, decision }) =>
    decision.notifications.map(({ target, notification }) => ({
      target,
      item: {
        subject: event.fingerprint,
        seq: event.seq,
        at: event.receivedAt,
        notification,
      } satisfies PendingNotification,
    })),
  );
  const statements = commitEvents(
    env.DB,
    decided,
    addressed,
    work.flatMap((w) => w.updates),
    Date.now(),
  );
  if (statements.length > 0) await env.DB.batch(statements);
  await ringTargets(env, addressed);
  await Promise.all(work.map((w) => (w.ids.length === 0 ? undefined : env.SHARDS.getByName(w.shard).confirm(w.ids))));
};

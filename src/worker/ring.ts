/** Rings the queue `notifications`: one message per target, with as many notifications as fit. */
import {
  MAX_BATCH_CHARS,
  MAX_MESSAGE_CHARS,
  type NotificationsMessage,
  type PendingNotification,
  pack,
} from "../core/messages.ts";
import type { Bindings } from "./env.ts";
import { logError } from "./log.ts";

export interface Addressed {
  readonly target: string;
  readonly item: PendingNotification;
}

/** Sends the bells. A bell that cannot be sent is only logged: the rows are in D1 and the sweep rings again. */
export const ringTargets = async (env: Bindings, addressed: readonly Addressed[]): Promise<void> => {
  const byTarget = Map.groupBy(addressed, ({ target }) => target);
  const messages: NotificationsMessage[] = [...byTarget].flatMap(([target, list]) =>
    pack(
      list.map(({ item }) => item),
      MAX_MESSAGE_CHARS,
    ).map((items) => ({ v: 1 as const, target, items })),
  );
  try {
    for (const run of pack(messages, MAX_BATCH_CHARS)) {
      // A notification too large for a message is left to the sweep, which reads it from D1.
      const bodies = run.filter((body) => JSON.stringify(body).length <= MAX_BATCH_CHARS).map((body) => ({ body }));
      if (bodies.length > 0) await env.NOTIFICATIONS.sendBatch(bodies);
    }
  } catch (error) {
    logError("ring.targets", error, { notifications: addressed.length });
  }
};

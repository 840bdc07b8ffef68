/** Rings the queue `notifications`: as many notifications to a message as fit, whoever they are for. */
import {
  type Addressed,
  MAX_BATCH_CHARS,
  MAX_MESSAGE_CHARS,
  type NotificationsMessage,
  pack,
} from "../core/messages.ts";
import type { Bindings } from "./env.ts";
import { logError } from "./log.ts";

export type { Addressed };

/** Sends the bells. A bell that cannot be sent is only logged: the rows are in D1 and the sweep rings again. */
export const ringTargets = async (env: Bindings, addressed: readonly Addressed[]): Promise<void> => {
  const messages: NotificationsMessage[] = pack(addressed, MAX_MESSAGE_CHARS).map((run) => ({ v: 1, addressed: run }));
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

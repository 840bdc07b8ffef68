/** Queue `notifications`: hands each target's notifications to its object. Every target is called beside the others. */
import type { NotificationsMessage } from "../../core/messages.ts";
import type { Bindings } from "../env.ts";
import { logError } from "../log.ts";
import { handOverSoon } from "../metrics/hand-over.ts";
import type { Background } from "./alerts.ts";

/** Throws when an object could not be reached, after all have been called: accepting twice changes nothing. */
export const consumeNotifications = async (
  env: Bindings,
  messages: readonly NotificationsMessage[],
  background: Background,
): Promise<void> => {
  const byTarget = Map.groupBy(
    messages.flatMap((message) => message.addressed),
    ({ target }) => target,
  );
  handOverSoon(env, background, byTarget.keys());
  const failures = await Promise.all(
    [...byTarget].map(async ([target, list]) => {
      try {
        await env.TARGETS.getByName(target).accept(
          list.map(({ item }) => item),
          { collects: true },
        );
        return 0;
      } catch (error) {
        logError("notifications.accept", error, { target, notifications: list.length });
        return 1;
      }
    }),
  );
  const failed = failures.reduce((sum: number, n) => sum + n, 0);
  if (failed > 0) throw new Error(`${failed} of ${byTarget.size} targets could not be reached`);
};

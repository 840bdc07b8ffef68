/**
 * Queue `notifications`: hands each target's notifications to its object. Every target is called beside the others, those
 * that can be told nothing just now behind them.
 */
import type { Addressed, NotificationsMessage } from "../../core/messages.ts";
import type { Bindings } from "../env.ts";
import { logError } from "../log.ts";
import { handOverSoon } from "../metrics/hand-over.ts";
import type { Background } from "./alerts.ts";

/** Requests of targets that can be told have left by then; writing down what has to wait anyway is in no hurry. */
export const OUT_BY_THEN_MS = 50;

/** Who could be told nothing when it was last brought something, as far as this isolate knows. */
const held = new Set<string>();

/** Calls these targets beside each other; answers how many could not be reached. Accepting twice changes nothing. */
const bring = async (
  env: Bindings,
  byTarget: readonly (readonly [string, readonly Addressed[]])[],
): Promise<number> => {
  const failures = await Promise.all(
    byTarget.map(async ([target, list]) => {
      try {
        const items = list.map(({ item }) => item);
        if (await env.TARGETS.getByName(target).accept(items, { collects: true })) held.add(target);
        else held.delete(target);
        return 0;
      } catch (error) {
        logError("notifications.accept", error, { target, notifications: list.length });
        return 1;
      }
    }),
  );
  return failures.reduce((sum: number, n) => sum + n, 0);
};

/** Throws when an object could not be reached, after all have been called. */
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
  const { told = [], waits = [] } = Object.groupBy(byTarget, ([target]) => (held.has(target) ? "waits" : "told"));
  let failed = await bring(env, told);
  if (told.length > 0 && waits.length > 0) await new Promise((resolve) => setTimeout(resolve, OUT_BY_THEN_MS));
  failed += await bring(env, waits);
  if (failed > 0) throw new Error(`${failed} of ${byTarget.size} targets could not be reached`);
};

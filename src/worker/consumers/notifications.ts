/** Queue `notifications`: hands each target's notifications to its object. Every target is called beside the others. */
import type { NotificationsMessage } from "../../core/messages.ts";
import type { Bindings } from "../env.ts";

export const consumeNotifications = async (env: Bindings, messages: readonly NotificationsMessage[]): Promise<void> => {
  const byTarget = Map.groupBy(messages, (message) => message.target);
  await Promise.all(
    [...byTarget].map(([target, list]) =>
      env.TARGETS.getByName(target).accept(list.flatMap((message) => message.items)),
    ),
  );
};

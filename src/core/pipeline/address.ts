/** From a decision to what each target is to be told at once. */
import type { AlertEvent } from "../history/event.ts";
import type { Addressed, PendingNotification } from "../messages.ts";
import type { Fallback } from "./context.ts";
import type { Decision } from "./process.ts";

/** How a fallback travels with what it stands in for. */
export const fallbackOf = (fallback: Fallback | null): Pick<PendingNotification, "fallback" | "fallbackAfterMs"> =>
  fallback === null ? {} : { fallback: fallback.target, fallbackAfterMs: fallback.afterMs };

/** What each target is to be told of an event at once. */
export const addressDirect = (
  event: AlertEvent,
  { notifications }: Pick<Decision, "notifications">,
): readonly Addressed[] =>
  notifications.map(({ target, fallback, notification }) => ({
    target,
    item: {
      subject: event.fingerprint,
      seq: event.seq,
      at: event.receivedAt,
      notification,
      ...fallbackOf(fallback),
    },
  }));

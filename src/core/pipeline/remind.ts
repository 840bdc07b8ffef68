/** What fires for long and was told alone is told again: where a route does not group, no group's timer does it. */
import type { Millis } from "../alert/alert.ts";
import type { Classification } from "../classify/classification.ts";
import type { AlertEvent } from "../history/event.ts";
import type { Addressed } from "../messages.ts";
import { fallbackOf } from "./address.ts";
import { admit, effectiveSeverity, holdRoute, judgementOf, toldBy } from "./admit.ts";
import type { Context, RouteMatch } from "./context.ts";
import type { MemberStep } from "./flush.ts";
import { aloneKey } from "./notify.ts";
import { remindOf } from "./tell.ts";
import { isDirect } from "./timing.ts";

/** An alert whose reminder is due. */
export interface Standing {
  /** Its newest event, with what its sender says by now. */
  readonly event: AlertEvent;
  readonly classification: Classification | null;
  /** Targets that were told of its beginning by itself. */
  readonly told: readonly string[];
  /** When it was due: the same however late it is looked at, so that looking twice tells once. */
  readonly at: Millis;
  /** Counts the reminders of this stretch of firing from 1. */
  readonly nth: number;
}

export interface Reminding {
  readonly notifications: readonly Addressed[];
  readonly steps: readonly MemberStep[];
}

/** Reminds every target that was told, still hears of it, and is not kept from it at the moment. */
export const remindAlone = (standing: Standing, context: Context): Reminding => {
  const { event, told } = standing;
  const nothing = { notifications: [], steps: [] };
  if (context.metricsOnlyForced || event.status !== "firing" || context.flappingUntil(event) !== null) return nothing;
  const subject = { ...event, classification: standing.classification };
  const notifications = new Map<string, Addressed>();
  for (const route of context.match(event.labels, judgementOf(subject, context))) {
    if (!isDirect(route) || holdRoute(subject, route.id, context) !== null) continue;
    for (const name of toldBy(route, context)) {
      const state = context.targets.get(name);
      if (!told.includes(name) || notifications.has(name) || state?.target.enabled !== true) continue;
      if (admit(subject, state, context).held !== null) continue;
      notifications.set(name, { target: name, item: reminderFrom(route, name, standing, context) });
    }
  }
  const list = [...notifications.values()];
  const { fingerprint, seq } = event;
  const steps = list.map(({ target, item: { notification } }): MemberStep => {
    const { reason, id } = notification;
    const step = { at: standing.at, stage: "notify", decision: "queued", reason, target, notification: id } as const;
    return { fingerprint, seq, step };
  });
  return { notifications: list, steps };
};

const reminderFrom = (
  { receiver, labels: routeLabels, fallback }: RouteMatch,
  target: string,
  { event, classification, at, nth }: Standing,
  context: Context,
): Addressed["item"] => {
  const alert = { ...event, classification, severity: effectiveSeverity({ ...event, classification }, context) };
  const said = { groupKey: aloneKey(event), groupLabels: event.labels, receiver, routeLabels, at };
  return {
    ...remindOf(alert, target, nth, said, context),
    ...(fallback?.target === target ? {} : fallbackOf(fallback)),
  };
};

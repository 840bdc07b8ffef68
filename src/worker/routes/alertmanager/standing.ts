/** What fires now, with who hears of it and what keeps it quiet: the same questions that every decision asks. */

import type { AlertStanding } from "../../../core/history/api-v2.ts";
import type { RouteMatch } from "../../../core/pipeline/context.ts";
import { loadContext } from "../../context.ts";
import { type FiringAlert, readFiring } from "../../db/firing.ts";
import type { Bindings } from "../../env.ts";

export interface StandingAlert extends AlertStanding {
  readonly alert: FiringAlert;
  readonly routes: readonly RouteMatch[];
}

/** Sorted by fingerprint. */
export const readStanding = async (env: Bindings, now: number): Promise<StandingAlert[]> => {
  const [context, firing] = await Promise.all([loadContext(env, now), readFiring(env.DB)]);
  return firing
    .toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1))
    .map((alert) => {
      const routes = context.match(alert.labels, null);
      const muted = routes.map((route) => context.timeMute(route.id, now));
      return {
        alert,
        labels: alert.labels,
        routes,
        receivers: [...new Set(routes.map((route) => route.receiver))],
        silencedBy: context.silencedBy(alert.labels, now),
        inhibitedBy: context.inhibitedBy(alert.labels, alert.fingerprint),
        // One route that may speak is enough for the alert to be told.
        mutedBy: muted.every((name) => name !== null) ? [...new Set(muted.flatMap((name) => name ?? []))] : [],
      };
    });
};

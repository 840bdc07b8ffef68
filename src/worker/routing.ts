/** The routing document in force, ready to be asked: compiled once per version and set of targets. */
import type { Labels, Millis } from "../core/alert/alert.ts";
import type { Context, Judgement, RouteMatch } from "../core/pipeline/context.ts";
import type { RoutingConfig } from "../core/route/routing.ts";
import { mutedBy } from "../core/route/time-interval.ts";
import { compileTree, matchRoutes, type Route, type RouteTree } from "../core/route/tree.ts";

export interface Routing {
  readonly tree: RouteTree;
  readonly match: Context["match"];
  readonly timeMute: Context["timeMute"];
  /** A route with its targets, for whoever explains. */
  readonly resolve: (route: Route) => RouteMatch;
}

/** `known` are the targets that exist, `enabled` those a receiver of all means; both in the order they are served. */
export const compileRouting = (
  config: RoutingConfig,
  known: ReadonlySet<string>,
  enabled: readonly string[],
): Routing => {
  const tree = compileTree(config.route, config.receivers);
  const byId = new Map(tree.routes.map((route) => [route.id, route]));
  const resolved = new Map<string, RouteMatch>();
  const resolve = (route: Route): RouteMatch => {
    const before = resolved.get(route.id);
    if (before !== undefined) return before;
    const targets = route.targets === "all" ? enabled : route.targets.filter((name) => known.has(name));
    const match: RouteMatch = {
      id: route.id,
      path: route.matcherPath,
      receiver: route.receiver,
      targets,
      groupBy: route.groupBy,
      timing: {
        groupWaitMs: route.groupWaitMs,
        groupIntervalMs: route.groupIntervalMs,
        repeatIntervalMs: route.repeatIntervalMs,
      },
      regroup: route.regroup,
      isSink: route.isBare && targets.length === 0,
      fallback: route.fallback,
    };
    resolved.set(route.id, match);
    return match;
  };
  return {
    tree,
    resolve,
    match: (labels: Labels, judgement: Judgement | null) => matchRoutes(tree, labels, judgement).map(resolve),
    timeMute: (id: string, at: Millis) => {
      const route = byId.get(id);
      return route === undefined ? null : mutedBy(route, config.timeIntervals, at);
    },
  };
};

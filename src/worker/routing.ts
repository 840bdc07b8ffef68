/** The routing document in force, ready to be asked: compiled once per version and set of targets. */
import type { Labels, Millis } from "../core/alert/alert.ts";
import { labelValue } from "../core/alert/labels.ts";
import type { Context, Judgement, RouteMatch } from "../core/pipeline/context.ts";
import type { RoutingConfig } from "../core/route/routing.ts";
import { chooseTargets, isChoice, labelsOfChoice } from "../core/route/target-choice.ts";
import { mutedBy } from "../core/route/time-interval.ts";
import { compileTree, matchRoutes, type Route, type RouteTree } from "../core/route/tree.ts";

/** Routes kept with their targets: all a document may have, and as many again by labels. */
const MAX_RESOLVED = 2_000;

export interface Routing {
  readonly tree: RouteTree;
  readonly match: Context["match"];
  readonly timeMute: Context["timeMute"];
}

/** `known` are the targets that exist, `enabled` those a receiver of all means; both in the order they are served. */
export const compileRouting = (
  config: RoutingConfig,
  known: ReadonlySet<string>,
  enabled: readonly string[],
): Routing => {
  const tree = compileTree(config.route, config.receivers);
  const byId = new Map(tree.routes.map((route) => [route.id, route]));
  const names = [...known];
  const splits = new Map(
    tree.routes.map(({ id, targets }) => [id, targets === "all" ? [] : [...new Set(targets.flatMap(labelsOfChoice))]]),
  );
  const resolved = new Map<string, RouteMatch>();
  const resolve = (route: Route, labels: Labels): RouteMatch => {
    const splitBy = splits.get(route.id) ?? [];
    const key =
      splitBy.length === 0 ? route.id : JSON.stringify([route.id, splitBy.map((name) => labelValue(labels, name))]);
    const before = resolved.get(key);
    if (before !== undefined) return before;
    const targets = route.targets === "all" ? enabled : chosen(route.targets, labels);
    const match: RouteMatch = {
      id: route.id,
      path: route.matcherPath,
      receiver: route.receiver,
      labels: route.labels,
      targets,
      groupBy: route.groupBy,
      splitBy,
      timing: {
        groupWaitMs: route.groupWaitMs,
        groupIntervalMs: route.groupIntervalMs,
        repeatIntervalMs: route.repeatIntervalMs,
      },
      repeats: route.repeats,
      regroup: route.regroup,
      isSink: route.isBare && targets.length === 0,
      fallback: route.fallback,
    };
    // What senders make up is not remembered for ever.
    if (resolved.size >= MAX_RESOLVED) resolved.clear();
    resolved.set(key, match);
    return match;
  };
  const chosen = (entries: readonly string[], labels: Labels): readonly string[] => [
    ...new Set(
      entries.flatMap((entry) =>
        isChoice(entry) ? chooseTargets(entry, labels, names) : known.has(entry) ? [entry] : [],
      ),
    ),
  ];
  return {
    tree,
    match: (labels: Labels, judgement: Judgement | null) =>
      matchRoutes(tree, labels, judgement).map((route) => resolve(route, labels)),
    timeMute: (id: string, at: Millis) => {
      const route = byId.get(id);
      return route === undefined ? null : mutedBy(route, config.timeIntervals, at);
    },
  };
};

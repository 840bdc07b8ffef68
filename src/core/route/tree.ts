/**
 * The routing tree, compiled: for an alert, the routes it takes. Depth first, left to right, the first match of a level
 * unless it continues, the node itself where no child matches; as Alertmanager's `dispatch/route.go`, and beside that
 * routes on a classification, which only ever add (contracts 8.1).
 */
import type { Labels, Millis } from "../alert/alert.ts";
import { type Matcher, matchesAll, printMatchers } from "../alert/matcher.ts";
import { indexMatchers, type MatcherIndex } from "../alert/matcher-index.ts";
import type { Classification } from "../classify/classification.ts";
import type { Receiver, RouteNode } from "./routing.ts";

/** A route with everything it inherits. */
export interface Route {
  /** Tells it from every other route, also from one with the same matchers. */
  readonly id: string;
  /** JSON pointer into the document. */
  readonly path: string;
  /** The matchers of every node from the root down: the first half of a group key. */
  readonly matcherPath: readonly (readonly Matcher[])[];
  readonly receiver: string;
  readonly targets: Receiver["targets"];
  /** Its receiver lists no targets. */
  readonly isBare: boolean;
  readonly groupBy: readonly string[];
  readonly groupWaitMs: Millis;
  readonly groupIntervalMs: Millis;
  readonly repeatIntervalMs: Millis;
  /** Its repeat interval, or one above it, is written down: a route that does not group repeats only then. */
  readonly repeats: boolean;
  readonly muteTimeIntervals: readonly string[];
  readonly activeTimeIntervals: readonly string[];
  readonly labels: Labels;
  readonly fallback: { readonly target: string; readonly afterMs: Millis } | null;
  readonly regroup: boolean;
  /** It was reached because of a classification. */
  readonly isByClassification: boolean;
}

/** What routes may ask of a classification; null: nothing, for lack of one or because it does not count. */
export type RoutedClassification = Pick<Classification, "severity" | "category" | "confidence">;

/** @internal A node as matching and explaining walk it. */
export interface TreeNode {
  readonly route: Route;
  readonly labelMatchers: readonly Matcher[];
  readonly classificationMatchers: readonly Matcher[];
  readonly minConfidence: number;
  readonly continue: boolean;
  /** Children that ask labels only, and an index over them. */
  readonly children: readonly TreeNode[];
  readonly index: MatcherIndex;
  /** Children that ask the classification too. */
  readonly added: readonly TreeNode[];
  /** All children in the order of the document. */
  readonly inOrder: readonly TreeNode[];
}

export interface RouteTree {
  readonly root: TreeNode;
  /** Every route, parents before children. */
  readonly routes: readonly Route[];
}

/** What fires is told again after this where nobody says otherwise. */
export const DEFAULT_REPEAT_MS = 14_400_000;
/** Alertmanager's defaults. */
const DEFAULTS = { groupWaitMs: 30_000, groupIntervalMs: 300_000, repeatIntervalMs: DEFAULT_REPEAT_MS };
/** Long enough for a few attempts, short enough to matter. */
const DEFAULT_FALLBACK_AFTER_MS = 300_000;

const CLASSIFICATION_NAMES = ["llm_severity", "llm_category"];
export const asksClassification = ({ name }: Pick<Matcher, "name">): boolean => CLASSIFICATION_NAMES.includes(name);

const inherit = (node: RouteNode, parent: TreeNode | null, position: number, receivers: Receivers): Route => {
  const above = parent?.route ?? null;
  const receiver = node.receiver ?? above?.receiver ?? "";
  const matchers = printMatchers(node.matchers);
  const fallback = node.fallback ?? above?.fallback?.target ?? null;
  const afterMs = node.fallbackAfterMs ?? above?.fallback?.afterMs ?? DEFAULT_FALLBACK_AFTER_MS;
  return {
    id: above === null ? matchers : `${above.id}/${matchers}/${position}`,
    path: node.path,
    matcherPath: [...(above?.matcherPath ?? []), node.matchers],
    receiver,
    targets: receivers.get(receiver)?.targets ?? [],
    isBare: receivers.get(receiver)?.isBare ?? false,
    groupBy: node.groupBy ?? above?.groupBy ?? [],
    groupWaitMs: node.groupWaitMs ?? above?.groupWaitMs ?? DEFAULTS.groupWaitMs,
    groupIntervalMs: node.groupIntervalMs ?? above?.groupIntervalMs ?? DEFAULTS.groupIntervalMs,
    repeatIntervalMs: node.repeatIntervalMs ?? above?.repeatIntervalMs ?? DEFAULTS.repeatIntervalMs,
    repeats: node.repeatIntervalMs !== null || above?.repeats === true,
    muteTimeIntervals: node.muteTimeIntervals,
    activeTimeIntervals: node.activeTimeIntervals,
    labels: { ...above?.labels, ...node.labels },
    fallback: fallback === null ? null : { target: fallback, afterMs },
    regroup: node.regroup ?? above?.regroup ?? false,
    isByClassification: above?.isByClassification === true || node.matchers.some(asksClassification),
  };
};

type Receivers = ReadonlyMap<string, Receiver>;

/** The tree of a document that was read without defects. */
export const compileTree = (root: RouteNode, receivers: readonly Receiver[]): RouteTree => {
  const byName: Receivers = new Map(receivers.map((receiver) => [receiver.name, receiver]));
  const routes: Route[] = [];
  const compile = (node: RouteNode, parent: TreeNode | null, position: number): TreeNode => {
    const route = inherit(node, parent, position, byName);
    routes.push(route);
    const inOrder: TreeNode[] = [];
    const bare: TreeNode = {
      route,
      labelMatchers: node.matchers.filter((matcher) => !asksClassification(matcher)),
      classificationMatchers: node.matchers.filter(asksClassification),
      minConfidence: node.minConfidence ?? 0,
      continue: node.continue,
      children: [],
      index: indexMatchers([]),
      added: [],
      inOrder,
    };
    inOrder.push(...node.routes.map((child, at) => compile(child, bare, at)));
    const children = inOrder.filter((child) => child.classificationMatchers.length === 0);
    const index = indexMatchers(children.map((child) => child.labelMatchers));
    return { ...bare, children, index, added: inOrder.filter((child) => child.classificationMatchers.length > 0) };
  };
  return { root: compile(root, null, 0), routes };
};

/** Whether the classification is one this node asks for. */
export const holdsFor = (node: TreeNode, classification: RoutedClassification | null): boolean => {
  if (node.classificationMatchers.length === 0) return true;
  if (classification === null || classification.confidence < node.minConfidence) return false;
  return matchesAll(node.classificationMatchers, {
    llm_severity: classification.severity,
    llm_category: classification.category,
  });
};

/**
 * The routes an alert takes, at least one. `classification` counts here whatever its confidence, except where a route
 * wants more: pass null for one below the threshold, or in a mode where it changes nothing.
 */
export const matchRoutes = (
  tree: RouteTree,
  labels: Labels,
  classification: RoutedClassification | null = null,
): readonly Route[] => {
  const visit = (node: TreeNode): Route[] => {
    const found: Route[] = [];
    for (const at of node.index.candidates(labels)) {
      const child = node.children[at];
      if (child === undefined || !matchesAll(child.labelMatchers, labels)) continue;
      found.push(...visit(child));
      if (!child.continue) break;
    }
    if (found.length === 0) found.push(node.route);
    return classification === null ? found : [...found, ...visitAdded(node, classification)];
  };
  /** Computed beside the others: a classification adds routes and takes none away. */
  const visitAdded = (node: TreeNode, given: RoutedClassification): Route[] => {
    const found: Route[] = [];
    for (const child of node.added) {
      if (!holdsFor(child, given) || !matchesAll(child.labelMatchers, labels)) continue;
      found.push(...visit(child));
      if (!child.continue) break;
    }
    return found;
  };
  return visit(tree.root);
};

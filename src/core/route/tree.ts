/**
 * The routing tree (contracts 8.1, Alertmanager's semantics): depth first, left to right; the first matching sibling
 * ends the search unless it says `continue`; a node without a matching child is the match itself.
 */
import type { Labels, Millis } from "../alert/alert.ts";
import { compileMatcher, firstMismatch, type Matcher, type MatcherSpec, printMatcher } from "../alert/matcher.ts";
import { indexMatchers, type MatcherIndex } from "../alert/matcher-index.ts";
import type { Severity } from "../alert/severity.ts";
import type { Category } from "../classify/classification.ts";

/** One route as the document says it; null: inherited from its parent. */
export interface RouteNode {
  readonly receiver: string | null;
  readonly matchers: readonly MatcherSpec[];
  readonly groupBy: readonly string[] | null;
  readonly groupWaitMs: Millis | null;
  readonly groupIntervalMs: Millis | null;
  readonly repeatIntervalMs: Millis | null;
  readonly continue: boolean;
  readonly muteTimes: readonly string[];
  readonly activeTimes: readonly string[];
  /** A route on a classification asks for at least this confidence; null: the global threshold. */
  readonly minConfidence: number | null;
  readonly fallback: string | null;
  readonly regroup: boolean | null;
  readonly routes: readonly RouteNode[];
}

/** Alertmanager's, for a document that leaves them out. */
export const ROUTE_DEFAULTS = { groupWaitMs: 30_000, groupIntervalMs: 300_000, repeatIntervalMs: 14_400_000 } as const;

/** Labels that stand for what a classification says. */
const CLASSIFICATION_LABELS = ["llm_severity", "llm_category"];

export interface TreeRoute {
  /** Place in the tree, such as `0.2`; the root is the empty text. */
  readonly id: string;
  readonly path: readonly (readonly MatcherSpec[])[];
  readonly receiver: string;
  readonly groupBy: readonly string[];
  readonly groupWaitMs: Millis;
  readonly groupIntervalMs: Millis;
  readonly repeatIntervalMs: Millis;
  readonly muteTimes: readonly string[];
  readonly activeTimes: readonly string[];
  readonly fallback: string | null;
  readonly regroup: boolean;
}

interface Node extends TreeRoute {
  readonly matchers: readonly Matcher[];
  readonly isOnClassification: boolean;
  readonly minConfidence: number | null;
  readonly continue: boolean;
  readonly children: readonly Node[];
  readonly index: MatcherIndex | null;
}

/** What a classification says, where it counts. */
export interface Judged {
  readonly severity: Severity;
  readonly category: Category;
  readonly confidence: number;
}

export interface RouteTree {
  readonly match: (labels: Labels, judged: Judged | null) => readonly TreeRoute[];
  /** Every route, depth first: for the routes page and for explaining why not. */
  readonly routes: readonly TreeRoute[];
  /** Why a route did or did not take an alert, in the same order as `routes`. */
  readonly explain: (labels: Labels, judged: Judged | null) => readonly RouteVerdict[];
}

export interface RouteVerdict {
  readonly id: string;
  readonly receiver: string;
  readonly taken: boolean;
  readonly reason:
    | "matched"
    | "child_matched"
    | "matcher"
    | "parent"
    | "sibling"
    | "no_classification"
    | "low_confidence";
  /** The matcher that does not hold. */
  readonly matcher: string | null;
}

/** Below this many children asking each in turn is quicker than looking one up. */
const MIN_INDEXED_CHILDREN = 8;

const indexChildren = (children: readonly Node[]): MatcherIndex | null =>
  children.length < MIN_INDEXED_CHILDREN ? null : indexMatchers(children.map((child) => child.matchers));

const compile = (node: RouteNode, parent: Node | null, id: string): Node => {
  const matchers = node.matchers.flatMap((spec) => {
    const matcher = compileMatcher(spec);
    // The document was checked when it was stored; a matcher that fails now must match nothing rather than everything.
    return matcher.ok ? [matcher.value] : [{ ...spec, test: () => false, values: [] }];
  });
  const own: Omit<Node, "children" | "index"> = {
    id,
    path: [...(parent?.path ?? []), node.matchers],
    matchers,
    isOnClassification: matchers.some(({ name }) => CLASSIFICATION_LABELS.includes(name)),
    minConfidence: node.minConfidence ?? parent?.minConfidence ?? null,
    continue: node.continue,
    receiver: node.receiver ?? parent?.receiver ?? "default",
    groupBy: node.groupBy ?? parent?.groupBy ?? [],
    groupWaitMs: node.groupWaitMs ?? parent?.groupWaitMs ?? ROUTE_DEFAULTS.groupWaitMs,
    groupIntervalMs: node.groupIntervalMs ?? parent?.groupIntervalMs ?? ROUTE_DEFAULTS.groupIntervalMs,
    repeatIntervalMs: node.repeatIntervalMs ?? parent?.repeatIntervalMs ?? ROUTE_DEFAULTS.repeatIntervalMs,
    // Times are not inherited: in Alertmanager they belong to the node that names them.
    muteTimes: node.muteTimes,
    activeTimes: node.activeTimes,
    fallback: node.fallback ?? parent?.fallback ?? null,
    regroup: node.regroup ?? parent?.regroup ?? false,
  };
  const asParent: Node = { ...own, children: [], index: null };
  const children = node.routes.map((child, i) => compile(child, asParent, id === "" ? `${i}` : `${id}.${i}`));
  return { ...own, children, index: indexChildren(children) };
};

const judgedLabels = (labels: Labels, judged: Judged): Labels => ({
  ...labels,
  llm_severity: judged.severity,
  llm_category: judged.category,
});

const holds = (node: Node, labels: Labels, withJudged: Labels | null, judged: Judged | null): boolean => {
  if (!node.isOnClassification) return firstMismatch(node.matchers, labels) === null;
  if (judged === null || withJudged === null) return false;
  return judged.confidence >= (node.minConfidence ?? 0) && firstMismatch(node.matchers, withJudged) === null;
};

/** What stands without routes on a classification: those are passed over here. */
const collect = (node: Node, labels: Labels, withJudged: Labels | null, judged: Judged | null, out: Node[]): void => {
  let any = false;
  const positions = node.index?.candidates(labels) ?? null;
  const count = positions?.length ?? node.children.length;
  for (let k = 0; k < count; k++) {
    const child = node.children[positions === null ? k : (positions[k] ?? 0)];
    if (child === undefined || child.isOnClassification || !holds(child, labels, withJudged, judged)) continue;
    any = true;
    collect(child, labels, withJudged, judged, out);
    if (!child.continue) break;
  }
  if (!any) out.push(node);
};

/** What routes on a classification add to the matches that stand without them. */
const collectJudged = (node: Node, labels: Labels, withJudged: Labels, judged: Judged, out: Node[]): void => {
  for (const child of node.children) {
    if (child.isOnClassification) {
      if (!holds(child, labels, withJudged, judged)) continue;
      collect(child, withJudged, withJudged, judged, out);
      if (!child.continue) return;
    } else if (holds(child, labels, withJudged, judged)) collectJudged(child, labels, withJudged, judged, out);
  }
};

const matchNodes = (root: Node, labels: Labels, judged: Judged | null): readonly Node[] => {
  const out: Node[] = [];
  const withJudged = judged === null ? null : judgedLabels(labels, judged);
  collect(root, labels, withJudged, judged, out);
  if (judged !== null && withJudged !== null) collectJudged(root, labels, withJudged, judged, out);
  return out;
};

const flatten = (node: Node): readonly Node[] => [node, ...node.children.flatMap(flatten)];

export const compileTree = (root: RouteNode): RouteTree => {
  const top = compile(root, null, "");
  const nodes = flatten(top);
  const hasJudgedRoutes = nodes.some((node) => node.isOnClassification);
  return {
    routes: nodes,
    match: (labels, judged) => matchNodes(top, labels, hasJudgedRoutes ? judged : null),
    explain: (labels, judged) => explainNodes(top, labels, judged),
  };
};

const explainNodes = (top: Node, labels: Labels, judged: Judged | null): readonly RouteVerdict[] => {
  const taken = new Set(matchNodes(top, labels, judged).map((node) => node.id));
  const withJudged = judged === null ? null : judgedLabels(labels, judged);
  const verdicts: RouteVerdict[] = [];
  const visit = (node: Node, isReached: boolean): void => {
    const { id, receiver } = node;
    const verdict = (reason: RouteVerdict["reason"], matcher: string | null = null): void => {
      verdicts.push({ id, receiver, taken: taken.has(id), reason, matcher });
    };
    const isBelow = [...taken].some((other) => id === "" || other === id || other.startsWith(`${id}.`));
    const mismatch = firstMismatch(node.matchers, withJudged ?? labels);
    if (taken.has(id)) verdict("matched");
    else if (!isReached) verdict("parent");
    else if (node.isOnClassification && judged === null) verdict("no_classification");
    else if (mismatch !== null) verdict("matcher", printMatcher(mismatch));
    else if (node.isOnClassification && judged !== null && judged.confidence < (node.minConfidence ?? 0))
      verdict("low_confidence");
    else verdict(isBelow ? "child_matched" : "sibling");
    for (const child of node.children) visit(child, isReached && (taken.has(id) || isBelow || mismatch === null));
  };
  visit(top, true);
  return verdicts;
};

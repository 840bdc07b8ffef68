/** Why an alert takes a route, and why it takes none of the others: every node of the tree with its reason. */
import type { Labels } from "../alert/alert.ts";
import { labelValue } from "../alert/labels.ts";
import { firstMismatch, printMatcher } from "../alert/matcher.ts";
import { holdsFor, matchRoutes, type Route, type RoutedClassification, type RouteTree, type TreeNode } from "./tree.ts";

export type RouteReason =
  /** The alert takes it. */
  | "matched"
  /** It matches, and a route below it was taken. */
  | "passed_on"
  /** A matcher does not hold. */
  | "matcher"
  /** It asks for a classification, and there is none that counts. */
  | "no_classification"
  /** The classification is less sure than the route wants. */
  | "low_confidence"
  /** Its parent was not reached. */
  | "parent"
  /** A sibling before it matched and does not continue. */
  | "sibling";

export interface RouteStep {
  readonly route: Route;
  readonly reason: RouteReason;
  /** The matcher that does not hold. */
  readonly matcher: string | null;
  /** What it found instead; the empty text for a missing label. */
  readonly actual: string | null;
}

const step = (route: Route, reason: RouteReason): RouteStep => ({ route, reason, matcher: null, actual: null });

const mismatch = (node: TreeNode, labels: Labels, classification: RoutedClassification | null): RouteStep | null => {
  const failing = firstMismatch(node.labelMatchers, labels);
  if (failing !== null) {
    const actual = labelValue(labels, failing.name);
    return { route: node.route, reason: "matcher", matcher: printMatcher(failing), actual };
  }
  if (holdsFor(node, classification)) return null;
  if (classification === null) return step(node.route, "no_classification");
  if (classification.confidence < node.minConfidence) return step(node.route, "low_confidence");
  const verdict: Labels = { llm_severity: classification.severity, llm_category: classification.category };
  const asked = firstMismatch(node.classificationMatchers, verdict);
  if (asked === null) return null;
  return {
    route: node.route,
    reason: "matcher",
    matcher: printMatcher(asked),
    actual: labelValue(verdict, asked.name),
  };
};

/** Every route of the tree in the order of the document, each with the reason; takes what `matchRoutes` takes. */
export const explainRoutes = (
  tree: RouteTree,
  labels: Labels,
  classification: RoutedClassification | null = null,
): readonly RouteStep[] => {
  const taken = new Set(matchRoutes(tree, labels, classification));
  const steps: RouteStep[] = [];
  const skip = (node: TreeNode, reason: RouteReason): void => {
    steps.push(step(node.route, reason));
    for (const child of node.inOrder) skip(child, "parent");
  };
  const visit = (node: TreeNode): void => {
    steps.push(step(node.route, taken.has(node.route) ? "matched" : "passed_on"));
    let isDecided = false;
    let isAddedDecided = false;
    for (const child of node.inOrder) {
      const isAdded = child.classificationMatchers.length > 0;
      const failing = mismatch(child, labels, classification);
      if (isAdded ? isAddedDecided : isDecided) skip(child, "sibling");
      else if (failing !== null) {
        steps.push(failing);
        for (const below of child.inOrder) skip(below, "parent");
      } else {
        visit(child);
        if (!child.continue && isAdded) isAddedDecided = true;
        else if (!child.continue) isDecided = true;
      }
    }
  };
  visit(tree.root);
  return steps;
};

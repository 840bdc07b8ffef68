/**
 * Walks a parsed JSONPath (RFC 9535) over a body: every step counts against the body's budget and every node knows
 * where it was found. Lists and objects equal nothing in a filter: comparing them could cost as much as the body for
 * every element.
 */
import type { JsonPathQuery } from "jsonpath-rfc9535/parser";
import { isObject, pointer } from "./json.ts";
import { type Budget, MAX_NODES, MEMBER_STEPS } from "./source-limits.ts";

export interface Node {
  readonly value: unknown;
  /** JSON Pointer from the value the path was applied to. */
  readonly pointer: string;
}

/** One application of a path. */
export interface Walk {
  /** What `$` means. */
  readonly root: unknown;
  readonly budget: Budget;
  /** Nodes it may still visit; below 0 it ends and is its caller's to refuse. */
  left: number;
}

export const createWalk = (root: unknown, budget: Budget): Walk => ({ root, budget, left: MAX_NODES });

type Segment = JsonPathQuery["segments"][number];
type Selector = Extract<Segment["node"], { type: "BracketedSelection" }>["selectors"][number];
type Condition = Extract<Selector, { type: "FilterSelector" }>["value"];
type Comparison = Extract<Condition, { type: "ComparisonExpr" }>;
type Comparable = Comparison["left"];
type Test = Extract<Condition, { type: "TestExpr" }>["expression"];

/** The nodes one path selects from `start`. */
export const selectNodes = (start: Node, segments: readonly Segment[], walk: Walk): readonly Node[] => {
  let nodes: readonly Node[] = [start];
  for (const { type, node } of segments) {
    const from = type === "DescendantSegment" ? nodes.flatMap((one) => withDescendants(one, walk)) : nodes;
    const selectors = node.type === "BracketedSelection" ? node.selectors : [node];
    nodes = from.flatMap((one) => selectors.flatMap((selector) => select(selector, one, walk)));
  }
  return nodes;
};

/** Counts nodes; false once the walk or the body's budget ends. */
const visit = (walk: Walk, nodes: number): boolean => {
  walk.left -= nodes;
  return walk.budget.spend(MEMBER_STEPS * nodes) && walk.left >= 0;
};

const childAt = ({ value, pointer: base }: Node, name: string | number): Node[] =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? [{ value: (value as Record<string | number, unknown>)[name], pointer: pointer(base, name) }]
    : [];

const childrenOf = (node: Node, walk: Walk): Node[] => {
  const { value } = node;
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) {
    return visit(walk, value.length)
      ? value.map((item, index) => ({ value: item, pointer: pointer(node.pointer, index) }))
      : [];
  }
  const names = Object.keys(value);
  return visit(walk, names.length) ? names.flatMap((name) => childAt(node, name)) : [];
};

/** The node and all below it, each before its own children. */
const withDescendants = (start: Node, walk: Walk): readonly Node[] => {
  const found: Node[] = [];
  const open: Node[] = [start];
  for (let node = open.pop(); node && walk.left >= 0; node = open.pop()) {
    found.push(node);
    for (const child of childrenOf(node, walk).reverse()) open.push(child);
  }
  return found;
};

const select = (
  selector: Selector | { readonly type: "MemberNameShorthand"; readonly value: string },
  node: Node,
  walk: Walk,
): Node[] => {
  if (!visit(walk, 1)) return [];
  const list = Array.isArray(node.value) ? node.value : null;
  switch (selector.type) {
    case "NameSelector":
    case "MemberNameShorthand":
      return list ? [] : childAt(node, selector.value);
    case "IndexSelector":
      return list ? childAt(node, selector.value < 0 ? list.length + selector.value : selector.value) : [];
    case "SliceSelector":
      return list ? slice(selector, list.length, walk).flatMap((index) => childAt(node, index)) : [];
    case "WildcardSelector":
      return childrenOf(node, walk);
    case "FilterSelector":
      return childrenOf(node, walk).filter((child) => isTrue(selector.value, child.value, walk));
  }
};

/** The indices of `[start:end:step]` (RFC 9535 section 2.3.4.2.2). */
const slice = (
  { start, end, step }: { readonly start: number | null; readonly end: number | null; readonly step: number | null },
  length: number,
  walk: Walk,
): readonly number[] => {
  const by = step ?? 1;
  if (by === 0) return [];
  const clamp = (index: number, low: number, high: number) =>
    Math.min(Math.max(index < 0 ? length + index : index, low), high);
  const first = by > 0 ? clamp(start ?? 0, 0, length) : clamp(start ?? length - 1, -1, length - 1);
  const last = by > 0 ? clamp(end ?? length, 0, length) : end === null ? -1 : clamp(end, -1, length - 1);
  const count = Math.max(0, Math.ceil((last - first) / by));
  return visit(walk, count) ? Array.from({ length: count }, (_, index) => first + index * by) : [];
};

/** Whether the condition of a filter holds for `current`. */
const isTrue = (condition: Condition, current: unknown, walk: Walk): boolean => {
  if (!visit(walk, 1)) return false;
  switch (condition.type) {
    case "LogicalNotExpr":
      return !isTrue(condition.expression, current, walk);
    case "LogicalAndExpr":
      return isTrue(condition.left, current, walk) && isTrue(condition.right, current, walk);
    case "LogicalOrExpr":
      return isTrue(condition.left, current, walk) || isTrue(condition.right, current, walk);
    case "TestExpr":
      return exists(condition.expression, current, walk);
    case "ComparisonExpr":
      return compare(condition, current, walk);
  }
};

const exists = (test: Test, current: unknown, walk: Walk): boolean => {
  // Functions were refused before parsing.
  if (test.type === "FunctionExpr") return false;
  const start = test.value.type === "RelQuery" ? current : walk.root;
  return selectNodes({ value: start, pointer: "" }, test.value.segments, walk).length > 0;
};

const compare = ({ left, op, right }: Comparison, current: unknown, walk: Walk): boolean => {
  const a = readComparable(left, current, walk);
  const b = readComparable(right, current, walk);
  if (typeof a === "string" && typeof b === "string") walk.budget.spend(Math.min(a.length, b.length) / 8);
  switch (op) {
    case "==":
      return isEqual(a, b);
    case "!=":
      return !isEqual(a, b);
    case "<":
      return isLess(a, b);
    case ">":
      return isLess(b, a);
    case "<=":
      return isLess(a, b) || isEqual(a, b);
    case ">=":
      return isLess(b, a) || isEqual(a, b);
  }
};

const isEqual = (a: unknown, b: unknown): boolean => a === b && (typeof a !== "object" || a === null);

const isLess = (a: unknown, b: unknown): boolean =>
  (typeof a === "number" && typeof b === "number" && a < b) ||
  (typeof a === "string" && typeof b === "string" && a < b);

/** The one value of a singular path or a literal; undefined is RFC 9535's "Nothing". */
const readComparable = (from: Comparable, current: unknown, walk: Walk): unknown => {
  switch (from.type) {
    case "Literal":
      return from.value;
    case "RelSingularQuery":
    case "AbsSingularQuery": {
      let value = from.type === "RelSingularQuery" ? current : walk.root;
      for (const { node } of from.segments) {
        if (!visit(walk, 1)) return undefined;
        value = node.type === "IndexSelector" ? readIndex(value, node) : readName(value, node.value);
      }
      return value;
    }
    case "FunctionExpr":
      return undefined;
  }
};

const readName = (value: unknown, name: string): unknown =>
  isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;

/** The library's parser wraps the index of a singular path once more than its types say (1.3.0). */
const readIndex = (
  value: unknown,
  node: { readonly value: number; readonly selector?: { readonly value: number } },
) => {
  const index = node.selector?.value ?? node.value;
  return Array.isArray(value) ? value[index < 0 ? value.length + index : index] : undefined;
};

/**
 * Many labels or annotations at once: the members of an object, `env:prod,host:a` texts, lists of `[name, value]` or
 * of `{tag, value}` objects, as `labels_from` and `annotations_from` name them.
 */
import * as z from "zod";
import { type Defect, err, ok, type Result } from "../result.ts";
import { isObject } from "./json.ts";
import { MAX_LABEL_NAME_CHARACTERS, MAX_LABELS } from "./limits.ts";
import { compilePath, type Scope } from "./source-expression.ts";
import { type Budget, MEMBER_STEPS, STEPS_SPENT } from "./source-limits.ts";
import { textOf } from "./source-text.ts";

const name = z.string().min(1).max(MAX_LABEL_NAME_CHARACTERS);

export const pairsSchema = z.strictObject({
  path: z.string(),
  from: z.enum(["alert", "body"]).default("alert"),
  /** Put before every name. */
  prefix: z.string().max(MAX_LABEL_NAME_CHARACTERS).default(""),
  /** Between the pairs of one text, and between name and value of a pair. */
  separator: z.string().min(1).max(10).default(","),
  assign: z.string().min(1).max(10).default(":"),
  /** In a list of objects: the members that hold name and value. */
  key: name.default("key"),
  value: name.default("value"),
  /** Only these names; all where it is missing. */
  only: z.array(name).max(MAX_LABELS).optional(),
  except: z.array(name).max(MAX_LABELS).default([]),
});
export type PairsDefinition = z.infer<typeof pairsSchema>;

type Pair = readonly [name: string, value: unknown];
export type Pairs = (scope: Scope, budget: Budget) => Result<readonly Pair[], string>;

/** `env:prod` to a pair; a text without `assign`, such as a bare tag, is the name of a true one. */
const splitPair = (text: string, assign: string): Pair => {
  const at = text.indexOf(assign);
  return at < 0 ? [text.trim(), "true"] : [text.slice(0, at).trim(), text.slice(at + assign.length).trim()];
};

const readPairs = (found: unknown, definition: PairsDefinition, budget: Budget): readonly Pair[] => {
  if (typeof found === "string") {
    return budget.spend(found.length)
      ? found.split(definition.separator, MAX_LABELS + 1).map((text) => splitPair(text, definition.assign))
      : [];
  }
  if (Array.isArray(found)) {
    budget.spend(found.length);
    return found.slice(0, MAX_LABELS + 1).flatMap((item): readonly Pair[] => {
      if (typeof item === "string") return [splitPair(item, definition.assign)];
      if (Array.isArray(item)) return item.length === 2 && typeof item[0] === "string" ? [[item[0], item[1]]] : [];
      const key = isObject(item) ? textOf(item[definition.key], budget) : null;
      return isObject(item) && typeof key === "string" ? [[key, item[definition.value]]] : [];
    });
  }
  if (!isObject(found)) return [];
  const names = Object.keys(found);
  budget.spend(MEMBER_STEPS * names.length);
  return names.slice(0, MAX_LABELS + 1).map((member) => [member, found[member]]);
};

/**
 * The pairs below a path; what is none of these shapes has none, and members that are no scalars are left out.
 * The defect's path is relative to the definition.
 */
export const compilePairs = (definition: PairsDefinition): Result<Pairs, Defect> => {
  const path = compilePath(definition.path, definition.from);
  if (!path.ok) return err({ path: "/path", message: path.error });
  const only = definition.only && new Set(definition.only);
  const except = new Set(definition.except);
  return ok((scope, budget) => {
    const found = path.value(scope, budget);
    if (!found.ok) return found;
    const pairs = readPairs(found.value, definition, budget);
    if (budget.isSpent()) return err(STEPS_SPENT);
    if (pairs.length > MAX_LABELS) return err(`there are more than ${MAX_LABELS} of them`);
    const wanted = pairs.filter(([key, value]) => {
      const text = key !== "" && (only?.has(key) ?? true) && !except.has(key) ? textOf(value, budget) : null;
      return typeof text === "string";
    });
    return ok(wanted.map(([key, value]) => [definition.prefix + key, value]));
  });
};

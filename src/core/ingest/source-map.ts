/**
 * A source's `map` as the operator writes it and as it is compiled: where the alerts are in any JSON, and which
 * expressions give their labels, annotations, status and times. Applying it is mapped.ts.
 */
import * as z from "zod";
import { type Defect, err, ok, type Result } from "../result.ts";
import { pointer } from "./json.ts";
import { MAX_LABEL_NAME_CHARACTERS } from "./limits.ts";
import { compileExpression, type Expression, expressionSchema } from "./source-expression.ts";
import { compileJsonPath } from "./source-jsonpath.ts";
import type { Node } from "./source-jsonpath-walk.ts";
import { type Budget, MAX_EXPRESSIONS } from "./source-limits.ts";
import { compilePairs, type Pairs, pairsSchema } from "./source-pairs.ts";
import { parsePointer, readPointer } from "./source-pointer.ts";
import { compileUnpacking, type Unpack } from "./source-unpack.ts";

const fields = z.record(z.string().min(1).max(MAX_LABEL_NAME_CHARACTERS), expressionSchema).default({});
const blocks = z.array(pairsSchema).default([]);

export const mapSchema = z.strictObject({
  /** Texts of the body that are JSON themselves, by JSON Pointer, unpacked in this order before anything is read. */
  parse_json: z.array(z.string()).max(10).default([]),
  /** Where the alerts are, from the body. Without it the body is one alert or a list of them. */
  alerts: z.string().default(""),
  labels: fields,
  labels_from: blocks,
  annotations: fields,
  annotations_from: blocks,
  status: expressionSchema.optional(),
  starts_at: expressionSchema.optional(),
  /** When it ended; not read for a firing alert, since many senders have one time for both. */
  ends_at: expressionSchema.optional(),
  /** When a firing alert counts as resolved unless it is reported again, for senders that never resolve. */
  expires_at: expressionSchema.optional(),
  generator_url: expressionSchema.optional(),
});
export type MapDefinition = z.infer<typeof mapSchema>;

export type Field = "status" | "starts_at" | "ends_at" | "expires_at" | "generator_url";
const FIELDS: readonly Field[] = ["status", "starts_at", "ends_at", "expires_at", "generator_url"];

/** Named expressions and blocks of them, of the labels or of the annotations. */
export interface NamedFields {
  readonly key: "labels" | "annotations";
  readonly blocks: readonly Pairs[];
  readonly fields: readonly (readonly [name: string, read: Expression])[];
}

export interface SourceMap {
  readonly unpack: readonly Unpack[];
  readonly list: (body: unknown, budget: Budget) => Result<readonly Node[], string>;
  readonly labels: NamedFields;
  readonly annotations: NamedFields;
  readonly fields: ReadonlyMap<Field, Expression>;
}

const countNamed = (definition: MapDefinition, key: NamedFields["key"]): number =>
  definition[`${key}_from`].length + Object.keys(definition[key]).length;

/** A checked map, or all its defects, with paths relative to the map. */
export const compileMap = (definition: MapDefinition): Result<SourceMap, readonly Defect[]> => {
  const wanted = { labels: countNamed(definition, "labels"), annotations: countNamed(definition, "annotations") };
  if (wanted.labels + wanted.annotations > MAX_EXPRESSIONS) {
    return err([{ path: "", message: `has more than ${MAX_EXPRESSIONS} labels and annotations` }]);
  }
  const defects: Defect[] =
    wanted.labels > 0 ? [] : [{ path: "", message: "needs labels or labels_from: an alert without labels is none" }];
  const take = <T, E extends string | Defect>(path: string, result: Result<T, E>): T[] => {
    if (result.ok) return [result.value];
    const { error } = result;
    defects.push(typeof error === "string" ? { path, message: error } : { ...error, path: path + error.path });
    return [];
  };
  const named = (key: NamedFields["key"]): NamedFields => ({
    key,
    blocks: definition[`${key}_from`].flatMap((pairs, index) => take(`/${key}_from/${index}`, compilePairs(pairs))),
    fields: Object.entries(definition[key]).flatMap(([name, expression]) =>
      take(pointer(`/${key}`, name), compileExpression(expression)).map((read) => [name, read] as const),
    ),
  });
  const [list] = take("/alerts", compileList(definition.alerts));
  const unpack = definition.parse_json.flatMap((path, index) => take(`/parse_json/${index}`, compileUnpacking(path)));
  const labels = named("labels");
  const annotations = named("annotations");
  const fields = new Map<Field, Expression>();
  for (const field of FIELDS) {
    const expression = definition[field];
    if (expression === undefined) continue;
    for (const read of take(`/${field}`, compileExpression(expression))) fields.set(field, read);
  }
  return list && defects.length === 0 ? ok({ unpack, list, labels, annotations, fields }) : err(defects);
};

/** The nodes a path names; a list found there stands for its elements. */
const compileList = (path: string): Result<SourceMap["list"], string> => {
  const flatten = (nodes: readonly Node[]): readonly Node[] =>
    nodes.flatMap((node) =>
      Array.isArray(node.value)
        ? node.value.map((value, index) => ({ value, pointer: pointer(node.pointer, index) }))
        : [node],
    );
  if (path.startsWith("$")) {
    const compiled = compileJsonPath(path);
    if (!compiled.ok) return compiled;
    return ok((body, budget) => {
      const found = compiled.value.select(body, budget);
      return found.ok ? ok(flatten(found.value)) : found;
    });
  }
  const tokens = parsePointer(path);
  if (!tokens.ok) return tokens;
  return ok((body) => {
    const value = readPointer(body, tokens.value);
    return value === undefined ? err(`there is nothing at ${path}`) : ok(flatten([{ value, pointer: path }]));
  });
};

/**
 * One expression of a source's map: where a label, an annotation or a field comes from. Text that starts with `/` is a
 * JSON Pointer, with `$` a JSONPath, with `{{` or `{%` in it a template; any other text stands for itself.
 */
import * as z from "zod";
import { type Defect, err, ok, type Result } from "../result.ts";
import { compileJsonPath } from "./source-jsonpath.ts";
import { type Budget, MAX_TEXT_LENGTH } from "./source-limits.ts";
import { parsePointer, readPointer } from "./source-pointer.ts";
import { compileTemplate } from "./source-template.ts";
import { textOf } from "./source-text.ts";

const scalar = z.union([z.string().max(MAX_TEXT_LENGTH), z.number(), z.boolean()]);
/** Words of one `values` table. */
const MAX_VALUES = 200;

const detailed = z
  .strictObject({
    path: z.string().optional(),
    template: z.string().optional(),
    value: scalar.optional(),
    /** Whether a path starts at the alert or at the whole body. */
    from: z.enum(["alert", "body"]).optional(),
    /** What is found, case aside, to what it means. */
    values: z.record(z.string(), scalar).optional(),
    /** Where nothing was found, or what was found is not in `values`. */
    default: scalar.optional(),
  })
  .refine((one) => [one.path, one.template, one.value].filter((from) => from !== undefined).length === 1, {
    error: "needs exactly one of path, template and value",
  })
  .refine((one) => one.from === undefined || one.path !== undefined, { error: "from belongs to a path" })
  .refine((one) => Object.keys(one.values ?? {}).length <= MAX_VALUES, { error: `at most ${MAX_VALUES} values` });

export const expressionSchema = z.union([scalar, detailed]);
export type ExpressionDefinition = z.infer<typeof expressionSchema>;

/** What an expression may read. */
export interface Scope {
  readonly alert: unknown;
  readonly body: unknown;
}

/** The value found, undefined for none; the error says which limit was met. */
export type Expression = (scope: Scope, budget: Budget) => Result<unknown, string>;

/** A JSON Pointer or JSONPath; several finds become a list. */
export const compilePath = (path: string, from: "alert" | "body"): Result<Expression, string> => {
  if (path.startsWith("$")) {
    const compiled = compileJsonPath(path);
    if (!compiled.ok) return compiled;
    return ok((scope, budget) => {
      const found = compiled.value.select(scope[from], budget);
      if (!found.ok) return found;
      return ok(found.value.length > 1 ? found.value.map((node) => node.value) : found.value[0]?.value);
    });
  }
  const tokens = parsePointer(path);
  if (!tokens.ok) return tokens;
  return ok((scope, budget) => {
    budget.spend(tokens.value.length);
    return ok(readPointer(scope[from], tokens.value));
  });
};

const compileText = (text: string): Result<Expression, string> => {
  const template = compileTemplate(text);
  return template.ok ? ok((scope, budget) => template.value.render({ ...scope }, budget)) : template;
};

/** A text as the short form has it. */
const compileShort = (text: string): Result<Expression, string> => {
  if (text.startsWith("/") || text.startsWith("$")) return compilePath(text, "alert");
  if (text.includes("{{") || text.includes("{%")) return compileText(text);
  return ok(() => ok(text));
};

/** A compiled expression; the defect's path is relative to it. */
export const compileExpression = (definition: ExpressionDefinition): Result<Expression, Defect> => {
  if (typeof definition !== "object") {
    const short = typeof definition === "string" ? compileShort(definition) : ok(() => ok(definition));
    return short.ok ? short : err({ path: "", message: short.error });
  }
  const { path, template, value } = definition;
  if (path !== undefined) {
    const compiled = compilePath(path, definition.from ?? "alert");
    return compiled.ok ? withValues(definition, compiled.value) : err({ path: "/path", message: compiled.error });
  }
  if (template !== undefined) {
    const compiled = compileText(template);
    return compiled.ok ? withValues(definition, compiled.value) : err({ path: "/template", message: compiled.error });
  }
  return withValues(definition, () => ok(value));
};

const withValues = (definition: z.infer<typeof detailed>, read: Expression): Result<Expression, Defect> => {
  const words = Object.entries(definition.values ?? {}).map(
    ([word, means]) => [word.trim().toLowerCase(), means] as const,
  );
  const values = new Map(words);
  if (values.size < words.length) return err({ path: "/values", message: "two words differ only by case" });
  return ok((scope, budget) => {
    const found = read(scope, budget);
    if (!found.ok) return found;
    const text = textOf(found.value, budget);
    if (text === undefined) return ok(definition.default);
    if (definition.values === undefined || text === null) return found;
    budget.spend(text.length);
    return ok(values.get(text.trim().toLowerCase()) ?? definition.default ?? found.value);
  });
};

/**
 * The operator's own rules for the labels of a source: which must be there, which values they may have, and what
 * happens to an alert that breaks them. What is no alert at all is the normaliser's to say.
 */
import * as z from "zod";
import { type Defect, err, ok, type Result } from "../result.ts";
import { pointer } from "./json.ts";
import { MAX_LABEL_NAME_CHARACTERS, MAX_LABELS } from "./limits.ts";
import type { Budget } from "./source-limits.ts";
import { compileRegex, type Regex } from "./source-regex.ts";

const ON_FAIL = ["reject", "tag", "accept"] as const;
export type OnFail = (typeof ON_FAIL)[number];

/** Where `tag` says what is wrong; an annotation, so that the alert stays the same alert. */
export const VALIDATION_ANNOTATION = "validation_failed";
/** Values of one list; more than that is a regex. */
const MAX_ALLOWED_VALUES = 200;

const labelName = z.string().min(1).max(MAX_LABEL_NAME_CHARACTERS);
const labelValue = z.union([z.string(), z.number(), z.boolean()]).transform(String);

/** `allowed` gives a list of values or one anchored regex; it does not judge a label that is missing. */
export const validationSchema = z
  .strictObject({
    required: z.array(labelName).max(MAX_LABELS).default([]),
    allowed: z.record(labelName, z.union([z.array(labelValue).min(1).max(MAX_ALLOWED_VALUES), z.string()])).default({}),
    // Nothing is lost unless the operator says so.
    on_fail: z.enum(ON_FAIL).default("tag"),
  })
  .refine((rule) => rule.required.length > 0 || Object.keys(rule.allowed).length > 0, {
    error: "needs required or allowed",
  });
export type ValidationDefinition = z.infer<typeof validationSchema>;

export interface ValidationRule {
  readonly required: readonly string[];
  readonly allowed: readonly { readonly label: string; readonly values: ReadonlySet<string> | Regex }[];
  readonly onFail: OnFail;
}

export interface Failure {
  readonly onFail: OnFail;
  /** One sentence per broken demand. */
  readonly messages: readonly string[];
}

/** A checked rule; the defect's path is relative to the rule. */
export const compileValidation = (definition: ValidationDefinition): Result<ValidationRule, Defect> => {
  const allowed: { label: string; values: ReadonlySet<string> | Regex }[] = [];
  for (const [label, values] of Object.entries(definition.allowed)) {
    if (Array.isArray(values)) {
      allowed.push({ label, values: new Set(values) });
      continue;
    }
    const regex = compileRegex(values);
    if (!regex.ok) return err({ path: pointer("/allowed", label), message: regex.error });
    allowed.push({ label, values: regex.value });
  }
  return ok({ required: definition.required, allowed, onFail: definition.on_fail });
};

const quote = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);

const isAllowed = (values: ReadonlySet<string> | Regex, value: string, budget: Budget): boolean =>
  "test" in values ? values.test(value, budget) : values.has(value);

const describe = (values: ReadonlySet<string> | Regex): string =>
  "test" in values ? `does not match ${quote(values.pattern)}` : `is not one of ${quote([...values].join(", "))}`;

/** The rules these labels break, in their order; empty where all is well. */
export const findFailures = (
  rules: readonly ValidationRule[],
  labels: ReadonlyMap<string, string>,
  budget: Budget,
): readonly Failure[] =>
  rules.flatMap((rule) => {
    const missing = rule.required.filter((label) => !labels.get(label)).map((label) => `label ${label} is missing`);
    const wrong = rule.allowed.flatMap(({ label, values }) => {
      const value = labels.get(label);
      if (!value || isAllowed(values, value, budget)) return [];
      return [`label ${label} is ${quote(value)}, which ${describe(values)}`];
    });
    const messages = [...missing, ...wrong];
    return messages.length > 0 ? [{ onFail: rule.onFail, messages }] : [];
  });

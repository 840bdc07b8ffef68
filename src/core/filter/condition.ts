/** The conditions of a filter rule (contracts 7.3): read once, asked for every alert. All of them must hold. */
import * as z from "zod";
import { type AlertStatus, alertName, type Labels } from "../alert/alert.ts";
import { labelValue } from "../alert/labels.ts";
import { type Matcher, matchesAll } from "../alert/matcher.ts";
import { parseMatchers } from "../alert/matcher-parse.ts";
import { compileRegex } from "../alert/regex.ts";
import type { Severity } from "../alert/severity.ts";
import type { Classification } from "../classify/classification.ts";
import { type Defect, err, ok, type Result } from "../result.ts";

const oneOrMany = z
  .union([z.string(), z.array(z.string()).min(1)])
  .transform((value) => (typeof value === "string" ? [value] : value));
const fraction = z.number().min(0).max(1);

export const conditionsSchema = z.strictObject({
  severity: oneOrMany.optional(),
  effective_severity: oneOrMany.optional(),
  llm_severity: oneOrMany.optional(),
  llm_category: oneOrMany.optional(),
  has_llm_classification: z.boolean().optional(),
  llm_confidence_below: fraction.optional(),
  llm_confidence_above: fraction.optional(),
  namespace: oneOrMany.optional(),
  alert_name: oneOrMany.optional(),
  status: oneOrMany.optional(),
  namespace_pattern: z.string().optional(),
  alert_name_pattern: z.string().optional(),
  label_exists: oneOrMany.optional(),
  label_missing: oneOrMany.optional(),
  label_equals: z.record(z.string(), z.string()).optional(),
  matchers: oneOrMany.optional(),
  /** Also read here; it is no condition. */
  delay_seconds: z.number().int().min(1).max(86_400).optional(),
});
export type ConditionsJson = z.input<typeof conditionsSchema>;

/** What a condition may look at. */
export interface FilterSubject {
  readonly labels: Labels;
  readonly status: AlertStatus;
  readonly classification: Classification | null;
  readonly effectiveSeverity: Severity;
}

export interface Conditions {
  readonly holds: (subject: FilterSubject) => boolean;
  /** It rests on a classification, so the seat belt applies. */
  readonly usesClassification: boolean;
}

type Test = (subject: FilterSubject) => boolean;

const fold = (values: readonly string[]): ReadonlySet<string> => new Set(values.map((value) => value.toLowerCase()));

const labelTests = (c: z.output<typeof conditionsSchema>): Test[] => {
  const tests: Test[] = [];
  const among = (
    values: readonly string[] | undefined,
    read: Test extends (s: infer S) => boolean ? (s: S) => string : never,
  ): void => {
    if (values !== undefined) tests.push((s) => values.includes(read(s)));
  };
  among(c.namespace, (s) => labelValue(s.labels, "namespace"));
  among(c.alert_name, (s) => alertName(s.labels));
  if (c.severity !== undefined) {
    const words = fold(c.severity);
    tests.push((s) => words.has(labelValue(s.labels, "severity").toLowerCase()));
  }
  if (c.effective_severity !== undefined) {
    const words = fold(c.effective_severity);
    tests.push((s) => words.has(s.effectiveSeverity));
  }
  if (c.status !== undefined) {
    const words = fold(c.status);
    tests.push((s) => words.has(s.status));
  }
  for (const name of c.label_exists ?? []) tests.push((s) => labelValue(s.labels, name) !== "");
  for (const name of c.label_missing ?? []) tests.push((s) => labelValue(s.labels, name) === "");
  for (const [name, value] of Object.entries(c.label_equals ?? {}))
    tests.push((s) => labelValue(s.labels, name) === value);
  return tests;
};

/** Every `llm_*` condition is false without a classification; the rules' answer is not a model's. */
const classificationTests = (c: z.output<typeof conditionsSchema>): Test[] => {
  const tests: Test[] = [];
  const on = (holds: (classification: Classification) => boolean): void => {
    tests.push(({ classification }) => classification !== null && holds(classification));
  };
  if (c.llm_severity !== undefined) {
    const words = fold(c.llm_severity);
    on((x) => words.has(x.severity));
  }
  if (c.llm_category !== undefined) {
    const words = fold(c.llm_category);
    on((x) => words.has(x.category));
  }
  const { llm_confidence_below: below, llm_confidence_above: above, has_llm_classification: has } = c;
  if (below !== undefined) on((x) => x.confidence < below);
  if (above !== undefined) on((x) => x.confidence > above);
  if (has !== undefined) tests.push(({ classification }) => (classification?.source === "llm") === has);
  return tests;
};

const patternTests = (c: z.output<typeof conditionsSchema>, defects: Defect[]): Test[] => {
  const tests: Test[] = [];
  const patterns = [
    ["namespace_pattern", c.namespace_pattern, (s: FilterSubject) => labelValue(s.labels, "namespace")],
    ["alert_name_pattern", c.alert_name_pattern, (s: FilterSubject) => alertName(s.labels)],
  ] as const;
  for (const [key, pattern, read] of patterns) {
    if (pattern === undefined) continue;
    const regex = compileRegex(pattern);
    if (regex.ok) tests.push((s) => regex.value.test(read(s)));
    else defects.push({ path: `/conditions/${key}`, message: regex.error });
  }
  const matchers: Matcher[] = [];
  (c.matchers ?? []).forEach((text, i) => {
    const parsed = parseMatchers(text);
    if (parsed.ok) matchers.push(...parsed.value);
    else defects.push({ path: `/conditions/matchers/${i}`, message: parsed.error.message });
  });
  if (matchers.length > 0) tests.push((s) => matchesAll(matchers, s.labels));
  return tests;
};

/** Conditions ready to be asked. Without any, or with one that cannot be read, they are refused: nothing matches everything by mistake. */
export const compileConditions = (json: z.output<typeof conditionsSchema>): Result<Conditions, readonly Defect[]> => {
  const defects: Defect[] = [];
  const plain = [...labelTests(json), ...patternTests(json, defects)];
  const resting = classificationTests(json);
  if (defects.length > 0) return err(defects);
  const tests = [...plain, ...resting];
  if (tests.length === 0) return err([{ path: "/conditions", message: "must hold at least one condition" }]);
  return ok({ usesClassification: resting.length > 0, holds: (subject) => tests.every((test) => test(subject)) });
};

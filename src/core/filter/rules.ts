/**
 * Whether one target hears of an alert (contracts 7): the target's own filter, then rules by priority, then allow. What
 * rests on a classification is guarded by the seat belt of classify/policy.ts; what fails to be evaluated lets through.
 */
import * as z from "zod";
import { type AlertStatus, alertName, type Labels } from "../alert/alert.ts";
import { labelValue } from "../alert/labels.ts";
import type { Regex } from "../alert/regex.ts";
import { severityOf } from "../alert/severity.ts";
import type { Classification } from "../classify/classification.ts";
import type { Verdict } from "../classify/policy.ts";
import { type Defect, err, ok, type Result } from "../result.ts";
import { type Conditions, compileConditions, conditionsSchema, type FilterSubject } from "./condition.ts";

/** How long a delay is that does not say. */
const DEFAULT_DELAY_SECONDS = 300;

export const filterRuleSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9_-]{1,64}$/, "must be 1 to 64 of a-z 0-9 _ -"),
  action: z.enum(["allow", "deny", "delay"]),
  conditions: conditionsSchema,
  priority: z.number().int().min(1).max(1000).default(100),
  enabled: z.boolean().default(true),
  target_name: z.string().min(1).max(63).optional(),
  delay_seconds: z.number().int().min(1).max(86_400).optional(),
});
export type FilterRuleJson = z.output<typeof filterRuleSchema>;

export interface FilterRule {
  readonly name: string;
  readonly action: "allow" | "deny" | "delay";
  readonly priority: number;
  readonly enabled: boolean;
  /** null: for every target. */
  readonly targetName: string | null;
  readonly delaySeconds: number;
  readonly conditions: Conditions;
  /** As it was written, defaults filled in. */
  readonly json: FilterRuleJson;
}

/** A rule ready to be asked, or every defect with its path. */
export const compileFilterRule = (json: unknown): Result<FilterRule, readonly Defect[]> => {
  const read = filterRuleSchema.safeParse(json);
  if (!read.success) {
    return err(read.error.issues.map((issue) => ({ path: `/${issue.path.join("/")}`, message: issue.message })));
  }
  const { name, action, priority, enabled, target_name: targetName = null, conditions: raw } = read.data;
  const conditions = compileConditions(raw);
  if (!conditions.ok) return conditions;
  const delaySeconds = read.data.delay_seconds ?? raw.delay_seconds ?? DEFAULT_DELAY_SECONDS;
  const written = { json: read.data, conditions: conditions.value };
  return ok({ name, action, priority, enabled, targetName, delaySeconds, ...written });
};

/** Smaller priority first; a rule for the target before one for all; then by name. */
const compareRules = (a: FilterRule, b: FilterRule): number =>
  a.priority - b.priority ||
  Number(a.targetName === null) - Number(b.targetName === null) ||
  (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

/** Enabled rules in the order they are asked. */
export const orderRules = (rules: readonly FilterRule[]): readonly FilterRule[] =>
  rules.filter((rule) => rule.enabled).toSorted(compareRules);

/** The filter a target carries itself (contracts 7.5). */
export interface OwnFilter {
  readonly severity: readonly string[];
  readonly namespaces: readonly string[];
  readonly excludeNoise: boolean;
  readonly namePattern: Regex | null;
}

export interface FilterInput {
  readonly targetName: string;
  readonly own: OwnFilter;
  /** In the order of `orderRules`. */
  readonly rules: readonly FilterRule[];
  readonly labels: Labels;
  readonly status: AlertStatus;
  readonly classification: Classification | null;
  /** What the classification may do at this target; its effective severity counts. */
  readonly verdict: Verdict;
}

export type FilterReason =
  | "no_rule"
  | "rule"
  | "own_severity"
  | "own_namespace"
  | "own_name"
  | "exclude_noise"
  | "suppression_guard"
  | "delay_over"
  | "filter_error";

export interface FilterDecision {
  readonly action: "allow" | "deny" | "delay";
  readonly reason: FilterReason;
  /** Name of the rule that decided; null where none did. */
  readonly rule: string | null;
  readonly delaySeconds: number;
  /** What rests on the classification and would have hidden the alert, had the seat belt let it; null: nothing. */
  readonly guarded: string | null;
  /** What a rule that rests on the classification would have done in a mode where it only recommends. */
  readonly would: { readonly action: "would_deny" | "would_delay"; readonly rule: string } | null;
}

const allow = (reason: FilterReason, rule: string | null = null): FilterDecision => ({
  action: "allow",
  reason,
  rule,
  delaySeconds: 0,
  guarded: null,
  would: null,
});
const deny = (reason: FilterReason, rule: string | null = null): FilterDecision => ({
  ...allow(reason, rule),
  action: "deny",
});

/** Decides for one target. A defect of ours while deciding lets the alert through and says so. */
export const applyFilters = (input: FilterInput): FilterDecision => {
  try {
    return guard(input, decide(input));
  } catch {
    // An alert that is told once too often is better than one nobody hears of.
    return allow("filter_error");
  }
};

const STRICTNESS = { allow: 0, delay: 1, deny: 2 } as const;

/**
 * The seat belt for what no single rule shows: a classification that may hide nothing changes severities, and with them
 * which rules hold. Where that would keep back more than the operator's own words alone, their words count.
 */
const guard = (input: FilterInput, decided: FilterDecision): FilterDecision => {
  if (decided.action === "allow" || input.verdict.mayHide || input.classification === null) return decided;
  const verdict = { ...input.verdict, effectiveSeverity: severityOf(input.labels) };
  const plain = decide({ ...input, classification: null, verdict });
  const isStricter = STRICTNESS[decided.action] > STRICTNESS[plain.action] || decided.delaySeconds > plain.delaySeconds;
  if (!isStricter) return decided;
  const guarded = decided.rule ?? decided.reason;
  return plain.action === "allow" ? { ...allow("suppression_guard"), guarded } : { ...plain, guarded };
};

const decide = (input: FilterInput): FilterDecision => ownDecision(input) ?? ruleDecision(input);

const hidesNoise = ({ own, classification }: FilterInput): boolean =>
  own.excludeNoise && classification?.severity === "noise";

const ownDecision = (input: FilterInput): FilterDecision | null => {
  const { own, labels, verdict } = input;
  if (own.severity.length > 0 && !own.severity.includes(verdict.effectiveSeverity)) return deny("own_severity");
  if (own.namespaces.length > 0 && !own.namespaces.includes(labelValue(labels, "namespace")))
    return deny("own_namespace");
  if (own.namePattern !== null && !own.namePattern.test(alertName(labels))) return deny("own_name");
  return hidesNoise(input) && verdict.mayHide ? deny("exclude_noise") : null;
};

/**
 * The first rule that holds decides. One that rests on the classification and may not hide is passed over, whatever
 * comes after it still counts: a model's word that counts for nothing must not undo what the operator denies.
 */
const ruleDecision = (input: FilterInput): FilterDecision => {
  const { labels, status, classification, verdict, targetName } = input;
  const subject: FilterSubject = { labels, status, classification, effectiveSeverity: verdict.effectiveSeverity };
  const onlyRecommends = verdict.guardReason === "mode";
  let would: FilterDecision["would"] = null;
  let guarded: string | null = null;
  const result = (decision: FilterDecision): FilterDecision => {
    const noise = hidesNoise(input) ? "exclude_noise" : null;
    if (!onlyRecommends) return { ...decision, guarded: guarded ?? (verdict.mayHide ? null : noise) };
    return { ...decision, would: would ?? (noise === null ? null : { action: "would_deny", rule: noise }) };
  };
  for (const rule of input.rules) {
    if (rule.targetName !== null && rule.targetName !== targetName) continue;
    if (!rule.conditions.holds(subject)) continue;
    if (rule.conditions.usesClassification && !verdict.mayHide && (onlyRecommends || rule.action !== "allow")) {
      if (rule.action === "allow") continue;
      if (onlyRecommends) would ??= { action: rule.action === "deny" ? "would_deny" : "would_delay", rule: rule.name };
      else guarded ??= rule.name;
      continue;
    }
    if (rule.action === "allow") return result(allow("rule", rule.name));
    if (rule.action === "deny") return result(deny("rule", rule.name));
    return result({ ...allow("rule", rule.name), action: "delay", delaySeconds: rule.delaySeconds });
  }
  return result(allow(guarded === null ? "no_rule" : "suppression_guard"));
};

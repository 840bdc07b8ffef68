/**
 * One rule of Prometheus' `alert_relabel_configs` as it is written: its fields, their defaults, and what
 * prometheus/prometheus `model/relabel` refuses when it loads one (v3, UTF-8 names). Applying it is relabel.ts.
 */
import * as z from "zod";
import { type Defect, err, ok, type Result } from "../result.ts";
import { MAX_LABEL_NAME_CHARACTERS, MAX_LABELS } from "./limits.ts";
import { compileRegex, type Regex } from "./source-regex.ts";

const ACTIONS = [
  "replace",
  "keep",
  "drop",
  "keepequal",
  "dropequal",
  "hashmod",
  "labelmap",
  "labeldrop",
  "labelkeep",
  "lowercase",
  "uppercase",
] as const;
export type RelabelAction = (typeof ACTIONS)[number];

const DEFAULT_SEPARATOR = ";";
const DEFAULT_REGEX = "(.*)";
const DEFAULT_REPLACEMENT = "$1";

/** Code units of a replacement, as long as a regex may be. */
const MAX_REPLACEMENT_LENGTH = 500;

/** A rule with Prometheus' names and defaults; `regex:` with nothing behind it matches only the empty text, as there. */
export const relabelSchema = z.strictObject({
  source_labels: z.array(z.string().min(1).max(MAX_LABEL_NAME_CHARACTERS)).max(MAX_LABELS).optional(),
  separator: z.string().max(MAX_LABEL_NAME_CHARACTERS).default(DEFAULT_SEPARATOR),
  regex: z.union([z.string(), z.number(), z.boolean(), z.null()]).optional(),
  modulus: z.int().min(0).default(0),
  target_label: z.string().max(MAX_LABEL_NAME_CHARACTERS).default(""),
  replacement: z.string().max(MAX_REPLACEMENT_LENGTH).default(DEFAULT_REPLACEMENT),
  action: z.string().toLowerCase().pipe(z.enum(ACTIONS)).default("replace"),
});
export type RelabelDefinition = z.infer<typeof relabelSchema>;
type Field = Exclude<keyof RelabelDefinition, "action">;

export interface RelabelRule {
  readonly action: RelabelAction;
  readonly sourceLabels: readonly string[];
  readonly separator: string;
  readonly regex: Regex;
  readonly modulus: bigint;
  readonly targetLabel: string;
  readonly replacement: string;
}

const UNSET: Readonly<Record<Field, unknown>> = {
  source_labels: undefined,
  separator: DEFAULT_SEPARATOR,
  regex: undefined,
  modulus: 0,
  target_label: "",
  replacement: DEFAULT_REPLACEMENT,
};

/** Fields an action does not read, and which therefore must not be set. */
const UNREAD: Readonly<Partial<Record<RelabelAction, readonly Field[]>>> = {
  lowercase: ["replacement"],
  uppercase: ["replacement"],
  keepequal: ["regex", "modulus", "separator", "replacement"],
  dropequal: ["regex", "modulus", "separator", "replacement"],
  labeldrop: ["source_labels", "target_label", "modulus", "separator", "replacement"],
  labelkeep: ["source_labels", "target_label", "modulus", "separator", "replacement"],
};

/** Fields without which an action does nothing. */
const NEEDED: Readonly<Partial<Record<RelabelAction, readonly Field[]>>> = {
  replace: ["target_label"],
  hashmod: ["modulus", "target_label"],
  lowercase: ["target_label"],
  uppercase: ["target_label"],
  keepequal: ["target_label"],
  dropequal: ["target_label"],
};

const findMistake = (rule: RelabelDefinition): Defect | null => {
  const missing = NEEDED[rule.action]?.find((field) => rule[field] === UNSET[field]);
  if (missing) return { path: `/${missing}`, message: `the action ${rule.action} needs ${missing}` };
  const unread = UNREAD[rule.action]?.find((field) => rule[field] !== UNSET[field]);
  if (unread) return { path: `/${unread}`, message: `the action ${rule.action} does not take ${unread}` };
  return rule.action === "labelmap" && rule.replacement === ""
    ? { path: "/replacement", message: "the action labelmap needs a label name" }
    : null;
};

/** A checked rule; the defect's path is relative to the rule. */
export const compileRelabel = (definition: RelabelDefinition): Result<RelabelRule, Defect> => {
  const mistake = findMistake(definition);
  if (mistake) return err(mistake);
  const regex = compileRegex(definition.regex === undefined ? DEFAULT_REGEX : String(definition.regex ?? ""));
  if (!regex.ok) return err({ path: "/regex", message: regex.error });
  return ok({
    action: definition.action,
    sourceLabels: definition.source_labels ?? [],
    separator: definition.separator,
    regex: regex.value,
    modulus: BigInt(definition.modulus),
    targetLabel: definition.target_label,
    replacement: definition.replacement,
  });
};

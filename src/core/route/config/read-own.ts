/** Reads the blocks that Alertmanager does not have, except those that other modules read from their JSON. */
import * as z from "zod";
import { parseDuration } from "../../alert/duration.ts";
import type { Matcher } from "../../alert/matcher.ts";
import { parseMatchers } from "../../alert/matcher-parse.ts";
import { compileFilterRule, type FilterRule } from "../../filter/rules.ts";
import type { Defect } from "../../result.ts";
import type { ClassificationSettings, Heartbeat, Retention } from "../routing.ts";
import { locate, pointer, toJson, type YamlNode } from "./node.ts";
import { type Report, reportAll, unknownKey } from "./report.ts";
import { itemsAt, nodeAt } from "./values.ts";

/** Each is looked at every minute by the cron. */
const MAX_HEARTBEATS = 100;
/** The cron's own period: below it nothing can be missed. */
const MIN_HEARTBEAT_MS = 60_000;
const DAY_MS = 86_400_000;
const MAX_FILTERS = 500;

/** @internal */
export const duration = (minMs: number, least: string) =>
  z
    .union([z.string(), z.number()])
    .transform((value) => parseDuration(String(value)) ?? Number.NaN)
    .refine((ms) => ms >= minMs, { error: `must be a duration such as ${least}, and not less` });
/** @internal */
export const words = z.array(z.string().min(1).max(255)).max(100);
const texts = z.record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()]).transform(String)).default({});
const count = z.number().int().min(0);
const fraction = z.number().min(0).max(1);

const classificationSchema = z.strictObject({
  enabled: z.boolean().optional(),
  threshold: fraction.optional(),
  suppression: z.boolean().optional(),
  model: z.string().min(1).max(200).optional(),
  prompt_version: z.string().min(1).max(64).optional(),
  calls_per_day: count.optional(),
  calls_per_name_per_hour: count.optional(),
  severity_floor: z.enum(["critical", "warning", "info"]).optional(),
  redact_labels: words.optional(),
  redact_emails: z.boolean().optional(),
});

const heartbeatSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, { error: "must be 1 to 64 of letters, digits and _ . -" }),
  matchers: z.union([z.string().transform((text) => [text]), z.array(z.string())]),
  within: duration(MIN_HEARTBEAT_MS, "1m"),
  labels: texts,
  annotations: texts,
});

const retentionSchema = z.strictObject({
  events: duration(DAY_MS, "1d").optional(),
  notifications: duration(DAY_MS, "1d").optional(),
  rollups: duration(DAY_MS, "1d").optional(),
  audit: duration(DAY_MS, "1d").optional(),
});

const defectsOf = (error: z.ZodError, known: readonly string[]): readonly Defect[] =>
  error.issues.flatMap((issue) => {
    const path = issue.path.reduce<string>((base, key) => pointer(base, String(key)), "");
    if (issue.code !== "unrecognized_keys") return [{ path, message: issue.message }];
    return issue.keys.map((key) => ({ path: pointer(path, key), message: unknownKey(key, known) }));
  });

/** @internal What `schema` makes of a node; null where it is absent or (reported) wrong. */
export const read = <S extends z.ZodObject>(
  node: YamlNode | null,
  schema: S,
  root: YamlNode,
  report: Report,
): z.output<S> | null => {
  if (node === null) return null;
  const result = schema.safeParse(toJson(node));
  if (result.success) return result.data;
  reportAll(report, node.path, defectsOf(result.error, Object.keys(schema.shape)), (path) => locate(root, path));
  return null;
};

/** The items of one of our lists; anything but a list is reported. */
const itemsOf = (root: YamlNode, key: string, max: number, report: Report): readonly YamlNode[] => {
  const node = nodeAt(root, key);
  if (node !== null && node.kind !== "list") report.defect(node, "must be a list");
  const items = itemsAt(root, key);
  const surplus = items[max];
  if (surplus !== undefined) report.defect(surplus, `there are more than ${max} ${key}`);
  return items.slice(0, max);
};

export const readFilters = (root: YamlNode, report: Report): readonly FilterRule[] => {
  const names = new Set<string>();
  return itemsOf(root, "filters", MAX_FILTERS, report).flatMap((node) => {
    const rule = compileFilterRule(toJson(node));
    if (!rule.ok) {
      reportAll(report, node.path, rule.error, (path) => locate(root, path));
      return [];
    }
    const key = `${rule.value.name} ${rule.value.targetName ?? ""}`;
    if (names.has(key)) report.defect(nodeAt(node, "name") ?? node, "is the name of another rule for the same targets");
    names.add(key);
    return [rule.value];
  });
};

const heartbeatMatchers = (lines: readonly string[], node: YamlNode, report: Report): readonly Matcher[] => {
  const matchers = lines.flatMap((text) => {
    const parsed = parseMatchers(text);
    if (!parsed.ok) report.defect(nodeAt(node, "matchers") ?? node, parsed.error.message);
    return parsed.ok ? parsed.value : [];
  });
  if (lines.length > 0 && matchers.every((matcher) => matcher.test(""))) {
    report.defect(nodeAt(node, "matchers") ?? node, "must hold a matcher that an alert without labels does not match");
  }
  return matchers;
};

export const readHeartbeats = (root: YamlNode, report: Report): readonly Heartbeat[] => {
  const names = new Set<string>();
  return itemsOf(root, "heartbeats", MAX_HEARTBEATS, report).flatMap((node) => {
    const given = read(node, heartbeatSchema, root, report);
    if (given === null) return [];
    if (names.has(given.name)) report.defect(nodeAt(node, "name") ?? node, "is the name of another heartbeat");
    names.add(given.name);
    const { name, within: withinMs, labels, annotations } = given;
    return [{ name, matchers: heartbeatMatchers(given.matchers, node, report), withinMs, labels, annotations }];
  });
};

export const readClassification = (root: YamlNode, report: Report): ClassificationSettings => {
  const given = read(nodeAt(root, "classification"), classificationSchema, root, report);
  return {
    enabled: given?.enabled ?? null,
    threshold: given?.threshold ?? null,
    suppression: given?.suppression ?? null,
    model: given?.model ?? null,
    promptVersion: given?.prompt_version ?? null,
    callsPerDay: given?.calls_per_day ?? null,
    callsPerNamePerHour: given?.calls_per_name_per_hour ?? null,
    severityFloor: given?.severity_floor ?? null,
    redactLabels: given?.redact_labels ?? [],
    redactEmails: given?.redact_emails ?? null,
  };
};

export const readRetention = (root: YamlNode, report: Report): Retention => {
  const given = read(nodeAt(root, "retention"), retentionSchema, root, report);
  return {
    eventsMs: given?.events ?? null,
    notificationsMs: given?.notifications ?? null,
    rollupsMs: given?.rollups ?? null,
    auditMs: given?.audit ?? null,
  };
};

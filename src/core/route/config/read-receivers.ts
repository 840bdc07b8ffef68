/** Reads receivers, and makes targets of what Alertmanager would have delivered to itself. */
import { fingerprint } from "../../alert/fingerprint.ts";
import type { Receiver } from "../routing.ts";
import { choiceDefect, isChoice } from "../target-choice.ts";
import { isJsonObject, type JsonObject } from "../target-fields.ts";
import { readIntegration } from "./integration.ts";
import { type Convert, discord, slack, teams, telegram } from "./integration-chats.ts";
import { opsgenie, pagerduty, webhook } from "./integration-pagers.ts";
import { type Position, toJson, type YamlNode } from "./node.ts";
import type { Report } from "./report.ts";
import { INTEGRATIONS } from "./shape-integrations.ts";
import { entriesAt, itemsAt, nodeAt, textsAt, wordAt } from "./values.ts";

/** A target that the document defines, as `readTarget` reads it, with its secrets. */
export interface ConfigTarget extends Position {
  readonly name: string;
  /** JSON pointer to where it is defined. */
  readonly path: string;
  /** Whose integration it stands for; null: it stands under `targets`. */
  readonly receiver: string | null;
  readonly json: JsonObject;
}

/** Limit of contracts 8.1. */
const MAX_RECEIVERS = 500;
/** The receiver that, without targets of its own, means all of them (contracts 8.1). */
const DEFAULT_RECEIVER = "default";

/** What we serve; in names of targets, how it is called. */
const SERVED: Readonly<Record<string, readonly [kind: string, convert: Convert]>> = {
  slack_configs: ["slack", slack],
  pagerduty_configs: ["pagerduty", pagerduty],
  webhook_configs: ["webhook", webhook],
  opsgenie_configs: ["opsgenie", opsgenie],
  msteams_configs: ["teams", teams],
  msteamsv2_configs: ["teams", teams],
  discord_configs: ["discord", discord],
  telegram_configs: ["telegram", telegram],
};

/** Letters of a DNS label that are left for the receiver's name: `-opsgenie-999` and a hash still fit behind. */
const MAX_SLUG = 40;

const slugOf = (name: string): string =>
  name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{M}/gu, "")
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_SLUG)
    .replace(/^-+|-+$/g, "");

/**
 * A DNS label for a receiver's target. Where the plain one is taken, or nothing is left of the receiver's name, a hash
 * of that name tells them apart, so that names do not depend on the order of receivers more than they must.
 */
const nameTarget = (receiver: string, kind: string, count: number, taken: ReadonlySet<string>): string => {
  const slug = slugOf(receiver);
  const plain = `${slug}-${kind}-${count}`;
  if (slug !== "" && !taken.has(plain)) return plain;
  return `${slug === "" ? "receiver" : slug}-${fingerprint({ receiver }).slice(0, 8)}-${kind}-${count}`;
};

/** The targets under `targets`, each as it is written, with its name in it. */
export const readStaticTargets = (root: YamlNode, report: Report): readonly ConfigTarget[] =>
  entriesAt(root, "targets").flatMap(([name, { key, value }]) => {
    const json = toJson(value);
    if (isJsonObject(json)) {
      return [{ name, path: key.path, line: key.line, column: key.column, receiver: null, json: { ...json, name } }];
    }
    report.defect(value.kind === "null" ? key : value, "a target must be a map");
    return [];
  });

export interface ReadReceivers {
  readonly receivers: readonly Receiver[];
  readonly targets: readonly ConfigTarget[];
}

/** The receivers under `receivers`. `taken` are names of targets that others have. */
export const readReceivers = (root: YamlNode, taken: readonly string[], report: Report): ReadReceivers => {
  const global = nodeAt(root, "global");
  const names = new Set(taken);
  const targets: ConfigTarget[] = [];

  const readOne = (node: YamlNode, name: string): Receiver => {
    const made: string[] = [];
    let hasIntegrations = false;
    const counts = new Map<string, number>();
    for (const key of Object.keys(INTEGRATIONS)) {
      const [kind, convert] = SERVED[key] ?? [];
      for (const item of itemsAt(node, key)) {
        hasIntegrations = true;
        if (kind === undefined || convert === undefined) {
          report.warn(
            item,
            `${key.replace(/_configs$/, "")} is not served yet: the receiver delivers to its other targets`,
          );
          continue;
        }
        const count = (counts.get(kind) ?? 0) + 1;
        counts.set(kind, count);
        const integration = readIntegration(item, global, report);
        const json = convert(integration, global);
        if (json === null) continue;
        integration.finish();
        const target = nameTarget(name, kind, count, names);
        names.add(target);
        made.push(target);
        const { path, line, column } = item;
        targets.push({ name: target, path, line, column, receiver: name, json: { ...json, name: target } });
      }
    }
    const listed = textsAt(node, "targets")?.map((item) => item.text) ?? null;
    for (const item of textsAt(node, "targets") ?? []) {
      const defect = isChoice(item.text) ? choiceDefect(item.text) : null;
      if (defect !== null) report.defect(item, defect);
    }
    if (made.length > 0 || listed !== null) return { name, targets: [...new Set([...made, ...(listed ?? [])])] };
    if (hasIntegrations) {
      report.warn(node, `no target of this receiver is served: it reaches nobody, unless a target is named ${name}`);
    } else if (name === DEFAULT_RECEIVER) {
      report.warn(node, "without targets of its own, this receiver means every enabled target");
      return { name, targets: "all" };
    }
    return { name, targets: [name], ...(hasIntegrations ? {} : { isBare: true }) };
  };

  const receivers = new Map<string, Receiver>();
  const nodes = itemsAt(root, "receivers");
  const surplus = nodes[MAX_RECEIVERS];
  if (surplus !== undefined) report.defect(surplus, `there are more than ${MAX_RECEIVERS} receivers`);
  for (const node of nodes.slice(0, MAX_RECEIVERS)) {
    const name = wordAt(node, "name");
    const place = nodeAt(node, "name") ?? node;
    if (name === null) report.defect(node, "needs a name");
    else if (receivers.has(name)) report.defect(place, "is the name of another receiver");
    else receivers.set(name, readOne(node, name));
  }
  return { receivers: [...receivers.values()], targets };
};

/**
 * Putting a configuration document in force: read whole with every defect, its targets sealed into the registry, its
 * text stored as the next version. What reads it afterwards is settings.ts.
 */

import { readSources } from "../core/ingest/source.ts";
import { checkTemplate } from "../core/publish/template.ts";
import { err, ok, type Result } from "../core/result.ts";
import {
  type ConfigDefect,
  placeDefects,
  type ReadConfig,
  readConfig,
  type Secrets,
  withoutSecrets,
} from "../core/route/config.ts";
import type { Target } from "../core/route/target.ts";
import { readTarget } from "../core/route/target-read.ts";
import { targetPolicy } from "./address.ts";
import { addVersion, type ConfigVersion, readVersion } from "./db/config-versions.ts";
import type { Bindings } from "./env.ts";
import { logWarn } from "./log.ts";
import { registry } from "./registry.ts";
import type { SealError } from "./seal.ts";
import { forgetSettings } from "./settings.ts";

export interface CheckedConfig {
  readonly read: ReadConfig;
  readonly targets: readonly Target[];
  /** The text with names in place of its secrets, and all secrets it refers to. */
  readonly text: string;
  readonly secrets: Secrets;
}

const readTargets = (env: Bindings, read: ReadConfig): { targets: Target[]; defects: ConfigDefect[] } => {
  const targets: Target[] = [];
  const defects: ConfigDefect[] = [];
  for (const { json, path, line, column } of read.targets) {
    const target = readTarget(json, targetPolicy(env));
    if (!target.ok) {
      defects.push({ path, line, column, message: `${target.error.reason}: ${target.error.detail}` });
      continue;
    }
    const { template, contentType } = target.value.options;
    for (const defect of template === undefined ? [] : checkTemplate(template, contentType, target.value.type)) {
      defects.push({
        path,
        line,
        column,
        message: `template, line ${defect.line}, column ${defect.column}: ${defect.message}`,
      });
    }
    targets.push(target.value);
  }
  return { targets, defects };
};

/** Checks a document against everything that will use it; `known` are the secrets its names may stand for. */
export const checkConfig = (
  env: Bindings,
  text: string,
  known: Secrets,
): Result<CheckedConfig, readonly ConfigDefect[]> => {
  const read = readConfig(text, known);
  if (!read.ok) return read;
  const { targets, defects } = readTargets(env, read.value);
  const sources = read.value.sources === null ? null : readSources(read.value.sources);
  if (sources !== null && !sources.ok) defects.push(...placeDefects(read.value, "/sources", sources.error));
  if (defects.length > 0) return err(defects);
  const taken = withoutSecrets(text);
  if (!taken.ok) return taken;
  const secrets = { ...known, ...taken.value.secrets };
  const used = Object.fromEntries(
    Object.entries(secrets).filter(([name]) => taken.value.text.includes(`<secret:${name}>`)),
  );
  return ok({ read: read.value, targets, text: taken.value.text, secrets: used });
};

/** The names a version's targets have in the registry. */
export const targetNames = (env: Bindings, version: ConfigVersion | null): string[] => {
  if (version === null) return [];
  const checked = checkConfig(env, version.text, version.secrets);
  return checked.ok ? checked.value.targets.map((target) => target.name) : [];
};

export type ApplyError = SealError | "conflict" | "too_large" | "too_many";

/** Somebody else's version won: targets are as it has them, or as they were. */
const giveBack = async (
  env: Bindings,
  ours: readonly Target[],
  known: ReadonlyMap<string, Target>,
  now: number,
): Promise<void> => {
  const winner = await currentVersion(env);
  const checked = winner === null ? null : checkConfig(env, winner.text, winner.secrets);
  const theirs = new Map((checked?.ok ? checked.value.targets : []).map((target) => [target.name, target]));
  for (const { name } of ours) {
    const before = theirs.get(name) ?? known.get(name);
    if (before === undefined) await registry(env).remove(name);
    else await registry(env).put(before, now);
  }
};

/**
 * Puts a checked document in force as the version after `before`. Targets come first, so that no route in force ever
 * names one that is not there yet; those no longer named go last.
 */
export const applyConfig = async (
  env: Bindings,
  checked: CheckedConfig,
  before: ConfigVersion | null,
  by: string,
  note: string,
  now: number,
): Promise<Result<number, ApplyError>> => {
  const defined = (await registry(env).list()).filter(({ discovered }) => discovered === null);
  const known = new Map(defined.map(({ target }) => [target.name, target]));
  for (const target of checked.targets) {
    const stored = await registry(env).put(target, now);
    if (!stored.ok) return stored;
  }
  const { text, secrets } = checked;
  const added = await addVersion(env, before?.version ?? 0, { text, secrets, createdBy: by, createdAt: now, note });
  if (!added.ok) {
    if (added.error === "conflict") await giveBack(env, checked.targets, known, now);
    return added;
  }
  const kept = new Set(checked.targets.map((target) => target.name));
  for (const name of targetNames(env, before)) if (!kept.has(name)) await registry(env).remove(name);
  forgetSettings();
  return added;
};

/** The version in force; null before the first, or where it cannot be opened, which is logged. */
export const currentVersion = async (env: Bindings): Promise<ConfigVersion | null> => {
  const read = await readVersion(env, null);
  if (read === null) return null;
  if (read.ok) return read.value;
  logWarn("config.unreadable", { reason: read.error });
  return null;
};

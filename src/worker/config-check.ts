/** Checks a configuration document against everything that will use it, without putting it in force. */
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
import type { ConfigVersion } from "./db/config-versions.ts";
import type { Bindings } from "./env.ts";

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

/** Rotation of ENCRYPTION_KEYS: everything that is kept encrypted, moved under the newest key. */
import { resealVersions } from "./db/config-versions.ts";
import type { Bindings } from "./env.ts";
import { logInfo, logWarn } from "./log.ts";
import { registry } from "./registry.ts";
import { keyDefects } from "./seal.ts";

export interface Resealed {
  readonly resealed: number;
  /** What no key opens; it stays as it is. */
  readonly failed: number;
}

/** Targets and documents. When both counts are 0, the keys behind the first are of no more use. */
export const resealEverything = async (env: Bindings): Promise<Resealed> => {
  for (const defect of keyDefects(env.ENCRYPTION_KEYS)) logWarn("keys.invalid", { defect });
  const [targets, versions] = await Promise.all([registry(env).reseal(), resealVersions(env)]);
  const sum = { resealed: targets.resealed + versions.resealed, failed: targets.failed + versions.failed };
  if (sum.resealed > 0 || sum.failed > 0) logInfo("keys.resealed", sum);
  return sum;
};

/** For cron: what no key opens is a failure to be noticed, not a count in a log. */
export const keepSealed = async (env: Bindings): Promise<void> => {
  const { failed } = await resealEverything(env);
  if (failed > 0) throw new Error(`no key in ENCRYPTION_KEYS opens ${failed} definitions or documents`);
};

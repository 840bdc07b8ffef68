/**
 * Putting a configuration document in force: its text is stored as the next version, then the registry takes over its
 * targets, all at once. A crash between the two leaves a version that whoever reads next puts in force (settings.ts).
 */
import { err, ok, type Result } from "../core/result.ts";
import type { CheckedConfig } from "./config-check.ts";
import { addVersion, type ConfigVersion, newestVersion, readVersion } from "./db/config-versions.ts";
import type { Bindings } from "./env.ts";
import { logWarn } from "./log.ts";
import { registry } from "./registry.ts";
import type { SealError } from "./seal.ts";
import { forgetSettings } from "./settings.ts";

export type ApplyError = SealError | "conflict" | "too_large" | "too_many" | "unreadable";

/** Puts a checked document in force as the version after `before`; an error leaves everything as it was. */
export const applyConfig = async (
  env: Bindings,
  { text, secrets }: CheckedConfig,
  before: ConfigVersion | null,
  { by, note, warnings }: { readonly by: string; readonly note: string; readonly warnings: number },
): Promise<Result<number, ApplyError>> => {
  const document = { text, secrets, createdBy: by, createdAt: Date.now(), note };
  const added = await addVersion(env, before?.version ?? 0, document, warnings);
  if (!added.ok) return added;
  const { version, refused } = await registry(env).adopt(added.value);
  forgetSettings();
  return refused === null || version >= added.value ? ok(added.value) : err(refused);
};

/** The version in force; null before the first, or where it cannot be opened, which is logged. */
export const currentVersion = async (env: Bindings): Promise<ConfigVersion | null> => {
  const newest = await newestVersion(env.DB);
  if (newest === 0) return null;
  const { version } = await registry(env).adopt(newest);
  const read = version === 0 ? null : await readVersion(env, version);
  if (read === null) return null;
  if (read.ok) return read.value;
  logWarn("config.unreadable", { reason: read.error });
  return null;
};

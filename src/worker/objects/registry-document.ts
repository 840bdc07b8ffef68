/** The targets of a configuration document as the registry keeps them: those of one version, whole. */
import type { Millis } from "../../core/alert/alert.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { readConfig } from "../../core/route/config.ts";
import { outlineOf } from "../../core/route/target-outline.ts";
import { readTarget } from "../../core/route/target-read.ts";
import { writeTarget } from "../../core/route/target-write.ts";
import { targetPolicy } from "../address.ts";
import { readVersion } from "../db/config-versions.ts";
import type { Bindings } from "../env.ts";
import { logWarn } from "../log.ts";
import { type SealError, seal, unseal } from "../seal.ts";
import type { StoredTarget } from "./registry-views.ts";

export interface RegistryDocument {
  readonly version: number;
  readonly targets: readonly StoredTarget[];
}

/**
 * A stored document with its targets sealed; null: there is none. A definition equal to the kept one keeps its sealed
 * text; one that our own policy does not take any more stays as it is kept, because its document is older than the policy.
 */
export const readDocument = async (
  env: Bindings,
  number: number,
  kept: Readonly<Record<string, StoredTarget>>,
  now: Millis,
): Promise<Result<RegistryDocument, SealError | "unreadable"> | null> => {
  const stored = await readVersion(env, number);
  if (stored === null || !stored.ok) return stored;
  const { version, text, secrets } = stored.value;
  const read = readConfig(text, secrets);
  if (!read.ok) return err("unreadable");
  const policy = targetPolicy(env);
  const targets: StoredTarget[] = [];
  for (const { name, json } of read.value.targets) {
    const old = Object.hasOwn(kept, name) ? kept[name] : undefined;
    const target = readTarget(json, policy);
    if (!target.ok) {
      logWarn("registry.document", { version, target: name, reason: target.error.reason });
      if (old !== undefined) targets.push(old);
      continue;
    }
    const definition = JSON.stringify(writeTarget(target.value));
    const before = old === undefined ? null : await unseal(env.ENCRYPTION_KEYS, name, old.sealed);
    if (old !== undefined && before?.ok && before.value === definition) {
      targets.push(old);
      continue;
    }
    const sealed = await seal(env.ENCRYPTION_KEYS, name, definition);
    if (!sealed.ok) return sealed;
    targets.push({ name, sealed: sealed.value, outline: outlineOf(target.value), updatedAt: now });
  }
  return ok({ version, targets });
};

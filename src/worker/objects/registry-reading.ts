/** From a snapshot with secrets to what the registry may keep: each target judged by our own policy and encrypted. */
import { err, ok, type Result } from "../../core/result.ts";
import { type Reading, secretKey } from "../../core/route/registry-merge.ts";
import type { ClusterState, SecretRef, SyncFailure } from "../../core/route/registry-state.ts";
import type { Snapshot } from "../../core/route/snapshot.ts";
import { outlineOf } from "../../core/route/target-outline.ts";
import { readTargetWithWarnings } from "../../core/route/target-read.ts";
import { writeTarget } from "../../core/route/target-write.ts";
import { targetPolicy } from "../address.ts";
import type { Bindings } from "../env.ts";
import { seal, unseal } from "../seal.ts";
import { openTarget } from "../target-opening.ts";
import type { StoredTarget } from "./registry-views.ts";

/** More targets than this the registry does not keep, of all clusters and static ones together (DESIGN 6). */
export const MAX_TARGETS = 1000;

/** What a discovered definition is bound to: moved to another Secret, it does not open. */
export const ownerOf = (cluster: string, secret: SecretRef): string => `${cluster}/${secretKey(secret)}`;

/** A static definition with its outline, made here because arguments travel in a header that takes ASCII alone. */
export const withOutline = async (env: Bindings, stored: StoredTarget): Promise<StoredTarget> => {
  const { target, isWhole } = await openTarget(env, { ...stored, owner: stored.name });
  return isWhole ? { ...stored, outline: outlineOf(target) } : stored;
};

/** The snapshot checked and sealed. A definition equal to the kept one keeps its sealed text. */
export const readSnapshot = async (
  env: Bindings,
  cluster: string,
  state: ClusterState,
  snapshot: Snapshot,
  etag: string | null,
): Promise<Result<Reading, SyncFailure>> => {
  if (snapshot.targets.length > MAX_TARGETS) return err("too_many_targets");
  const policy = targetPolicy(env);
  const kept = new Map(state.targets.map((target) => [secretKey(target), target]));
  const targets: Reading["targets"][number][] = [];
  const invalid: Reading["invalid"][number][] = [...snapshot.invalid];
  for (const { namespace, secret, target: json, warnings } of snapshot.targets) {
    const ref = { namespace, secret };
    const read = readTargetWithWarnings(json, policy);
    if (!read.ok) {
      invalid.push({ ...ref, ...read.error });
      continue;
    }
    const { target } = read.value;
    const text = JSON.stringify(writeTarget(target));
    const owner = ownerOf(cluster, ref);
    const old = kept.get(secretKey(ref));
    const before = old === undefined ? null : await unseal(env.ENCRYPTION_KEYS, owner, old.sealed);
    const isChanged = !(before?.ok && before.value === text);
    const sealed = isChanged || old === undefined ? await seal(env.ENCRYPTION_KEYS, owner, text) : ok(old.sealed);
    if (!sealed.ok) return err("no_key");
    const outline = outlineOf(target);
    targets.push({ ...ref, name: target.name, sealed: sealed.value, outline, warnings, isChanged });
  }
  const { complete, namespaces } = snapshot;
  return ok({ etag, complete, namespaces, targets, invalid });
};

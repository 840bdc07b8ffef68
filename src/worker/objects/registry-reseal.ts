/** Moves every definition under the newest key, so that an old one can be taken out of ENCRYPTION_KEYS. */
import type { ClusterState } from "../../core/route/registry-state.ts";
import { newestPrefix, seal, unseal } from "../seal.ts";
import type { RegistryFields } from "./registry-change.ts";
import { ownerOf } from "./registry-reading.ts";
import type { StoredTarget } from "./registry-views.ts";

export interface Resealed {
  /** New texts by the ones they replace: whatever was changed meanwhile is not among the old ones. */
  readonly replacements: ReadonlyMap<string, string>;
  /** Clusters with a definition that no key opens: their next reading must be whole. */
  readonly unreadable: ReadonlySet<string>;
  readonly failed: number;
}

export const resealAll = async (
  keys: string | undefined,
  statics: Readonly<Record<string, StoredTarget>>,
  clusters: Readonly<Record<string, ClusterState>>,
): Promise<Resealed> => {
  const sealed = [
    ...Object.values(statics).map((target) => ({ owner: target.name, cluster: null, text: target.sealed })),
    ...Object.entries(clusters).flatMap(([cluster, state]) =>
      state.targets.map((target) => ({ owner: ownerOf(cluster, target), cluster, text: target.sealed })),
    ),
  ];
  const replacements = new Map<string, string>();
  const unreadable = new Set<string>();
  const newest = newestPrefix(keys);
  let failed = 0;
  for (const { owner, cluster, text } of sealed) {
    if (newest !== null && text.startsWith(newest)) continue;
    const plain = await unseal(keys, owner, text);
    const anew = plain.ok ? await seal(keys, owner, plain.value) : plain;
    if (anew.ok) replacements.set(text, anew.value);
    else {
      failed += 1;
      if (cluster !== null) unreadable.add(cluster);
    }
  }
  return { replacements, unreadable, failed };
};

/** The registry's fields with the new texts; a cluster whose text no key opens is to be read whole. */
export const renewAll = (
  { replacements, unreadable }: Resealed,
  { targets, clusters, version }: Pick<RegistryFields, "targets" | "clusters" | "version">,
): Pick<RegistryFields, "targets" | "clusters" | "version"> => {
  const renew = <T extends { readonly sealed: string }>(target: T): T => ({
    ...target,
    sealed: replacements.get(target.sealed) ?? target.sealed,
  });
  return {
    targets: Object.fromEntries(Object.entries(targets).map(([name, target]) => [name, renew(target)])),
    clusters: Object.fromEntries(
      Object.entries(clusters).map(([name, state]) => [
        name,
        { ...state, etag: unreadable.has(name) ? null : state.etag, targets: state.targets.map(renew) },
      ]),
    ),
    version: version + 1,
  };
};

/**
 * Which of several targets with one name is the one alerts go to (contracts 9.4): static ones first, then by cluster,
 * namespace and Secret in alphabetical order. The others are shown with the one that has the name.
 */
import type { ClusterState, KeptTarget } from "./registry-state.ts";

export interface DiscoveredTarget {
  readonly cluster: string;
  readonly target: KeptTarget;
}

export interface ShadowedTarget extends DiscoveredTarget {
  /** Who has the name: `static`, or `cluster/namespace/secret`. */
  readonly by: string;
}

export interface ResolvedNames {
  readonly discovered: readonly DiscoveredTarget[];
  readonly shadowed: readonly ShadowedTarget[];
}

const alphabetically = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);

export const resolveNames = (
  staticNames: readonly string[],
  clusters: Readonly<Record<string, ClusterState>>,
): ResolvedNames => {
  const owner = new Map(staticNames.map((name) => [name, "static"]));
  const discovered: DiscoveredTarget[] = [];
  const shadowed: ShadowedTarget[] = [];
  for (const cluster of Object.keys(clusters).sort(alphabetically)) {
    for (const target of clusters[cluster]?.targets ?? []) {
      const by = owner.get(target.name);
      if (by !== undefined) shadowed.push({ cluster, target, by });
      else {
        owner.set(target.name, `${cluster}/${target.namespace}/${target.secret}`);
        discovered.push({ cluster, target });
      }
    }
  }
  return { discovered, shadowed };
};

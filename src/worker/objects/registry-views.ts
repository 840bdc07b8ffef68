/** What the registry tells of itself: the targets in force with what is known of their origin, and how each cluster does. */
import type { Millis } from "../../core/alert/alert.ts";
import type { Clusters } from "../../core/route/cluster.ts";
import { resolveNames } from "../../core/route/registry-names.ts";
import { type ClusterState, frozenOf, type InvalidSecret, nextSyncAt } from "../../core/route/registry-state.ts";
import type { TargetOutline } from "../../core/route/target-outline.ts";
import type { SealError } from "../seal.ts";
import { type RegistryFields, stateOf } from "./registry-change.ts";
import { ownerOf } from "./registry-reading.ts";

export interface StoredTarget {
  readonly name: string;
  /** Encrypted JSON form of the whole definition, bound to the name; see ../seal.ts. */
  readonly sealed: string;
  /** Absent where it was stored before there were any. */
  readonly outline?: TargetOutline;
  readonly updatedAt: Millis;
}

/** A target in force, static or discovered. */
export interface ListedTarget extends StoredTarget {
  /** What the sealed text is bound to. */
  readonly owner: string;
  /** null: static. */
  readonly discovered: {
    readonly cluster: string;
    readonly namespace: string;
    readonly secret: string;
    readonly frozen: { readonly since: Millis; readonly reason: string } | null;
    readonly staleSince: Millis | null;
    readonly warnings: readonly string[];
  } | null;
}

export interface ClusterStatus extends Omit<ClusterState, "targets" | "invalid" | "etag" | "held"> {
  readonly name: string;
  readonly targets: number;
  readonly stale: number;
  readonly nextSync: Millis | null;
  readonly heldRemovals: number | null;
}

export interface RegistryStatus {
  readonly inProgress: boolean;
  readonly lastRefresh: Millis | null;
  readonly durationMs: number;
  readonly staticTargets: number;
  /** Defects of the secret CLUSTERS, without values. */
  readonly configErrors: readonly string[];
  readonly clusters: readonly ClusterStatus[];
  readonly invalid: readonly (InvalidSecret & { readonly cluster: string })[];
}

/** The document in force, and why the newest is not; null: it is, or a newer one. */
export interface AdoptAnswer {
  readonly version: number;
  readonly refused: SealError | "unreadable" | "too_many" | "too_large" | null;
}

export type RefreshAnswer =
  | { readonly kind: "done"; readonly failed: readonly string[] }
  | { readonly kind: "in_progress" }
  | { readonly kind: "too_soon"; readonly retryAfterMs: number };

export const listTargets = (
  statics: Readonly<Record<string, StoredTarget>>,
  clusters: Readonly<Record<string, ClusterState>>,
): ListedTarget[] => [
  ...Object.values(statics).map((target) => ({ ...target, owner: target.name, discovered: null })),
  ...resolveNames(Object.keys(statics), clusters).discovered.map(({ cluster, target }) => ({
    name: target.name,
    sealed: target.sealed,
    ...(target.outline === undefined ? {} : { outline: target.outline }),
    updatedAt: target.changedAt,
    owner: ownerOf(cluster, target),
    discovered: {
      cluster,
      namespace: target.namespace,
      secret: target.secret,
      frozen: frozenOf(clusters[cluster] as ClusterState, target.namespace),
      staleSince: target.staleSince,
      warnings: target.warnings,
    },
  })),
];

/** Secrets that are no target in force: their own defects, and names that others have. */
export const listInvalid = (
  statics: Readonly<Record<string, StoredTarget>>,
  clusters: Readonly<Record<string, ClusterState>>,
): RegistryStatus["invalid"] => [
  ...Object.entries(clusters).flatMap(([cluster, state]) => state.invalid.map((item) => ({ ...item, cluster }))),
  ...resolveNames(Object.keys(statics), clusters).shadowed.map(({ cluster, target, by }) => ({
    cluster,
    namespace: target.namespace,
    secret: target.secret,
    reason: "duplicate_name" as const,
    detail: `the name ${target.name} belongs to ${by}`,
    since: target.changedAt,
  })),
];

const showCluster = (name: string, state: ClusterState, nextSync: Millis | null): ClusterStatus => {
  const { targets, invalid: _invalid, etag: _etag, held, ...rest } = state;
  return {
    ...rest,
    name,
    targets: targets.length,
    stale: targets.filter(({ staleSince }) => staleSince !== null).length,
    nextSync,
    heldRemovals: held?.removals ?? null,
  };
};

/** How discovery does, without definitions. */
export const showRegistry = (
  fields: Pick<RegistryFields, "targets" | "clusters"> & {
    readonly lastRefresh: Millis | null;
    readonly lastDurationMs: number;
  },
  configured: Clusters,
  inProgress: boolean,
  keyDefects: readonly string[],
): RegistryStatus => {
  const { targets, clusters } = fields;
  const named = new Set([...Object.keys(clusters), ...(configured.clusters ?? []).map(({ name }) => name)]);
  return {
    inProgress,
    lastRefresh: fields.lastRefresh,
    durationMs: fields.lastDurationMs,
    staticTargets: Object.keys(targets).length,
    configErrors: [...configured.errors, ...keyDefects],
    clusters: [...named].sort().map((name) => {
      const cluster = configured.clusters?.find((candidate) => candidate.name === name && candidate.enabled);
      const state = stateOf(clusters, name);
      return showCluster(name, state, cluster === undefined ? null : nextSyncAt(state, cluster.intervalMs));
    }),
    invalid: listInvalid(targets, clusters),
  };
};

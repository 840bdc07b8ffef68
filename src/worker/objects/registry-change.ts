/** One change of one cluster in the registry's fields, as plain data: the object assigns the answer in one go. */
import type { Millis } from "../../core/alert/alert.ts";
import type { Clusters } from "../../core/route/cluster.ts";
import { secretKey } from "../../core/route/registry-merge.ts";
import { resolveNames } from "../../core/route/registry-names.ts";
import { type ClusterState, type Drift, EMPTY_CLUSTER, type SyncFailure } from "../../core/route/registry-state.ts";
import type { DriftEntry } from "../db/drift.ts";
import type { RegistryDocument } from "./registry-document.ts";
import { MAX_TARGETS } from "./registry-reading.ts";
import type { StoredTarget } from "./registry-views.ts";

/** One value may have 2 MB, which production enforces; the drift that waits for D1 shares it. */
const MAX_STATE_CHARS = 1_600_000;
/** Some 150 characters each. */
const MAX_WAITING_DRIFT = 1500;

/** Which configuration document's targets are among the static ones, and their names; 0 and none: of none. */
export interface Adopted {
  readonly configVersion: number;
  readonly documented: readonly string[];
}

export interface RegistryFields {
  readonly targets: Readonly<Record<string, StoredTarget>>;
  readonly clusters: Readonly<Record<string, ClusterState>>;
  /** Not in D1 yet. */
  readonly drift: readonly DriftEntry[];
  /** Raised by whatever a reader of the targets would see. */
  readonly version: number;
  readonly lastDriftId: number;
}

export const stateOf = (clusters: RegistryFields["clusters"], name: string): ClusterState =>
  (Object.hasOwn(clusters, name) ? clusters[name] : undefined) ?? EMPTY_CLUSTER;

/** All that is stored, shadowed names included. */
const countTargets = ({ targets, clusters }: Pick<RegistryFields, "targets" | "clusters">): number =>
  Object.values(clusters).reduce((sum, state) => sum + state.targets.length, Object.keys(targets).length);

const isTooLarge = (stored: Pick<RegistryFields, "targets" | "clusters">): boolean =>
  JSON.stringify({ targets: stored.targets, clusters: stored.clusters }).length > MAX_STATE_CHARS;

/** Why the registry cannot keep this cluster like that; null: it can. */
export const unfitReason = (fields: RegistryFields, name: string, state: ClusterState): SyncFailure | null => {
  const after = { targets: fields.targets, clusters: { ...fields.clusters, [name]: state } };
  if (countTargets(after) > MAX_TARGETS) return "too_many_targets";
  return isTooLarge(after) ? "too_large" : null;
};

/** Why the registry cannot keep this static target beside the rest; null: it can. */
export const unfitStatic = (fields: RegistryFields, target: StoredTarget): "too_many" | "too_large" | null => {
  const targets = { ...fields.targets, [target.name]: target };
  const after = { targets, clusters: fields.clusters };
  if (!Object.hasOwn(fields.targets, target.name) && countTargets(after) > MAX_TARGETS) return "too_many";
  return isTooLarge(after) ? "too_large" : null;
};

/** The fields with a document's targets in place of those of the one before; or why the registry cannot keep them. */
export const changeDocument = (
  fields: RegistryFields & Adopted,
  { version, targets: own }: RegistryDocument,
): (Adopted & Pick<RegistryFields, "targets" | "version">) | "too_many" | "too_large" => {
  const documented = own.map(({ name }) => name);
  const replaced = new Set([...fields.documented, ...documented]);
  const others = Object.entries(fields.targets).filter(([name]) => !replaced.has(name));
  const targets = Object.fromEntries([...others, ...own.map((target) => [target.name, target] as const)]);
  const after = { targets, clusters: fields.clusters };
  if (countTargets(after) > MAX_TARGETS) return "too_many";
  if (isTooLarge(after)) return "too_large";
  return { configVersion: version, documented, targets, version: fields.version + 1 };
};

/** Why a cluster is not read; null: it is. Only a list that is whole and lacks it lets it be forgotten. */
export const unreadReason = (
  name: string,
  { clusters, errors }: Clusters,
  isOff: boolean,
): "disabled" | "invalid_config" | "not_configured" | "forgotten" | null => {
  const cluster = clusters?.find((candidate) => candidate.name === name);
  if (cluster?.enabled && !isOff) return null;
  if (cluster !== undefined || isOff) return "disabled";
  if (errors.length > 0) return "invalid_config";
  return clusters === null ? "not_configured" : "forgotten";
};

export const driftOfForgotten = (state: ClusterState): readonly Drift[] =>
  state.targets.map(({ namespace, secret, name: target }) => {
    return { kind: "removed", namespace, secret, target, reason: "the cluster is no longer configured" };
  });

const hasName = (fields: Pick<RegistryFields, "targets" | "clusters">): ((name: string) => boolean) => {
  const { discovered } = resolveNames(Object.keys(fields.targets), fields.clusters);
  const names = new Set([...Object.keys(fields.targets), ...discovered.map(({ target }) => target.name)]);
  return (name) => names.has(name);
};

/** The fields with this cluster's new state (null: it is forgotten) and the drift that led there. */
export const changeCluster = (
  fields: RegistryFields,
  name: string,
  state: ClusterState | null,
  drift: readonly Drift[],
  now: Millis,
): Omit<RegistryFields, "targets"> => {
  const others = Object.entries(fields.clusters).filter(([key]) => key !== name);
  const clusters = Object.fromEntries(state === null ? others : [...others, [name, state] as const]);
  const before = stateOf(fields.clusters, name);
  const after = state ?? EMPTY_CLUSTER;
  const names = new Map(before.targets.map((target) => [secretKey(target), target.name]));
  const remains = drift.length === 0 ? () => true : hasName({ targets: fields.targets, clusters });
  let { lastDriftId } = fields;
  const entries = drift.map((change): DriftEntry => {
    const had = change.secret === null ? undefined : names.get(`${change.namespace}/${change.secret}`);
    lastDriftId = Math.max(lastDriftId + 1, now);
    return {
      ...change,
      id: lastDriftId,
      at: now,
      cluster: name,
      vanished: had === undefined || remains(had) ? null : had,
    };
  });
  const isSeen =
    drift.length > 0 ||
    before.frozenSince !== after.frozenSince ||
    JSON.stringify(before.namespaces) !== JSON.stringify(after.namespaces);
  return {
    clusters,
    drift: [...fields.drift, ...entries].slice(-MAX_WAITING_DRIFT),
    version: fields.version + (isSeen ? 1 : 0),
    lastDriftId,
  };
};

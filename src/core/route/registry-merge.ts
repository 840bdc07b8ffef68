/**
 * What a cluster's snapshot changes in what the registry keeps of that cluster. Nothing is taken away unless the exporter
 * says that it saw the place where it was; whether the reading itself is to be trusted was judged before.
 */
import type { Millis } from "../alert/alert.ts";
import { fingerprint } from "../alert/fingerprint.ts";
import {
  type ClusterState,
  clusterDrift,
  type Drift,
  type FrozenNamespace,
  HOLD_MS,
  type InvalidSecret,
  type KeptTarget,
  type Merged,
  type SecretRef,
} from "./registry-state.ts";
import type { SnapshotNamespace } from "./snapshot.ts";
import type { TargetDefect } from "./target.ts";

/** A snapshot after its targets were checked and encrypted. */
export interface Reading {
  readonly etag: string | null;
  readonly complete: boolean;
  readonly namespaces: readonly SnapshotNamespace[];
  readonly targets: readonly (Pick<KeptTarget, "namespace" | "secret" | "name" | "sealed" | "outline" | "warnings"> & {
    /** It differs from the definition that is kept, or none is. */
    readonly isChanged: boolean;
  })[];
  readonly invalid: readonly (SecretRef & TargetDefect)[];
}

export const secretKey = ({ namespace, secret }: SecretRef): string => `${namespace}/${secret}`;

const byKey = <T extends SecretRef>(items: readonly T[]): ReadonlyMap<string, T> =>
  new Map(items.map((item) => [secretKey(item), item]));

export const compareSecrets = (a: SecretRef, b: SecretRef): number => {
  if (a.namespace !== b.namespace) return a.namespace < b.namespace ? -1 : 1;
  return a.secret === b.secret ? 0 : a.secret < b.secret ? -1 : 1;
};

/** Whether a Secret of this namespace that is not listed is gone. */
const seesAll = (reading: Reading): ((namespace: string) => boolean) => {
  const isWhole = reading.complete && reading.namespaces.every(({ status }) => status === "ok");
  const status = new Map(reading.namespaces.map((namespace) => [namespace.name, namespace.status]));
  return (namespace) => isWhole || (status.get(namespace) ?? status.get("*")) === "ok";
};

const frozenNamespaces = (
  state: ClusterState,
  reading: Reading,
  sees: (namespace: string) => boolean,
  now: Millis,
): readonly FrozenNamespace[] => {
  const since = new Map(state.namespaces.map((namespace) => [namespace.name, namespace.since]));
  const named = reading.namespaces.filter(({ status }) => status !== "ok");
  const isNamed = (name: string): boolean =>
    named.some((namespace) => namespace.name === name || namespace.name === "*");
  const unnamed = [...new Set(state.targets.map(({ namespace }) => namespace))]
    .filter((name) => !sees(name) && !isNamed(name))
    .map((name) => ({ name, status: "error" as const, error: "not_listed" }));
  return [...named, ...unnamed].map((namespace) => ({ ...namespace, since: since.get(namespace.name) ?? now }));
};

const drift = (kind: Drift["kind"], at: SecretRef, target: string | null, reason: string | null): Drift => ({
  kind,
  namespace: at.namespace,
  secret: at.secret,
  target,
  reason,
});

/**
 * The cluster after this reading, and what changed. A snapshot that would remove more than half of the targets is held:
 * nothing of it is applied until one `HOLD_MS` later would leave the same Secrets, however many come in between.
 */
export const mergeReading = (state: ClusterState, reading: Reading, now: Millis): Merged => {
  const kept = byKey(state.targets);
  const listed = byKey(reading.targets);
  const broken = byKey(reading.invalid.filter((item) => !listed.has(secretKey(item))));
  const sees = seesAll(reading);
  const isGone = (item: SecretRef): boolean =>
    !listed.has(secretKey(item)) && !broken.has(secretKey(item)) && sees(item.namespace);

  const gone = state.targets.filter(isGone);
  if (gone.length * 2 > state.targets.length) {
    const remaining = fingerprint(Object.fromEntries([...listed.keys(), ...broken.keys()].map((key) => [key, "kept"])));
    const known = state.held?.remaining === remaining ? state.held : null;
    const held = known ?? { since: now, removals: gone.length, remaining };
    if (now - held.since < HOLD_MS) {
      const waiting = { error: "removal_held" as const, frozenSince: state.frozenSince ?? now, consecutiveFailures: 0 };
      return {
        state: { ...state, ...waiting, lastAttempt: now, held },
        drift:
          known === null
            ? [clusterDrift("held", `${gone.length} of ${state.targets.length} targets would be removed`)]
            : [],
      };
    }
  }

  const changes: Drift[] = gone.map((target) => drift("removed", target, target.name, null));
  const targets: KeptTarget[] = [];
  for (const { isChanged, ...item } of listed.values()) {
    const old = kept.get(secretKey(item));
    const changedAt = isChanged || old === undefined ? now : old.changedAt;
    targets.push({
      ...item,
      sealed: isChanged || old === undefined ? item.sealed : old.sealed,
      changedAt,
      staleSince: null,
    });
    if (old === undefined) changes.push(drift("added", item, item.name, null));
    else if (old.staleSince !== null) changes.push(drift("repaired", item, item.name, null));
    else if (isChanged) {
      changes.push(drift("changed", item, item.name, old.name === item.name ? null : `it was named ${old.name}`));
    }
  }
  for (const old of state.targets) {
    if (broken.has(secretKey(old))) targets.push({ ...old, staleSince: old.staleSince ?? now });
    else if (!listed.has(secretKey(old)) && !isGone(old)) targets.push(old);
  }

  const wasInvalid = byKey(state.invalid);
  const invalid: InvalidSecret[] = [...broken.values()].map(({ namespace, secret, reason, detail }) => {
    const old = wasInvalid.get(secretKey({ namespace, secret }));
    if (old?.reason !== reason) {
      changes.push(drift("invalid", { namespace, secret }, kept.get(`${namespace}/${secret}`)?.name ?? null, reason));
    }
    return { namespace, secret, reason, detail, since: old?.reason === reason ? old.since : now };
  });
  for (const old of state.invalid) {
    if (listed.has(secretKey(old)) || broken.has(secretKey(old))) continue;
    if (!isGone(old)) invalid.push(old);
    else if (!kept.has(secretKey(old))) changes.push(drift("removed", old, null, null));
  }

  return {
    state: {
      etag: reading.etag,
      readAt: now,
      lastAttempt: now,
      lastSuccess: now,
      durationMs: state.durationMs,
      consecutiveFailures: 0,
      error: null,
      frozenSince: null,
      namespaces: frozenNamespaces(state, reading, sees, now),
      held: null,
      targets: targets.sort(compareSecrets),
      invalid: invalid.sort(compareSecrets),
    },
    drift: state.frozenSince === null ? changes : [clusterDrift("thawed", null), ...changes],
  };
};

/** What the registry remembers of one cluster, and how a failed or unchanged reading alters it. Pure data, no secrets. */
import type { Millis } from "../alert/alert.ts";
import type { SnapshotNamespace } from "./snapshot.ts";
import type { TargetDefect } from "./target.ts";
import type { TargetOutline } from "./target-outline.ts";

/** Which Secret of its cluster. */
export interface SecretRef {
  readonly namespace: string;
  readonly secret: string;
}

/** A discovered target: the last definition that was valid. */
export interface KeptTarget extends SecretRef {
  readonly name: string;
  /** Encrypted definition, opaque here. */
  readonly sealed: string;
  /** Absent where it was stored before there were any. */
  readonly outline?: TargetOutline;
  readonly warnings: readonly string[];
  readonly changedAt: Millis;
  /** Since when its Secret is invalid while this definition goes on delivering; null: it is valid. */
  readonly staleSince: Millis | null;
}

export interface InvalidSecret extends SecretRef, TargetDefect {
  readonly since: Millis;
}

/** A namespace that could not be read whole: its targets stay as they are. */
export interface FrozenNamespace extends SnapshotNamespace {
  readonly since: Millis;
}

/** Time for a cluster that is set up anew to be whole again: nobody who nudges meanwhile makes most of its targets go. */
export const HOLD_MS = 60_000;

/** A snapshot that would remove most targets; applied when one `HOLD_MS` later would leave the same Secrets. */
export interface HeldSnapshot {
  /** When a reading first would have left these. */
  readonly since: Millis;
  readonly removals: number;
  /** Digest of the Secrets it would leave. */
  readonly remaining: string;
}

export interface ClusterState {
  /** Of the snapshot that is in force; null: the next reading asks for the whole body. */
  readonly etag: string | null;
  /** When a whole body was last applied. */
  readonly readAt: Millis | null;
  readonly lastAttempt: Millis | null;
  readonly lastSuccess: Millis | null;
  readonly durationMs: number;
  readonly consecutiveFailures: number;
  /** Why the last reading was not applied; null: it was. */
  readonly error: SyncFailure | "removal_held" | null;
  readonly frozenSince: Millis | null;
  readonly namespaces: readonly FrozenNamespace[];
  readonly held: HeldSnapshot | null;
  /** By namespace and Secret, as the invalid ones. */
  readonly targets: readonly KeptTarget[];
  readonly invalid: readonly InvalidSecret[];
}

/** Why a cluster could not be read: the closed set. */
export type SyncFailure =
  | "invalid_config"
  | "not_configured"
  | "disabled"
  | "unreachable"
  | "timeout"
  | "unauthorized"
  | "not_ready"
  | "http_error"
  | "redirected"
  | "too_large"
  | "garbage"
  | "wrong_cluster"
  | "too_many_targets"
  | "no_key";

export const EMPTY_CLUSTER: ClusterState = {
  etag: null,
  readAt: null,
  lastAttempt: null,
  lastSuccess: null,
  durationMs: 0,
  consecutiveFailures: 0,
  error: null,
  frozenSince: null,
  namespaces: [],
  held: null,
  targets: [],
  invalid: [],
};

/** What the drift history tells. `frozen` and `thawed` are of the whole cluster. */
export type DriftKind = "added" | "changed" | "removed" | "invalid" | "repaired" | "frozen" | "thawed" | "held";

export interface Drift {
  readonly kind: DriftKind;
  readonly namespace: string | null;
  readonly secret: string | null;
  readonly target: string | null;
  readonly reason: string | null;
}

export interface Merged {
  readonly state: ClusterState;
  readonly drift: readonly Drift[];
}

export const clusterDrift = (kind: DriftKind, reason: string | null): Drift => ({
  kind,
  namespace: null,
  secret: null,
  target: null,
  reason,
});

/** A reading that failed: everything stays, and says since when. Not asked at all (disabled) is no failure. */
export const freeze = (state: ClusterState, reason: SyncFailure, now: Millis): Merged => {
  const asked = reason !== "disabled" && reason !== "not_configured" && reason !== "invalid_config";
  return {
    state: {
      ...state,
      lastAttempt: asked ? now : state.lastAttempt,
      consecutiveFailures: asked ? state.consecutiveFailures + 1 : state.consecutiveFailures,
      error: reason,
      frozenSince: state.frozenSince ?? now,
    },
    drift: state.error === reason ? [] : [clusterDrift("frozen", reason)],
  };
};

/** A reading that says nothing changed since the snapshot in force. */
export const confirm = (state: ClusterState, now: Millis): Merged => ({
  state: {
    ...state,
    lastAttempt: now,
    lastSuccess: now,
    consecutiveFailures: 0,
    error: null,
    frozenSince: null,
    held: null,
  },
  drift: state.frozenSince === null ? [] : [clusterDrift("thawed", null)],
});

/** Since when a target of this namespace is not followed any more, and why; null: it is. */
export const frozenOf = (
  state: ClusterState,
  namespace: string,
): { readonly since: Millis; readonly reason: string } | null => {
  if (state.frozenSince !== null) return { since: state.frozenSince, reason: state.error ?? "error" };
  const frozen = state.namespaces.find(({ name }) => name === namespace || name === "*");
  return frozen === undefined ? null : { since: frozen.since, reason: frozen.status };
};

/** A cluster that fails is asked again after 1 min, doubling up to 5 (contracts 9.5). */
const RETRY_MS = 60_000;
const RETRY_CAP_MS = 300_000;

/** When this cluster is to be read next, never later than its interval; 0 for one never asked. */
export const nextSyncAt = (state: ClusterState, intervalMs: number): Millis => {
  if (state.lastAttempt === null) return 0;
  const retryMs = Math.min(RETRY_MS * 2 ** Math.max(0, state.consecutiveFailures - 1), RETRY_CAP_MS);
  if (state.consecutiveFailures > 0) return state.lastAttempt + Math.min(retryMs, intervalMs);
  return state.held === null ? state.lastAttempt + intervalMs : state.held.since + HOLD_MS;
};

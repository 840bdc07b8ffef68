/** How discovery is shown (contracts 9.5): counts, times and reasons. */
import { z } from "@hono/zod-openapi";
import type { DriftRow } from "./db/drift.ts";
import type { ClusterStatus, RegistryStatus } from "./objects/registry-views.ts";
import type { RegisteredTarget } from "./registry.ts";
import { time, timeOrNull } from "./views.ts";

const ClusterSchema = z.object({
  name: z.string(),
  /** ok; partial: some namespaces are frozen; held: most targets would go, waits for a second reading; frozen; disabled; never. */
  status: z.enum(["ok", "partial", "held", "frozen", "disabled", "never"]),
  last_success: z.string().nullable(),
  last_attempt: z.string().nullable(),
  next_refresh: z.string().nullable(),
  refresh_duration_ms: z.number(),
  consecutive_failures: z.number(),
  frozen: z.boolean(),
  frozen_since: z.string().nullable(),
  error: z.string().nullable(),
  targets: z.number(),
  stale: z.number(),
  held_removals: z.number().nullable(),
  frozen_namespaces: z.array(
    z.object({ name: z.string(), status: z.string(), error: z.string().nullable(), since: z.string() }),
  ),
});

const defectsOf = ({ target, defect, isWhole }: RegisteredTarget): string[] => {
  if (defect === null) return [];
  return [
    isWhole
      ? `target ${target.name} is not allowed as it is stored: ${defect}`
      : `target ${target.name} cannot be read, what it is to be told waits: ${defect}`,
  ];
};

export const DiscoveryStatusSchema = z
  .object({
    status: z.enum(["idle", "in_progress", "success", "failed"]),
    last_refresh: z.string().nullable(),
    next_refresh: z.string().nullable(),
    refresh_duration_ms: z.number(),
    targets_discovered: z.number(),
    targets_valid: z.number(),
    targets_invalid: z.number(),
    static_targets: z.number(),
    consecutive_failures: z.number(),
    error: z.string().nullable(),
    config_errors: z.array(z.string()),
    clusters: z.array(ClusterSchema),
    invalid: z.array(
      z.object({
        cluster: z.string(),
        namespace: z.string(),
        secret: z.string(),
        reason: z.string(),
        detail: z.string(),
        since: z.string(),
      }),
    ),
  })
  .openapi("DiscoveryStatus");

const statusOf = (cluster: ClusterStatus): z.infer<typeof ClusterSchema>["status"] => {
  if (cluster.error === "disabled") return "disabled";
  if (cluster.heldRemovals !== null && cluster.error === "removal_held") return "held";
  if (cluster.frozenSince !== null) return "frozen";
  if (cluster.lastSuccess === null) return "never";
  return cluster.namespaces.length > 0 ? "partial" : "ok";
};

const showCluster = (cluster: ClusterStatus): z.infer<typeof ClusterSchema> => ({
  name: cluster.name,
  status: statusOf(cluster),
  last_success: timeOrNull(cluster.lastSuccess),
  last_attempt: timeOrNull(cluster.lastAttempt),
  next_refresh: timeOrNull(cluster.nextSync),
  refresh_duration_ms: cluster.durationMs,
  consecutive_failures: cluster.consecutiveFailures,
  frozen: cluster.frozenSince !== null,
  frozen_since: timeOrNull(cluster.frozenSince),
  error: cluster.error,
  targets: cluster.targets,
  stale: cluster.stale,
  held_removals: cluster.heldRemovals,
  frozen_namespaces: cluster.namespaces.map(({ name, status, error, since }) => {
    return { name, status, error: error ?? null, since: time(since) };
  }),
});

/** How discovery does, beside `targets`, those in force. */
export const showDiscovery = (
  status: RegistryStatus,
  targets: readonly RegisteredTarget[],
): z.infer<typeof DiscoveryStatusSchema> => {
  const configErrors = [...status.configErrors, ...targets.flatMap(defectsOf)];
  const clusters = status.clusters.map(showCluster);
  const failing = clusters.find(({ error }) => error !== null && error !== "disabled");
  const valid = clusters.reduce((sum, { targets }) => sum + targets, 0);
  const stale = clusters.reduce((sum, cluster) => sum + cluster.stale, 0);
  const next = status.clusters.flatMap(({ nextSync }) => nextSync ?? []);
  const configError = configErrors[0] ?? null;
  const isFailing = failing !== undefined || configError !== null;
  return {
    status: status.inProgress ? "in_progress" : isFailing ? "failed" : status.lastRefresh === null ? "idle" : "success",
    last_refresh: timeOrNull(status.lastRefresh),
    next_refresh: next.length === 0 ? null : time(Math.min(...next)),
    refresh_duration_ms: status.durationMs,
    targets_discovered: valid + status.invalid.length - stale,
    targets_valid: valid - stale,
    targets_invalid: status.invalid.length,
    static_targets: status.staticTargets,
    consecutive_failures: Math.max(0, ...clusters.map(({ consecutive_failures }) => consecutive_failures)),
    error: configError ?? (failing === undefined ? null : `${failing.name}: ${failing.error}`),
    config_errors: configErrors,
    clusters,
    invalid: status.invalid.map(({ cluster, namespace, secret, reason, detail, since }) => {
      return { cluster, namespace, secret, reason, detail, since: time(since) };
    }),
  };
};

export const DriftSchema = z
  .object({
    at: z.string(),
    cluster: z.string(),
    kind: z.string(),
    namespace: z.string().nullable(),
    secret: z.string().nullable(),
    target: z.string().nullable(),
    reason: z.string().nullable(),
    /** Of a target that is gone: firing alerts it had been told of; it will not hear of their end. */
    open_alerts: z.number().nullable(),
  })
  .openapi("TargetDrift");

export const showDrift = ({ id: _id, at, ...row }: DriftRow): z.infer<typeof DriftSchema> => ({ at: time(at), ...row });

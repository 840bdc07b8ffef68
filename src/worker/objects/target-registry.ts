/**
 * The registry of targets: static ones, and per cluster the last good snapshot of its exporter, which it pulls itself.
 * An itty-durable class, reached only through the facade `registry(env)` in ../registry.ts; the library saves all fields
 * as one value. What has to wait (fetch, encryption) is done first; then fields are changed in one go from what they are
 * at that moment, and persist() is awaited: interleaved calls lose nothing. Definitions are kept encrypted.
 */

import type { Millis } from "../../core/alert/alert.ts";
import { type Cluster, type Clusters, readClusters } from "../../core/route/cluster.ts";
import { mergeReading } from "../../core/route/registry-merge.ts";
import { type ClusterState, confirm, freeze, type Merged, nextSyncAt } from "../../core/route/registry-state.ts";
import { exporterPolicy } from "../address.ts";
import { newestVersion, withdrawVersion } from "../db/config-versions.ts";
import { type DriftEntry, saveDrift } from "../db/drift.ts";
import { fetchSnapshot } from "../exporter.ts";
import { noteChange } from "../live.ts";
import { logError, logWarn } from "../log.ts";
import { handOver } from "../metrics/count.ts";
import { countRefresh } from "../metrics/discovery.ts";
import { keyDefects } from "../seal.ts";
import { isOn, numberOf } from "../variables.ts";
import { PersistedObject } from "./persisted.ts";
import * as change from "./registry-change.ts";
import { readDocument } from "./registry-document.ts";
import { readSnapshot, withOutline } from "./registry-reading.ts";
import { renewAll, resealAll } from "./registry-reseal.ts";
import * as views from "./registry-views.ts";

/** Without it a change of our own address policy would not be seen while the cluster answers 304. */
const REREAD_MS = 3_600_000;
/** Cron comes seconds early or late: due is what would be due before it comes again. */
const DUE_TOLERANCE_MS = 10_000;
/** Exporters asked at once; the platform allows six connections. */
const PARALLEL = 5;
/** Of one run (contracts 9.5): who is not asked by then is among the first of the next. */
const RUN_MS = 30_000;
/** Asked by hand, at most once in this time (contracts 9.5). */
const MANUAL_PAUSE_MS = 60_000;
/** An exporter gathers its changes before it nudges; one that does not costs no more than this. */
const NUDGE_PAUSE_MS = 1_000;

export class TargetRegistry extends PersistedObject {
  targets: Readonly<Record<string, views.StoredTarget>> = {};
  clusters: Readonly<Record<string, ClusterState>> = {};
  /** Not in D1 yet. */
  drift: readonly DriftEntry[] = [];
  version = 0;
  configVersion = 0;
  documented: readonly string[] = [];
  lastDriftId = 0;
  lastManualAt = 0;
  /** When each exporter last said that something changed. */
  nudgedAt: Readonly<Record<string, Millis>> = {};
  lastRefresh: Millis | null = null;
  lastDurationMs = 0;
  readonly #syncing = new Set<string>();

  /** The targets in force; null where the caller's version is still the newest. */
  list(known: number): { version: number; targets: views.ListedTarget[] | null } {
    const targets = known === this.version ? null : views.listTargets(this.targets, this.clusters);
    return { version: this.version, targets };
  }

  status(): views.RegistryStatus {
    const configured = this.#configured();
    return views.showRegistry(this, configured, this.#syncing.size > 0, keyDefects(this.state.env.ENCRYPTION_KEYS));
  }

  async put(target: views.StoredTarget): Promise<{ replaced: boolean } | { refused: "too_many" | "too_large" }> {
    const stored = await withOutline(this.state.env, target);
    const replaced = Object.hasOwn(this.targets, target.name);
    const refused = change.unfitStatic(this, stored);
    if (refused !== null) return { refused };
    this.targets = { ...this.targets, [target.name]: stored };
    this.version += 1;
    await this.persist();
    return { replaced };
  }

  async remove(name: string): Promise<{ removed: boolean }> {
    const removed = Object.hasOwn(this.targets, name);
    if (removed) {
      this.targets = Object.fromEntries(Object.entries(this.targets).filter(([key]) => key !== name));
      this.version += 1;
      await this.persist();
    }
    return { removed };
  }

  /**
   * Puts the newest stored document in force, unless it is: its targets in place of those of the one before, all at once.
   * `known` is the newest that the caller knows of; where it is in force nobody else is asked.
   */
  async adopt(known: number): Promise<views.AdoptAnswer> {
    const { env } = this.state;
    for (;;) {
      const before = this.configVersion;
      const newest = known === before ? known : await newestVersion(env.DB);
      if (newest === before || newest === 0) return { version: before, refused: null };
      const now = Date.now();
      const document = await readDocument(env, newest, this.targets, now);
      // Somebody else was quicker, with this one or a newer one.
      if (document === null || this.configVersion !== before) continue;
      if (!document.ok) return { version: before, refused: document.error };
      const changed = change.changeDocument(this, document.value);
      if (typeof changed === "string") {
        // An older one was in force once: taken back it would be lost.
        if (newest === before + 1) await withdrawVersion(env.DB, newest, changed, now);
        return { version: before, refused: changed };
      }
      Object.assign(this, changed);
      await this.persist();
      return { version: newest, refused: null };
    }
  }

  /** Reads every cluster whose time has come. */
  async syncDue(): Promise<{ read: number }> {
    const clusters = await this.#reconcile();
    const soon = Date.now() + DUE_TOLERANCE_MS;
    const due = clusters.filter(
      ({ name, intervalMs }) => nextSyncAt(change.stateOf(this.clusters, name), intervalMs) <= soon,
    );
    await this.#syncAll(due);
    if (due.length === 0) await this.#tellDrift();
    return { read: due.length };
  }

  /**
   * Reads every cluster now because somebody asks, or one because its exporter says that it changed; not while it is
   * under way, nor again within the pause of each.
   */
  async refresh(name: string | null): Promise<views.RefreshAnswer> {
    const now = Date.now();
    if (name === null ? this.#syncing.size > 0 : this.#syncing.has(name)) return { kind: "in_progress" };
    const asked = name === null ? this.lastManualAt : (new Map(Object.entries(this.nudgedAt)).get(name) ?? 0);
    const retryAfterMs = asked + (name === null ? MANUAL_PAUSE_MS : NUDGE_PAUSE_MS) - now;
    if (retryAfterMs > 0) return { kind: "too_soon", retryAfterMs };
    if (name === null) this.lastManualAt = now;
    else this.nudgedAt = { ...this.nudgedAt, [name]: now };
    const clusters = (await this.#reconcile()).filter((cluster) => name === null || cluster.name === name);
    await this.#syncAll(clusters);
    await this.persist();
    const failed = clusters
      .map((cluster) => cluster.name)
      .filter((one) => change.stateOf(this.clusters, one).error !== null);
    return { kind: "done", failed };
  }

  /** Moves definitions under the newest key. */
  async reseal(): Promise<{ resealed: number; failed: number }> {
    const resealed = await resealAll(this.state.env.ENCRYPTION_KEYS, this.targets, this.clusters);
    const { replacements, unreadable, failed } = resealed;
    if (replacements.size > 0 || [...unreadable].some((name) => change.stateOf(this.clusters, name).etag !== null)) {
      Object.assign(this, renewAll(resealed, this));
      await this.persist();
    }
    return { resealed: replacements.size, failed };
  }

  #configured(): Clusters {
    const { env } = this.state;
    return readClusters(env.CLUSTERS, exporterPolicy(env), numberOf(env, "TARGET_REFRESH_INTERVAL"));
  }

  /** The clusters to read. Those that are no longer named are forgotten; where the secret cannot be read, all stay. */
  async #reconcile(): Promise<readonly Cluster[]> {
    const configured = this.#configured();
    const now = Date.now();
    const isOff = !isOn(this.state.env, "TARGET_DISCOVERY_ENABLED");
    const before = this.version;
    for (const name of new Set([...Object.keys(this.clusters), ...configured.refused])) {
      const reason = change.unreadReason(name, configured, isOff);
      const state = change.stateOf(this.clusters, name);
      if (reason === "forgotten")
        Object.assign(this, change.changeCluster(this, name, null, change.driftOfForgotten(state), now));
      else if (reason !== null) this.#apply(name, freeze(state, reason, now), now);
    }
    if (this.version !== before) await this.persist();
    return isOff ? [] : (configured.clusters ?? []).filter(({ enabled }) => enabled);
  }

  async #syncAll(clusters: readonly Cluster[]): Promise<void> {
    const startedAt = Date.now();
    const lastAsked = ({ name }: Cluster): Millis => change.stateOf(this.clusters, name).lastAttempt ?? 0;
    const waiting = clusters.filter(({ name }) => !this.#syncing.has(name)).sort((a, b) => lastAsked(a) - lastAsked(b));
    if (waiting.length === 0) return;
    for (const { name } of waiting) this.#syncing.add(name);
    const next = async (): Promise<void> => {
      for (let cluster = waiting.shift(); cluster !== undefined; cluster = waiting.shift()) {
        if (Date.now() - startedAt < RUN_MS) {
          await this.#sync(cluster).catch((error: unknown) =>
            logError("registry.sync", error, { cluster: cluster?.name ?? "" }),
          );
        }
        this.#syncing.delete(cluster.name);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, next));
    this.lastRefresh = Date.now();
    this.lastDurationMs = Date.now() - startedAt;
    await this.#tellDrift();
    await handOver(this.state.env);
  }

  async #sync(cluster: Cluster): Promise<void> {
    const startedAt = Date.now();
    const before = change.stateOf(this.clusters, cluster.name);
    const isFresh = before.readAt !== null && startedAt - before.readAt < REREAD_MS;
    const answer = await fetchSnapshot(cluster, isFresh ? before.etag : null);
    const reading =
      answer.kind === "snapshot"
        ? await readSnapshot(this.state.env, cluster.name, before, answer.snapshot, answer.etag)
        : null;
    // From here to persist() nothing waits.
    const now = Date.now();
    const state = { ...change.stateOf(this.clusters, cluster.name), durationMs: now - startedAt };
    countRefresh(cluster.name, answer, reading);
    if (reading?.ok) {
      const merged = mergeReading(state, reading.value, now);
      const unfit = change.unfitReason(this, cluster.name, merged.state);
      this.#apply(cluster.name, unfit === null ? merged : freeze(state, unfit, now), now);
    } else if (answer.kind === "unchanged") this.#apply(cluster.name, confirm(state, now), now);
    else {
      const reason = answer.kind === "failed" ? answer.reason : reading?.ok === false ? reading.error : "garbage";
      logWarn("registry.frozen", { cluster: cluster.name, reason });
      this.#apply(cluster.name, freeze(state, reason, now), now);
    }
    await this.persist();
    noteChange("cluster", cluster.name, change.stateOf(this.clusters, cluster.name).error === null ? "read" : "frozen");
  }

  #apply(name: string, merged: Merged, now: Millis): void {
    Object.assign(this, change.changeCluster(this, name, merged.state, merged.drift, now));
  }

  /** Hands the waiting drift to D1. What it does not take is handed over the next time. */
  async #tellDrift(): Promise<void> {
    const entries = this.drift;
    const last = entries.at(-1)?.id;
    if (last === undefined) return;
    try {
      await saveDrift(this.state.env, entries);
      this.drift = this.drift.filter(({ id }) => id > last);
      await this.persist();
    } catch (error) {
      logError("registry.drift", error, { entries: entries.length });
    }
  }
}

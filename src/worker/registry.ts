/**
 * The typed facade of TargetRegistry: all that the rest of the Worker knows of it. Static definitions are encrypted
 * before they leave for the object, all are decrypted after they come back; arguments stay small, because the library
 * puts them into a request header.
 */
import { proxyDurable } from "itty-durable";
import { err, ok, type Result } from "../core/result.ts";
import type { Target } from "../core/route/target.ts";
import { writeTarget } from "../core/route/target-write.ts";
import type { Bindings } from "./env.ts";
import { logWarn } from "./log.ts";
import { isMetricsOnlyForced } from "./mode.ts";
import type {
  AdoptAnswer,
  ListedTarget,
  RefreshAnswer,
  RegistryStatus,
  StoredTarget,
} from "./objects/registry-views.ts";
import { type SealError, seal } from "./seal.ts";
import { type OpenedTarget, openTarget } from "./target-opening.ts";

export interface RegisteredTarget extends OpenedTarget {
  /** `static`, or the name of the cluster. */
  readonly origin: string;
  readonly updatedAt: number;
  readonly discovered: ListedTarget["discovered"];
}

interface RegistryObject {
  list(known: number): Promise<{ version: number; targets: ListedTarget[] | null }>;
  status(): Promise<RegistryStatus>;
  put(target: StoredTarget): Promise<{ replaced: boolean } | { refused: "too_many" | "too_large" }>;
  remove(name: string): Promise<{ removed: boolean }>;
  adopt(newest: number): Promise<AdoptAnswer>;
  syncDue(): Promise<{ read: number }>;
  refresh(cluster: string | null): Promise<RefreshAnswer>;
  reseal(): Promise<{ resealed: number; failed: number }>;
}

/** How long an isolate goes on with what it read: a change elsewhere is in force this much later. */
const CACHE_MS = 1_000;
/** The object gets its arguments in a request header, and headers may take 128 kB in all. */
const MAX_SEALED_CHARS = 64_000;
const NO_VERSION = -1;

interface Reading {
  readonly version: number;
  readonly targets: readonly RegisteredTarget[];
}
/** A value and never the promise of one: that belongs to the request that began it, and is never settled once it is gone. */
let cached: { readonly at: number; readonly reading: Reading } | null = null;
/** Counts what makes a reading that is under way outdated. */
let changes = 0;
/** The last complete reading: opened definitions are used again while the version is the same. */
let lastRead: Reading | null = null;

const forget = (): void => {
  cached = null;
  changes += 1;
};

// The library types its stubs as any and its options as {}; this is the one place that knows the shape.
const objectOf = (env: Bindings): RegistryObject =>
  (proxyDurable as (namespace: unknown, options: unknown) => { get(name: string): RegistryObject })(env.REGISTRY, {
    parse: true,
  }).get("main");

const open = async (env: Bindings, listed: ListedTarget): Promise<RegisteredTarget> => {
  const { updatedAt, discovered = null } = listed;
  const opened = await openTarget(env, { ...listed, owner: listed.owner ?? listed.name });
  const { defect } = opened;
  if (defect !== null) logWarn("registry.unreadable", { target: listed.name, reason: defect });
  return { ...opened, origin: discovered?.cluster ?? "static", updatedAt, discovered };
};

const read = async (env: Bindings): Promise<Reading> => {
  const known = lastRead;
  const { version, targets } = await objectOf(env).list(known?.version ?? NO_VERSION);
  if (targets === null && known !== null) return known;
  const opened = await Promise.all((targets ?? []).map((listed) => open(env, listed)));
  return { version, targets: opened.sort((a, b) => (a.target.name < b.target.name ? -1 : 1)) };
};

export const registry = (env: Bindings) => ({
  /** Every target in force, by name. One that cannot be read as it was defined is logged and says so. */
  async list(): Promise<readonly RegisteredTarget[]> {
    const now = Date.now();
    if (cached !== null && now - cached.at <= CACHE_MS && now >= cached.at) return cached.reading.targets;
    const before = changes;
    const reading = await read(env);
    lastRead = reading;
    if (before === changes) cached = { at: now, reading };
    return reading.targets;
  },

  async get(name: string): Promise<RegisteredTarget | null> {
    return (await this.list()).find((entry) => entry.target.name === name) ?? null;
  },

  /** Asks the object, whatever this isolate remembers: for decisions that cannot be taken back. */
  async getFresh(name: string): Promise<RegisteredTarget | null> {
    forget();
    return this.get(name);
  },

  /** The target where it is in force and switched on; that it is not is for the object itself to say. */
  async getEnabled(name: string): Promise<RegisteredTarget | null> {
    const known = await this.get(name);
    const entry = known?.target.enabled ? known : await this.getFresh(name);
    return entry?.target.enabled ? entry : null;
  },

  /** The publishing mode as far as this isolate knows; asks nobody. */
  peekMode: (): "intelligent" | "metrics_only" =>
    isMetricsOnlyForced(env) || (lastRead !== null && !lastRead.targets.some((entry) => entry.target.enabled))
      ? "metrics_only"
      : "intelligent",

  /** Stores a static definition, replacing one of the same name. Errors: no_key, too_large, too_many. */
  async put(target: Target, now: number): Promise<Result<{ replaced: boolean }, SealError | "too_large" | "too_many">> {
    const sealed = await seal(env.ENCRYPTION_KEYS, target.name, JSON.stringify(writeTarget(target)));
    if (!sealed.ok) return sealed;
    if (sealed.value.length > MAX_SEALED_CHARS) return err("too_large");
    const stored = await objectOf(env).put({ name: target.name, sealed: sealed.value, updatedAt: now });
    forget();
    return "refused" in stored ? err(stored.refused) : ok({ replaced: stored.replaced });
  },

  /** Removes a static definition; a discovered one of the same name takes its place. */
  async remove(name: string): Promise<boolean> {
    const { removed } = await objectOf(env).remove(name);
    forget();
    return removed;
  },

  /** Puts the newest stored document's targets in force with it, where they are not yet. */
  async adopt(newest: number): Promise<AdoptAnswer> {
    const answer = await objectOf(env).adopt(newest);
    forget();
    return answer;
  },

  /** How discovery does; without definitions. */
  status: (): Promise<RegistryStatus> => objectOf(env).status(),

  /** Reads the clusters whose time has come. */
  async syncDue(): Promise<void> {
    const { read: clusters } = await objectOf(env).syncDue();
    if (clusters > 0) forget();
  },

  /** Reads all clusters now, or the named one; not again within a pause. */
  async refresh(cluster: string | null = null): Promise<RefreshAnswer> {
    const answer = await objectOf(env).refresh(cluster);
    forget();
    return answer;
  },

  /** Moves every target under the newest key; what no key opens stays and is counted. */
  reseal: (): Promise<{ resealed: number; failed: number }> => objectOf(env).reseal(),
});

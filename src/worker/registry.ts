/**
 * The typed facade of TargetRegistry: all that the rest of the Worker knows of it. Definitions are encrypted before
 * they leave for the object and decrypted after they come back, so the object and its storage never hold a secret.
 */
import { proxyDurable } from "itty-durable";
import { err, ok, type Result } from "../core/result.ts";
import type { Target } from "../core/route/target.ts";
import { readTarget } from "../core/route/target-read.ts";
import { writeTarget } from "../core/route/target-write.ts";
import { targetPolicy } from "./address.ts";
import type { Bindings } from "./env.ts";
import { logWarn } from "./log.ts";
import type { StoredTarget } from "./objects/target-registry.ts";
import { type SealError, seal, unseal } from "./seal.ts";

export interface RegisteredTarget {
  readonly target: Target;
  readonly origin: string;
  readonly updatedAt: number;
}

interface RegistryObject {
  list(): Promise<{ version: number; targets: StoredTarget[] }>;
  put(target: StoredTarget): Promise<{ version: number; replaced: boolean }>;
  remove(name: string): Promise<{ version: number; removed: boolean }>;
}

/** How long an isolate goes on with what it read: a change elsewhere is in force this much later. */
const CACHE_MS = 5_000;
/** The object gets its arguments in a request header, and headers may take 128 kB in all. */
const MAX_SEALED_CHARS = 64_000;

let cached: { at: number; targets: Promise<RegisteredTarget[]> } | null = null;
/** What the last complete reading held; for answers that must not wait. */
let lastRead: readonly RegisteredTarget[] | null = null;

const forget = (): void => {
  cached = null;
  lastRead = null;
};

// The library types its stubs as any and its options as {}; this is the one place that knows the shape.
const objectOf = (env: Bindings): RegistryObject =>
  (proxyDurable as (namespace: unknown, options: unknown) => { get(name: string): RegistryObject })(env.REGISTRY, {
    parse: true,
  }).get("main");

const open = async (env: Bindings, stored: StoredTarget): Promise<RegisteredTarget[]> => {
  const text = await unseal(env.ENCRYPTION_KEYS, stored.name, stored.sealed);
  const target = text.ok ? readTarget(JSON.parse(text.value), targetPolicy(env)) : null;
  if (target?.ok) return [{ target: target.value, origin: stored.origin, updatedAt: stored.updatedAt }];
  const reason = text.ok ? (target?.ok === false ? target.error.reason : "unknown") : text.error;
  logWarn("registry.unreadable", { target: stored.name, reason });
  return [];
};

export const registry = (env: Bindings) => ({
  /** Every target that can be read, by name. An unreadable one is logged and left out. */
  async list(): Promise<RegisteredTarget[]> {
    const now = Date.now();
    if (cached === null || now - cached.at > CACHE_MS) {
      const targets = objectOf(env)
        .list()
        .then((answer) => Promise.all(answer.targets.map((stored) => open(env, stored))))
        .then((lists) => lists.flat().sort((a, b) => (a.target.name < b.target.name ? -1 : 1)));
      cached = { at: now, targets };
      targets.then(
        (list) => {
          lastRead = list;
        },
        () => {
          cached = null;
        },
      );
    }
    return cached.targets;
  },

  async get(name: string): Promise<RegisteredTarget | null> {
    return (await this.list()).find((entry) => entry.target.name === name) ?? null;
  },

  /** Asks the object, whatever this isolate remembers: for decisions that cannot be taken back. */
  async getFresh(name: string): Promise<RegisteredTarget | null> {
    forget();
    return this.get(name);
  },

  /** The publishing mode as far as this isolate knows; asks nobody. */
  peekMode: (): "intelligent" | "metrics_only" =>
    lastRead !== null && !lastRead.some((entry) => entry.target.enabled) ? "metrics_only" : "intelligent",

  /** Stores a definition, replacing one of the same name. Errors: no_key, too_large. */
  async put(
    target: Target,
    origin: string,
    now: number,
  ): Promise<Result<{ replaced: boolean }, SealError | "too_large">> {
    const sealed = await seal(env.ENCRYPTION_KEYS, target.name, JSON.stringify(writeTarget(target)));
    if (!sealed.ok) return sealed;
    if (sealed.value.length > MAX_SEALED_CHARS) return err("too_large");
    const { replaced } = await objectOf(env).put({ name: target.name, sealed: sealed.value, origin, updatedAt: now });
    forget();
    return ok({ replaced });
  },

  async remove(name: string): Promise<boolean> {
    const { removed } = await objectOf(env).remove(name);
    forget();
    return removed;
  },
});

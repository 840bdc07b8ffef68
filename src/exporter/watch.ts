/**
 * Lists and watches the Secrets of one namespace (or all) that match one selector, for ever. After any failure it lists
 * again: a list is the truth, a watch only keeps it fresh. Also lists at intervals, since watches have been seen to
 * stall without an error.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { KubeConfig } from "@kubernetes/client-node";
import { listSecrets, watchSecrets } from "./kubernetes.ts";
import { errorCode, type Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { readSecret, type SecretRecord, secretKey } from "./secret.ts";
import type { Selector } from "./selector.ts";

export interface WatchTimes {
  /** Between lists while all is well. */
  readonly relistMs: number;
  /** Pause after the first failure; it doubles up to the cap. */
  readonly retryMs: number;
  readonly retryCapMs: number;
  /** Failing for so long, what is known is reported as old. */
  readonly staleMs: number;
}

export interface WatchOptions {
  /** Read anew before each list: tokens and certificates in it rotate. */
  readonly loadKubeConfig: () => KubeConfig;
  /** null: all namespaces. */
  readonly namespace: string | null;
  readonly selector: Selector;
  readonly times: WatchTimes;
  readonly onChange: () => void;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly now: () => number;
}

export interface WatchState {
  readonly status: "starting" | "ok" | "forbidden" | "error";
  readonly error: string | null;
  /** When the API server last answered as it should; null: never. */
  readonly syncedAt: number | null;
  /** Since when it fails without a break; null: it does not. */
  readonly failingSince: number | null;
}

/** A Secret and when, in the order of this process, we learnt of this version of it. */
export interface SeenSecret {
  readonly secret: SecretRecord;
  readonly seen: number;
}

export interface SecretWatch {
  readonly secrets: () => Iterable<SeenSecret>;
  readonly state: () => WatchState;
  readonly stop: () => Promise<void>;
}

let sequence = 0;

/** Starts at once; the first list may still be under way when it returns. */
export const startWatch = (options: WatchOptions): SecretWatch => {
  const { namespace, selector, times, log, metrics, now } = options;
  const where = { namespace: namespace ?? "*", selector: selector.text };
  const stopping = new AbortController();
  const secrets = new Map<string, SeenSecret>();
  let syncedAt: number | null = null;
  let failure: { readonly code: string; readonly since: number; readonly isForbidden: boolean } | null = null;
  /** Of the last warning that no recovery was logged for. */
  let warned: string | null = null;
  let pauseMs = times.retryMs;

  const put = (secret: SecretRecord): boolean => {
    const known = secrets.get(secretKey(secret))?.secret;
    if (known !== undefined && known.resourceVersion === secret.resourceVersion) return false;
    secrets.set(secretKey(secret), { secret, seen: ++sequence });
    return true;
  };
  /** True where this changed what we know. What does not match is treated as gone, whoever sent it. */
  const take = (type: string, object: unknown): boolean => {
    const secret = readSecret(object, namespace ?? "default");
    if (secret === null) return false;
    const isHere = type !== "DELETED" && selector.matches(secret.labels);
    return isHere ? put(secret) : secrets.delete(secretKey(secret));
  };
  const succeed = (): void => {
    failure = null;
    syncedAt = now();
  };
  const relist = async (kubeConfig: KubeConfig): Promise<string> => {
    const list = await listSecrets(kubeConfig, namespace, selector.text, stopping.signal);
    const records = list.items.flatMap((item) => {
      const secret = readSecret(item, namespace ?? "default");
      return secret !== null && selector.matches(secret.labels) ? [secret] : [];
    });
    const names = new Set(records.map(secretKey));
    const gone = [...secrets.keys()].filter((key) => !names.has(key));
    for (const key of gone) secrets.delete(key);
    const changed = records.filter(put);
    const isNews = syncedAt === null || failure?.isForbidden === true;
    succeed();
    if (isNews || gone.length + changed.length > 0) {
      log("info", "secrets listed", { ...where, secrets: secrets.size, changed: changed.length, gone: gone.length });
      options.onChange();
    }
    return list.resourceVersion;
  };

  const follow = async (kubeConfig: KubeConfig, from: string): Promise<void> => {
    let version = from;
    const until = now() + times.relistMs * (0.9 + Math.random() / 5);
    while (now() < until && !stopping.signal.aborted) {
      const openedAt = now();
      // A watch that looks alive may have stalled: it does not outlive the interval of the lists.
      const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(Math.ceil(until - openedAt))]);
      const end = await watchSecrets(kubeConfig, namespace, selector.text, version, signal, (type, object) => {
        metrics.count("watch_events_total", { type });
        if (type !== "BOOKMARK" && take(type, object)) options.onChange();
      });
      metrics.count("watches_total", { namespace: where.namespace, end: end.kind });
      if (end.kind === "failed") throw end.error;
      succeed();
      pauseMs = times.retryMs;
      if (warned !== null) log("info", "secrets are read again", where);
      warned = null;
      if (end.kind === "expired") {
        log("debug", "watch expired, listing again", where);
        await sleep(times.retryMs, undefined, { signal: stopping.signal });
        return;
      }
      // A server that hangs up at once would otherwise be called in a tight loop.
      if (now() - openedAt < times.retryMs) await sleep(times.retryMs, undefined, { signal: stopping.signal });
      version = end.version;
    }
  };

  const fail = (phase: "list" | "watch", error: unknown): void => {
    const code = errorCode(error);
    if (phase === "list") metrics.count("lists_total", { namespace: where.namespace, result: "failed" });
    if (warned !== code) log("warn", "secrets cannot be read", { ...where, phase, code });
    warned = code;
    const wasForbidden = failure?.isForbidden === true;
    const isForbidden = phase === "list" && code === "403";
    failure = { code, since: failure?.since ?? now(), isForbidden };
    if (!isForbidden || wasForbidden) return;
    // Without the right to read them we have no right to keep serving them either.
    secrets.clear();
    options.onChange();
  };

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      let phase: "list" | "watch" = "list";
      try {
        const kubeConfig = options.loadKubeConfig();
        const version = await relist(kubeConfig);
        metrics.count("lists_total", { namespace: where.namespace, result: "ok" });
        phase = "watch";
        await follow(kubeConfig, version);
      } catch (error) {
        if (stopping.signal.aborted) return;
        fail(phase, error);
        await sleep(pauseMs * (0.75 + Math.random() / 2), undefined, { signal: stopping.signal }).catch(
          () => undefined,
        );
        pauseMs = Math.min(pauseMs * 2, times.retryCapMs);
      }
    }
  };
  const running = run();

  return {
    secrets: () => secrets.values(),
    state: () => {
      const known = { syncedAt, failingSince: failure?.since ?? null };
      if (failure?.isForbidden === true) return { ...known, status: "forbidden", error: "403" };
      if (failure === null) return { ...known, status: syncedAt === null ? "starting" : "ok", error: null };
      const isOld = syncedAt === null || now() - failure.since >= times.staleMs;
      return { ...known, status: isOld ? "error" : "ok", error: isOld ? failure.code : null };
    },
    stop: () => {
      stopping.abort();
      return running;
    },
  };
};

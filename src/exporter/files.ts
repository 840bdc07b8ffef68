/**
 * Secrets from a directory of manifests instead of a cluster, watched for changes. A file that breaks takes nothing away:
 * its Secrets are reported unreadable, and where we do not know which they were, the answer says that it is not complete.
 */
import { type FSWatcher, watch } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { errorCode, type Log } from "./log.ts";
import { readManifests } from "./manifests.ts";
import type { Metrics } from "./metrics.ts";
import { type SecretRecord, secretKey } from "./secret.ts";
import type { Selector } from "./selector.ts";
import type { UnreadableSecret } from "./snapshot.ts";
import type { SecretSource } from "./source.ts";

export interface FilesOptions {
  readonly directory: string;
  /** null: all namespaces. */
  readonly namespaces: readonly string[] | null;
  readonly selectors: readonly Selector[];
  /** Between reads without a sign of change: file systems of other machines give none. */
  readonly rescanMs: number;
  /** A checkout removes files to write them anew: what is gone counts as gone when it still is after this long. */
  readonly confirmMs: number;
  readonly onChange: () => void;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly now: () => number;
}

/** Editors and `git checkout` write in bursts. */
const SETTLE_MS = 100;
/** The size of the largest object Kubernetes stores, times some: a file above it is no manifest. */
const MAX_FILE_BYTES = 8 * 1024 * 1024;

type SecretName = Pick<SecretRecord, "namespace" | "name">;

interface Scan {
  readonly secrets: readonly SecretRecord[];
  readonly unreadable: readonly UnreadableSecret[];
  readonly isComplete: boolean;
}

/** Git's own, and what the kubelet keeps behind the links of a mounted volume: it is read through them. */
const NOT_OURS = /(^|[\\/])(\.git|\.\.[^\\/]*)[\\/]/;

const listFiles = async (directory: string): Promise<readonly string[]> => {
  const names = await readdir(directory, { recursive: true });
  const paths = names.filter((name) => /\.(ya?ml|json)$/i.test(name) && !NOT_OURS.test(name));
  return paths.sort().map((name) => join(directory, name));
};

/** null: it is no file of ours, or gone since it was listed. */
const readText = async (path: string): Promise<{ text: string; defect: string | null } | null> => {
  try {
    const found = await stat(path);
    if (!found.isFile() || found.size > MAX_FILE_BYTES) return null;
    return { text: await readFile(path, "utf8"), defect: null };
  } catch (error) {
    return errorCode(error) === "ENOENT" ? null : { text: "", defect: `${basename(path)} cannot be opened` };
  }
};

const watchDirectory = (path: string, onSign: () => void, onError: (error: unknown) => void): FSWatcher | null => {
  try {
    return watch(path, { recursive: true }, onSign).on("error", onError);
  } catch (error) {
    onError(error);
    return null;
  }
};

/** Starts reading at once. */
export const watchFiles = (options: FilesOptions): SecretSource => {
  const { directory, namespaces, selectors, log, metrics, now } = options;
  /** Which Secrets each file held when it was last whole. */
  let held: ReadonlyMap<string, readonly SecretName[]> = new Map();
  let last: Scan = { secrets: [], unreadable: [], isComplete: false };
  let scannedAt: number | null = null;
  let failure: string | null = null;
  let content = "";

  const isOurs = (secret: SecretRecord): boolean =>
    (namespaces?.includes(secret.namespace) ?? true) && selectors.some((selector) => selector.matches(secret.labels));

  const scan = async (): Promise<Scan> => {
    const secrets = new Map<string, SecretRecord>();
    const unreadable: UnreadableSecret[] = [];
    let isComplete = true;
    const holding = new Map<string, readonly SecretName[]>();
    for (const path of await listFiles(directory)) {
      const file = await readText(path);
      if (file === null) continue;
      const read = readManifests(path, file.text);
      const ours = read.secrets.filter(isOurs);
      for (const secret of ours) {
        const { namespace, name } = secret;
        const isFirst = !secrets.has(secretKey(secret));
        if (isFirst) secrets.set(secretKey(secret), secret);
        else unreadable.push({ namespace, name, reason: "duplicate_name", detail: "it is defined more than once" });
      }
      const detail = file.defect ?? read.defect;
      const names = new Set(ours.map(secretKey));
      const lost = detail === null ? [] : (held.get(path) ?? []).filter((name) => !names.has(secretKey(name)));
      unreadable.push(...lost.map((name) => ({ ...name, reason: "invalid_json" as const, detail: detail ?? "" })));
      if (detail === null || held.has(path)) {
        holding.set(path, [...ours.map(({ namespace, name }) => ({ namespace, name })), ...lost]);
      }
      // Other people's YAML may be broken as it likes; ours must not vanish with it.
      const isOfInterest =
        file.defect !== null || selectors.some(({ keys }) => keys.some((key) => file.text.includes(key)));
      if (detail !== null && isOfInterest) {
        if (!held.has(path)) isComplete = false;
        log("warn", "a file cannot be read", { path, defect: detail });
      }
    }
    held = holding;
    return { secrets: [...secrets.values()], unreadable, isComplete };
  };

  const isMissingFrom = ({ secrets, unreadable }: Scan): boolean => {
    const found = new Set([...secrets, ...unreadable].map(secretKey));
    return last.secrets.some((secret) => !found.has(secretKey(secret)));
  };

  const rescan = async (): Promise<void> => {
    try {
      let next = await scan();
      if (isMissingFrom(next)) {
        await sleep(options.confirmMs);
        next = await scan();
      }
      last = next;
      failure = null;
      scannedAt = now();
    } catch (error) {
      if (failure !== errorCode(error))
        log("warn", "the directory cannot be read", { directory, code: errorCode(error) });
      failure = errorCode(error);
    }
    metrics.count("file_scans_total", { result: failure === null ? "ok" : "failed" });
    const found = JSON.stringify([
      failure,
      last.isComplete,
      last.unreadable,
      last.secrets.map((s) => [s, [...s.data]]),
    ]);
    if (found !== content) {
      content = found;
      log("info", "manifests read", { directory, secrets: last.secrets.length, unreadable: last.unreadable.length });
      options.onChange();
    }
  };

  let queue = Promise.resolve();
  const request = (): void => {
    queue = queue.then(rescan);
  };
  let settling: NodeJS.Timeout | undefined;
  const settle = (): void => {
    clearTimeout(settling);
    settling = setTimeout(request, SETTLE_MS);
  };
  const interval = setInterval(request, options.rescanMs);
  const watcher = watchDirectory(directory, settle, (error) =>
    log("warn", "the directory gives no sign of changes, they are found at intervals", { code: errorCode(error) }),
  );
  request();

  return {
    secrets: () => last.secrets,
    unreadable: () => last.unreadable,
    namespaces: () => [
      failure === null && last.isComplete
        ? { name: "*", status: "ok" }
        : { name: "*", status: "error", error: failure ?? "unreadable_file" },
    ],
    isReady: () => scannedAt !== null,
    ages: () => (scannedAt === null ? [] : [[{ namespace: "*" }, (now() - scannedAt) / 1000]]),
    stop: async () => {
      clearInterval(interval);
      clearTimeout(settling);
      watcher?.close();
      await queue;
    },
  };
};

/** An exporter in this process beside a fake API server, with all it wrote. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { type Snapshot, snapshotSchema } from "../../src/core/route/snapshot.ts";
import { readConfig } from "../../src/exporter/config.ts";
import { type Exporter, type ExporterTimes, startExporter } from "../../src/exporter/exporter.ts";
import { createLog } from "../../src/exporter/log.ts";

export const TOKEN = "exporter-token-for-tests";

/** Fast enough for a test, slow enough to see a pause. */
const TIMES: ExporterTimes = { retryMs: 20, retryCapMs: 100, staleMs: 1000, rescanMs: 1000, confirmMs: 50 };

export interface Running {
  readonly exporter: Exporter;
  readonly url: string;
  readonly logs: string[];
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Response>;
  readonly targets: () => Promise<Snapshot>;
}

export const run = async (
  env: Record<string, string>,
  loadKubeConfig: () => KubeConfig = () => new KubeConfig(),
  changes: Partial<ExporterTimes> & { readonly relistMs?: number } = {},
): Promise<Running> => {
  const config = readConfig({
    EXPORTER_TOKEN: TOKEN,
    PORT: "0",
    HOST: "127.0.0.1",
    SHUTDOWN_DELAY_SECONDS: "0",
    ...env,
  });
  if (!config.ok) throw new Error(config.error.join("; "));
  const logs: string[] = [];
  const log = createLog(
    "debug",
    (line) => void logs.push(line),
    () => Date.now(),
  );
  const { relistMs = config.value.relistMs, ...times } = changes;
  const exporter = await startExporter({ ...config.value, relistMs }, log, {
    loadKubeConfig,
    times: { ...TIMES, ...times },
  });
  const url = `http://127.0.0.1:${exporter.port}`;
  const get: Running["get"] = (path, headers) =>
    fetch(url + path, { headers: { Authorization: `Bearer ${TOKEN}`, ...headers } });
  const targets = async (): Promise<Snapshot> => snapshotSchema.parse(await (await get("/targets")).json());
  return { exporter, url, logs, get, targets };
};

/** A kubeconfig whose token is in the file `token` beside it, as a Pod has its own. Answers its path. */
export const kubeConfigFile = (folder: string, server: string, token: string): string => {
  mkdirSync(folder, { recursive: true });
  const tokenFile = join(folder, "token");
  writeFileSync(tokenFile, token);
  const user = { name: "u", user: { "auth-provider": { name: "tokenFile", config: { tokenFile } } } };
  const cluster = { name: "c", cluster: { server, "insecure-skip-tls-verify": true } };
  const path = join(folder, "config");
  writeFileSync(
    path,
    JSON.stringify({
      ...{ apiVersion: "v1", kind: "Config", "current-context": "x" },
      ...{ clusters: [cluster], users: [user], contexts: [{ name: "x", context: { cluster: "c", user: "u" } }] },
    }),
  );
  return path;
};

/** Waits until `check` stops throwing; its last error where it never does. */
export const eventually = async <T>(check: () => T | Promise<T>, withinMs = 60_000): Promise<T> => {
  const until = Date.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
};

/**
 * Discovery without a cluster: the exporter in file mode, in this process, on a directory of Secret manifests. The Worker
 * reads it as the cluster `local`, and hears of each change at once.
 */
import { randomBytes } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { err, ok, type Result } from "../core/result.ts";
import { readConfig } from "../exporter/config.ts";
import { startExporter } from "../exporter/exporter.ts";
import { createLog } from "../exporter/log.ts";
import { writePrivately } from "./files.ts";
import { HOST } from "./ports.ts";

export interface Discovery {
  readonly directory: string;
  /** The value of the Worker's `CLUSTERS`, with what it held already. */
  readonly clusters: string;
  readonly stop: () => Promise<void>;
}

export const LOCAL_CLUSTER = "local";

/** A first manifest to look at and to change: it leads to the local sink, and is switched off. */
export const sampleManifest = (
  sinkUrl: string,
): string => `# Every labelled Secret in this folder is a target, as it would be in a cluster. Save, and it is in force.
apiVersion: v1
kind: Secret
metadata:
  name: sample-webhook
  namespace: alert-targets
  labels:
    alert-history.io/publish-target: "true"
stringData:
  type: webhook
  url: ${sinkUrl}
  enabled: "false"
  description: The local sink once more; set enabled to "true"
`;

/** `given` with our cluster added; a cluster of the same name keeps its own. */
export const addCluster = (given: string | undefined, url: string, token: string): Result<string, string> => {
  const ours = { name: LOCAL_CLUSTER, url, token, interval_seconds: 60 };
  if (given === undefined || given.trim() === "") return ok(JSON.stringify([ours]));
  try {
    const list: unknown = JSON.parse(given);
    if (!Array.isArray(list)) return err("CLUSTERS must be a list");
    const isTaken = list.some((entry: { name?: unknown } | null) => entry?.name === LOCAL_CLUSTER);
    return ok(JSON.stringify(isTaken ? list : [...list, ours]));
  } catch {
    // The parser's message would quote a token.
    return err("CLUSTERS is not JSON");
  }
};

const makeDirectory = (directory: string, sinkUrl: string): void => {
  if (existsSync(directory)) return;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writePrivately(join(directory, "sample.yaml"), sampleManifest(sinkUrl));
};

export interface FileExporter {
  readonly url: string;
  readonly token: string;
  readonly stop: () => Promise<void>;
}

export interface FileExporterOptions {
  readonly cluster: string;
  readonly directory: string;
  readonly workerUrl: string;
  readonly stateDir: string;
  readonly selectors?: string | undefined;
}

/** An exporter in file mode in this process, with a token of its own. Errors: a sentence for the terminal. */
export const startFileExporter = async ({
  cluster,
  directory,
  workerUrl,
  stateDir,
  selectors,
}: FileExporterOptions): Promise<Result<FileExporter, string>> => {
  const token = randomBytes(24).toString("base64url");
  const config = readConfig({
    CLUSTER: cluster,
    SECRETS_DIR: directory,
    HOST,
    PORT: "0",
    EXPORTER_TOKEN: token,
    NUDGE_URL: workerUrl,
    NUDGE_TOKEN: token,
    ALLOW_HTTP_TARGETS: "true",
    ALLOW_PRIVATE_TARGETS: "true",
    ALLOW_TARGET_PORTS: "true",
    ...(selectors === undefined ? {} : { TARGET_LABEL_SELECTORS: selectors }),
  });
  if (!config.ok) return err(config.error.join("; "));
  const logFile = join(stateDir, "exporter.log");
  const log = createLog(
    "info",
    (line) => appendFileSync(logFile, line, { mode: 0o600 }),
    () => Date.now(),
  );
  const exporter = await startExporter(config.value, log);
  return ok({ url: `http://${HOST}:${exporter.port}`, token, stop: exporter.drain });
};

/** Starts the exporter on `SECRETS_DIR`, or on `secrets` in the state directory. Errors: a sentence for the terminal. */
export const startDiscovery = async (
  env: Readonly<Record<string, string | undefined>>,
  stateDir: string,
  workerUrl: string,
  sinkUrl: string,
): Promise<Result<Discovery, string>> => {
  const given = env.SECRETS_DIR ?? "";
  const directory = given === "" ? join(stateDir, "secrets") : resolve(given);
  if (given === "") makeDirectory(directory, sinkUrl);
  const selectors = env.TARGET_LABEL_SELECTORS;
  const exporter = await startFileExporter({ cluster: LOCAL_CLUSTER, directory, workerUrl, stateDir, selectors });
  if (!exporter.ok) return exporter;
  const { url, token, stop } = exporter.value;
  const clusters = addCluster(env.CLUSTERS, url, token);
  if (!clusters.ok) {
    await stop();
    return clusters;
  }
  return ok({ directory, clusters: clusters.value, stop });
};

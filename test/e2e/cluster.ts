/** A cluster beside a running `npm start`: an API server with Secrets, the exporter that reads it, the Worker it nudges. */
import { type Running, run, TOKEN } from "../exporter/harness.ts";
import { KubernetesApi } from "../exporter/kubernetes-api.ts";
import { freePort } from "../support/ports.ts";
import { type Instance, readJson, startInstance, startScript, until } from "./instance.ts";

/** The Worker asks by itself so seldom that whatever comes sooner, came by a nudge. */
const INTERVAL_SECONDS = 3600;

export interface Cluster {
  readonly api: KubernetesApi;
  readonly exporter: Running;
  /** Starts the Worker, or starts it again on the same state and port. */
  readonly startWorker: () => Promise<Instance>;
  readonly stop: () => Promise<void>;
}

/** The exporter runs with what it does by itself; `fill` puts the first Secrets. */
export const startCluster = async (
  stateDir: string,
  fill: (api: KubernetesApi) => void,
  env: Readonly<Record<string, string>> = {},
): Promise<Cluster> => {
  const api = new KubernetesApi();
  await api.start();
  fill(api);
  const port = await freePort();
  const exporter = await run(
    {
      CLUSTER: "prod",
      TARGET_NAMESPACES: "alerts",
      NUDGE_URL: `http://127.0.0.1:${port}`,
      NUDGE_TOKEN: TOKEN,
      ...{ ALLOW_HTTP_TARGETS: "true", ALLOW_PRIVATE_TARGETS: "true", ALLOW_TARGET_PORTS: "true" },
    },
    () => api.kubeConfig(),
  );
  const clusters = [{ name: "prod", url: exporter.url, token: TOKEN, interval_seconds: INTERVAL_SECONDS }];
  return {
    api,
    exporter,
    startWorker: () =>
      startInstance({
        cwd: process.cwd(),
        command: startScript(process.cwd()),
        env: { PORT: String(port), STATE_DIR: stateDir, CLUSTERS: JSON.stringify(clusters), ...env },
      }),
    stop: async () => {
      await exporter.exporter.drain();
      await api.stop();
    },
  };
};

export interface ShownTarget {
  readonly name: string;
  readonly priority: number;
  readonly frozen: boolean;
}

/** The targets of this cluster as the Worker has them. */
export const shownTargets = async (worker: Instance): Promise<readonly ShownTarget[]> =>
  (await readJson(worker, "/publishing/targets?cluster=prod&limit=1000")) as ShownTarget[];

/** Milliseconds until `holds`, or null when it does not within a while. */
export const timeUntil = async (holds: () => Promise<boolean>): Promise<number | null> => {
  const from = performance.now();
  const found = await until(60_000, async () => ((await holds()) ? performance.now() - from : null));
  return found;
};

/** Puts the parts together: one source, one server, perhaps one nudge. Holds no decision of its own. */
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { KubeConfig } from "@kubernetes/client-node";
import type { TargetReadOptions } from "../core/route/target-read.ts";
import type { Config } from "./config.ts";
import { type FilesOptions, watchFiles } from "./files.ts";
import type { Log } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import { createNudge } from "./nudge.ts";
import { createExporterServer } from "./server.ts";
import { buildSnapshot, type Mapped, mapSecrets, type TaggedSnapshot } from "./snapshot.ts";
import type { SecretSource } from "./source.ts";
import type { WatchTimes } from "./watch.ts";

export interface Exporter {
  readonly port: number;
  /** Stops being ready, keeps answering for a while, lets what is under way finish. */
  readonly drain: () => Promise<void>;
}

export type ExporterTimes = Omit<WatchTimes, "relistMs"> & Pick<FilesOptions, "rescanMs" | "confirmMs">;

/**
 * A failing API server is asked again after 1 s, at most every 30 s; a minute later what we know counts as old. Reading a
 * directory is cheap, and some file systems give no sign of changes; a checkout is over in half a second.
 */
const TIMES: ExporterTimes = { retryMs: 1000, retryCapMs: 30_000, staleMs: 60_000, rescanMs: 10_000, confirmMs: 500 };
/** Longer than any answer takes; after it connections are cut. */
const DRAIN_MS = 10_000;

/** For tests: another API server, and less patience. */
export interface ExporterOverrides {
  readonly loadKubeConfig?: () => KubeConfig;
  readonly times?: ExporterTimes;
}

/** Resolves when it listens; the first list may still be under way. Rejects where the port cannot be had. */
export const startExporter = async (
  config: Config,
  log: Log,
  { times = TIMES, ...overrides }: ExporterOverrides = {},
): Promise<Exporter> => {
  const now = (): number => Date.now();
  const metrics = createMetrics();
  const { selectors, namespaces } = config;
  const readOptions: TargetReadOptions = { ...config.addresses, parseUrl: (text) => URL.parse(text) };

  // Mapping a thousand Secrets takes longer than answering with them: done once for each change.
  let mapped: Mapped | null = null;
  const map = (): Mapped => {
    mapped ??= mapSecrets(source.secrets(), source.unreadable(), readOptions);
    return mapped;
  };
  const snapshot = (): TaggedSnapshot => buildSnapshot(map(), source.namespaces(), config.cluster, now());
  const nudge =
    config.nudge === null ? null : createNudge({ ...config.nudge, etag: () => snapshot().etag, log, metrics });
  const onChange = (): void => {
    mapped = null;
    if (source.isReady()) nudge?.request();
  };
  const common = { selectors, namespaces, onChange, log, metrics, now };
  const openCluster = async (): Promise<SecretSource> => {
    // The client takes a second and 100 MB, for nothing where there are only files.
    const [{ watchCluster }, { loadKubeConfig }] = await Promise.all([
      import("./cluster.ts"),
      import("./kubernetes.ts"),
    ]);
    const load = overrides.loadKubeConfig ?? (() => loadKubeConfig(process.env));
    return watchCluster({ ...common, loadKubeConfig: load, times: { ...times, relistMs: config.relistMs } });
  };
  const source: SecretSource =
    config.directory === null ? await openCluster() : watchFiles({ ...common, ...times, directory: config.directory });

  metrics.gauge("targets", "Targets served.", () => [[{}, map().targets.length]]);
  metrics.gauge("invalid_secrets", "Labelled Secrets that are no target.", () => [[{}, map().invalid.length]]);
  metrics.gauge("namespace_ok", "1 where the namespace can be read.", () =>
    source.namespaces().map(({ name, status }) => [{ namespace: name }, status === "ok" ? 1 : 0]),
  );
  metrics.gauge("sync_age_seconds", "Since the source was last known to be read whole.", () => source.ages());

  let isDraining = false;
  const server = createExporterServer({
    tokens: config.tokens,
    snapshot,
    isReady: () => !isDraining && source.isReady(),
    hasSnapshot: () => source.isReady(),
    metrics,
    log,
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ port: config.port, ...(config.host === null ? {} : { host: config.host }) }, resolve);
    });
  } catch (error) {
    await source.stop();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  log("info", "listening", {
    port,
    cluster: config.cluster,
    source: config.directory === null ? "kubernetes" : "files",
  });

  return {
    port,
    drain: async () => {
      isDraining = true;
      log("info", "draining");
      await sleep(config.shutdownDelayMs);
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
      await Promise.all([closed, source.stop(), nudge?.stop()]);
      clearTimeout(cut);
      log("info", "stopped");
    },
  };
};

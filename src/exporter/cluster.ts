/** The Secrets of a cluster: one watch for each namespace and selector, read as one source. */
import type { SnapshotNamespace } from "../core/route/snapshot.ts";
import { type SecretRecord, secretKey } from "./secret.ts";
import type { Selector } from "./selector.ts";
import type { SecretSource } from "./source.ts";
import { type SecretWatch, type SeenSecret, startWatch, type WatchOptions, type WatchState } from "./watch.ts";

export interface ClusterOptions extends Omit<WatchOptions, "namespace" | "selector"> {
  /** null: all namespaces. */
  readonly namespaces: readonly string[] | null;
  readonly selectors: readonly Selector[];
}

/** The worst first: a namespace is as well as the worst of its watches. */
const BY_BADNESS = ["forbidden", "error", "starting", "ok"] as const;

const describeNamespace = (name: string, states: readonly WatchState[]): SnapshotNamespace => {
  const [worst] = [...states].sort((a, b) => BY_BADNESS.indexOf(a.status) - BY_BADNESS.indexOf(b.status));
  const status = worst?.status ?? "error";
  return {
    name,
    status: status === "starting" ? "error" : status,
    ...(worst?.error == null ? {} : { error: worst.error }),
  };
};

/** A Secret that several watches know counts once, in the version learnt last. */
const mergeSeen = (watches: readonly SecretWatch[]): readonly SecretRecord[] => {
  const newest = new Map<string, SeenSecret>();
  for (const watch of watches) {
    for (const seen of watch.secrets()) {
      const known = newest.get(secretKey(seen.secret));
      if (known === undefined || known.seen < seen.seen) newest.set(secretKey(seen.secret), seen);
    }
  }
  return [...newest.values()].map(({ secret }) => secret);
};

/** Starts watching at once. */
export const watchCluster = (options: ClusterOptions): SecretSource => {
  const { namespaces, selectors, ...rest } = options;
  const watches = (namespaces ?? [null]).flatMap((namespace) =>
    selectors.map((selector) => ({ namespace, selector, watch: startWatch({ ...rest, namespace, selector }) })),
  );
  return {
    secrets: () => mergeSeen(watches.map(({ watch }) => watch)),
    unreadable: () => [],
    namespaces: () =>
      (namespaces ?? [null]).map((namespace) => {
        const own = watches.filter((entry) => entry.namespace === namespace);
        return describeNamespace(
          namespace ?? "*",
          own.map(({ watch }) => watch.state()),
        );
      }),
    isReady: () => {
      const states = watches.map(({ watch }) => watch.state());
      const hasAnswered = ({ syncedAt, status }: WatchState): boolean => syncedAt !== null || status === "forbidden";
      const isGivenUp = ({ failingSince }: WatchState): boolean =>
        failingSince !== null && options.now() - failingSince >= options.times.staleMs;
      // One that never answers must not keep the others from being served; it is told as being in error.
      return states.some(hasAnswered) && states.every((state) => hasAnswered(state) || isGivenUp(state));
    },
    ages: () =>
      watches.flatMap(({ namespace, selector, watch }) => {
        const { syncedAt } = watch.state();
        const labels = { namespace: namespace ?? "*", selector: selector.text };
        return syncedAt === null ? [] : [[labels, (options.now() - syncedAt) / 1000] as const];
      }),
    stop: async () => {
      await Promise.all(watches.map(({ watch }) => watch.stop()));
    },
  };
};

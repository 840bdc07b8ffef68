/** The two calls we make of the Kubernetes API, both always with a label selector: list Secrets, watch Secrets. */
import {
  type ConfigurationOptions,
  CoreV1Api,
  KubeConfig,
  Observable,
  type RequestContext,
  type V1SecretList,
  Watch,
} from "@kubernetes/client-node";

/** Keeps one answer of the API server small; a list of any length comes in pages of one consistent version. */
const PAGE_SIZE = 250;
/** Longer than any API server takes for a page; without it a dead connection would be waited for. */
const LIST_TIMEOUT_MS = 30_000;
/**
 * The server ends each watch after this long, with a bookmark before: the client library gives up a watch that was silent
 * for 30 s, and so silence of more than that means a dead connection.
 */
const WATCH_SECONDS = 25;

export interface SecretList {
  readonly items: readonly unknown[];
  readonly resourceVersion: string;
}

/** How a watch ended; `expired`: its version is too old, only a list helps. */
export type WatchEnd =
  | { readonly kind: "closed"; readonly version: string }
  | { readonly kind: "expired" }
  | { readonly kind: "failed"; readonly error: unknown };

/** In a Pod its service account, elsewhere `KUBECONFIG` or the user's own. */
export const loadKubeConfig = (env: NodeJS.ProcessEnv): KubeConfig => {
  const kubeConfig = new KubeConfig();
  if (env.KUBECONFIG === undefined && env.KUBERNETES_SERVICE_HOST !== undefined) kubeConfig.loadFromCluster();
  else kubeConfig.loadFromDefault();
  return kubeConfig;
};

const isExpired = (error: unknown): boolean => {
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
  return code === 410 || statusCode === 410;
};

/** The client has no option for it: a request is given its signal on the way out. */
const abortable = (signal: AbortSignal): ConfigurationOptions => ({
  middleware: [
    {
      pre: (request: RequestContext) => {
        request.setSignal(signal);
        return new Observable(Promise.resolve(request));
      },
      post: (response) => new Observable(Promise.resolve(response)),
    },
  ],
  middlewareMergeStrategy: "append",
});

/** All pages. Throws what the client throws, an HTTP status in `code`. */
export const listSecrets = async (
  kubeConfig: KubeConfig,
  namespace: string | null,
  labelSelector: string,
  signal: AbortSignal,
): Promise<SecretList> => {
  const api = kubeConfig.makeApiClient(CoreV1Api);
  const options = abortable(AbortSignal.any([signal, AbortSignal.timeout(LIST_TIMEOUT_MS)]));
  const page = (paging: { limit?: number; _continue?: string }): Promise<V1SecretList> =>
    namespace === null
      ? api.listSecretForAllNamespaces({ labelSelector, ...paging }, options)
      : api.listNamespacedSecret({ namespace, labelSelector, ...paging }, options);

  const items: unknown[] = [];
  let list = await page({ limit: PAGE_SIZE });
  // A change between two pages must not lie before what is watched from; a change seen twice does no harm.
  let resourceVersion = list.metadata?.resourceVersion ?? "";
  items.push(...list.items);
  while (list.metadata?._continue) {
    try {
      list = await page({ limit: PAGE_SIZE, _continue: list.metadata._continue });
      items.push(...list.items);
    } catch (error) {
      if (!isExpired(error)) throw error;
      // The version the pages belong to was compacted away meanwhile: take it all in one.
      list = await page({});
      resourceVersion = list.metadata?.resourceVersion ?? "";
      items.splice(0, items.length, ...list.items);
    }
  }
  return { items, resourceVersion };
};

/** Resolves when the watch is over; never rejects. `onEvent` must not throw. */
export const watchSecrets = (
  kubeConfig: KubeConfig,
  namespace: string | null,
  labelSelector: string,
  from: string,
  signal: AbortSignal,
  onEvent: (type: string, object: unknown) => void,
): Promise<WatchEnd> =>
  new Promise((resolve) => {
    let version = from;
    let refused: unknown = null;
    const path = namespace === null ? "/api/v1/secrets" : `/api/v1/namespaces/${namespace}/secrets`;
    const query = { labelSelector, resourceVersion: from, allowWatchBookmarks: true, timeoutSeconds: WATCH_SECONDS };
    const receive = (type: string, object: unknown): void => {
      if (type === "ERROR") {
        refused ??= object;
        return;
      }
      onEvent(type, object);
      const { metadata } = (object ?? {}) as { metadata?: { resourceVersion?: unknown } };
      if (typeof metadata?.resourceVersion === "string") version = metadata.resourceVersion;
    };
    let controller: AbortController | null = null;
    const abort = (): void => controller?.abort();
    const end = (error: unknown): void => {
      signal.removeEventListener("abort", abort);
      const reason = refused ?? error;
      if (signal.aborted) resolve({ kind: "closed", version });
      else if (isExpired(reason)) resolve({ kind: "expired" });
      else if (reason !== null && reason !== undefined) resolve({ kind: "failed", error: reason });
      else resolve({ kind: "closed", version });
    };
    signal.addEventListener("abort", abort);
    new Watch(kubeConfig).watch(path, query, receive, end).then((opened) => {
      controller = opened;
      if (signal.aborted) abort();
    }, end);
  });

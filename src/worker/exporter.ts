/**
 * The only fetch to an exporter. Its answer holds every secret of a cluster: it is read up to a limit, checked against
 * the schema, and no part of it, nor of an error's message, leaves here on failure, only a reason.
 */
import type { Cluster } from "../core/route/cluster.ts";
import type { SyncFailure } from "../core/route/registry-state.ts";
import { type Snapshot, snapshotSchema } from "../core/route/snapshot.ts";

const TIMEOUT_MS = 10_000;
/** A thousand targets of 4 kB; more would not fit into the registry either. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

export type ExporterAnswer =
  | { readonly kind: "snapshot"; readonly snapshot: Snapshot; readonly etag: string | null }
  | { readonly kind: "unchanged" }
  | { readonly kind: "failed"; readonly reason: SyncFailure };

const failed = (reason: SyncFailure): ExporterAnswer => ({ kind: "failed", reason });

/** null: longer than the limit. */
const readBody = async (response: Response): Promise<string | null> => {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    const part = chunk as Uint8Array;
    bytes += part.byteLength;
    // Leaving the loop cancels the rest.
    if (bytes > MAX_BODY_BYTES) return null;
    parts.push(part);
  }
  return new TextDecoder().decode(await new Blob(parts).arrayBuffer());
};

const failureOf = (status: number): SyncFailure => {
  if (status === 401 || status === 403) return "unauthorized";
  if (status >= 300 && status < 400) return "redirected";
  return status === 503 ? "not_ready" : "http_error";
};

const readSnapshot = (text: string): Snapshot | null => {
  try {
    const read = snapshotSchema.safeParse(JSON.parse(text));
    return read.success ? read.data : null;
  } catch {
    // Not JSON; the message would quote it.
    return null;
  }
};

const ask = async (cluster: Cluster, etag: string | null, signal: AbortSignal): Promise<ExporterAnswer> => {
  const response = await fetch(`${cluster.url}/targets`, {
    headers: {
      ...cluster.headers,
      authorization: `Bearer ${cluster.token}`,
      accept: "application/json",
      "user-agent": "alert-history",
      ...(etag === null ? {} : { "if-none-match": etag }),
    },
    redirect: "manual",
    signal,
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    if (response.status === 304) return etag === null ? failed("garbage") : { kind: "unchanged" };
    return failed(failureOf(response.status));
  }
  const text = await readBody(response);
  if (text === null) return failed("too_large");
  const snapshot = readSnapshot(text);
  if (snapshot === null) return failed("garbage");
  // An exporter that was given no name calls its cluster `default`; any other name is somebody else's.
  if (snapshot.cluster !== cluster.name && snapshot.cluster !== "default") return failed("wrong_cluster");
  return { kind: "snapshot", snapshot, etag: response.headers.get("etag") };
};

/** Asks a cluster's exporter for its targets; with `etag`, whether they changed since. */
export const fetchSnapshot = async (cluster: Cluster, etag: string | null): Promise<ExporterAnswer> => {
  // Not AbortSignal.timeout: its timer goes on after the answer and would keep the object awake.
  const aborter = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  // Not the signal alone: a body that stops coming must not be waited for, whatever the runtime makes of an abort.
  const late = new Promise<ExporterAnswer>((resolve) => {
    timer = setTimeout(() => {
      resolve(failed("timeout"));
      aborter.abort();
    }, TIMEOUT_MS);
  });
  try {
    return await Promise.race([ask(cluster, etag, aborter.signal).catch(() => failed("unreachable")), late]);
  } finally {
    clearTimeout(timer ?? null);
  }
};

/** Where Secrets come from: an API server, or a directory of manifests. Everything after it is the same. */
import type { SnapshotNamespace } from "../core/route/snapshot.ts";
import type { SecretRecord } from "./secret.ts";
import type { UnreadableSecret } from "./snapshot.ts";

export interface SecretSource {
  readonly secrets: () => readonly SecretRecord[];
  readonly unreadable: () => readonly UnreadableSecret[];
  readonly namespaces: () => readonly SnapshotNamespace[];
  /**
   * Every namespace has answered once, be it with a refusal, or has failed for long while another answered: what we
   * serve is no mere beginning.
   */
  readonly isReady: () => boolean;
  /** Seconds since each part was last known to be true; for the metrics. */
  readonly ages: () => readonly (readonly [Readonly<Record<string, string>>, number])[];
  readonly stop: () => Promise<void>;
}

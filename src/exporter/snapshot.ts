/** The answer of `GET /targets` from the Secrets and namespaces known now. Pure but for the hash. */
import { createHash } from "node:crypto";
import { SNAPSHOT_VERSION, type Snapshot, type SnapshotNamespace } from "../core/route/snapshot.ts";
import type { TargetDefect } from "../core/route/target.ts";
import type { TargetReadOptions } from "../core/route/target-read.ts";
import { writeTarget } from "../core/route/target-write.ts";
import { mapSecret } from "./map.ts";
import type { SecretRecord } from "./secret.ts";

export type Mapped = Pick<Snapshot, "targets" | "invalid">;

/** A Secret with a defect that was found before it could be mapped. */
export interface UnreadableSecret extends TargetDefect {
  readonly namespace: string;
  readonly name: string;
}

const byName = (a: { namespace: string; secret: string }, b: { namespace: string; secret: string }): number => {
  if (a.namespace !== b.namespace) return a.namespace < b.namespace ? -1 : 1;
  return a.secret === b.secret ? 0 : a.secret < b.secret ? -1 : 1;
};

/** Each Secret is a target or a reason. Of two targets with one name, the first by namespace and Secret keeps it. */
export const mapSecrets = (
  secrets: readonly SecretRecord[],
  unreadable: readonly UnreadableSecret[],
  options: TargetReadOptions,
): Mapped => {
  const taken = new Set<string>();
  const targets: Snapshot["targets"] = [];
  const invalid: Snapshot["invalid"] = unreadable.map(({ namespace, name, reason, detail }) => {
    return { namespace, secret: name, reason, detail };
  });
  const sorted = secrets
    .map((secret) => ({ namespace: secret.namespace, secret: secret.name, record: secret }))
    .sort(byName);
  for (const { namespace, secret, record } of sorted) {
    const read = mapSecret(record, options);
    if (!read.ok) {
      invalid.push({ namespace, secret, ...read.error });
    } else if (taken.has(read.value.target.name)) {
      invalid.push({ namespace, secret, reason: "duplicate_name", detail: "name is taken by an earlier Secret" });
    } else {
      taken.add(read.value.target.name);
      targets.push({
        namespace,
        secret,
        ...(record.resourceVersion === undefined ? {} : { resource_version: record.resourceVersion }),
        target: { ...writeTarget(read.value.target) },
        warnings: [...read.value.warnings],
      });
    }
  }
  return { targets, invalid: invalid.sort(byName) };
};

export interface TaggedSnapshot {
  readonly snapshot: Snapshot;
  /** Weak: two answers of one tag differ in `generated_at`. */
  readonly etag: string;
}

/** The whole answer, and the tag of everything in it but its time. */
export const buildSnapshot = (
  mapped: Mapped,
  namespaces: readonly SnapshotNamespace[],
  cluster: string,
  now: number,
): TaggedSnapshot => {
  const content: Omit<Snapshot, "generated_at"> = {
    version: SNAPSHOT_VERSION,
    cluster,
    complete: namespaces.every((namespace) => namespace.status === "ok"),
    namespaces: [...namespaces],
    ...mapped,
  };
  const hash = createHash("sha256").update(JSON.stringify(content)).digest("base64url");
  return { snapshot: { ...content, generated_at: new Date(now).toISOString() }, etag: `W/"${hash}"` };
};

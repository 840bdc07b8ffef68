/**
 * What an exporter answers to `GET /targets`: every publishing target of its cluster, with secrets. The exporter writes
 * it and the Worker reads it, both by this schema.
 */
import * as z from "zod";
import { TARGET_DEFECTS } from "./target.ts";

/** Raised when a reader of the old form would misread the new one; additions do not raise it. */
export const SNAPSHOT_VERSION = 1;

/** What the exporter knows of one namespace it was told to read; `*` stands for all of them. */
const namespaceSchema = z.object({
  name: z.string(),
  /**
   * ok: its targets are all in the list. forbidden: the cluster refused, so none of them is. error: those listed were
   * seen before it failed. Only where it is ok does a missing target mean that it is gone.
   */
  status: z.enum(["ok", "forbidden", "error"]),
  /** An HTTP status or error code, never a message of the other side. */
  error: z.string().optional(),
});

const secretNameSchema = { namespace: z.string(), secret: z.string() };

export const snapshotSchema = z.object({
  version: z.literal(SNAPSHOT_VERSION),
  cluster: z.string(),
  /** RFC 3339, when this answer was made. */
  generated_at: z.iso.datetime(),
  /** Every namespace is ok. */
  complete: z.boolean(),
  namespaces: z.array(namespaceSchema),
  /** In alphabetical order of namespace and Secret; `target` is what `readTarget` reads. */
  targets: z.array(
    z.object({
      ...secretNameSchema,
      resource_version: z.string().optional(),
      target: z.record(z.string(), z.unknown()),
      warnings: z.array(z.string()),
    }),
  ),
  /** Labelled Secrets that are no target, in the same order. */
  invalid: z.array(z.object({ ...secretNameSchema, reason: z.enum(TARGET_DEFECTS), detail: z.string() })),
});

export type Snapshot = z.infer<typeof snapshotSchema>;
export type SnapshotNamespace = Snapshot["namespaces"][number];

/** Versions of the configuration document. A document may hold secrets, so it is kept sealed like targets are. */

import { err, ok, type Result } from "../../core/result.ts";
import type { Bindings } from "../env.ts";
import { type SealError, seal, unseal } from "../seal.ts";

/** What a sealed document is bound to, so that it opens nowhere else. */
const SEALED_AS = "config";

export interface ConfigVersion {
  readonly version: number;
  readonly document: string;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly note: string;
}

interface Row {
  version: number;
  document: string;
  created_at: number;
  created_by: string;
  note: string;
}

const open = async (env: Bindings, row: Row): Promise<Result<ConfigVersion, SealError>> => {
  const document = await unseal(env.ENCRYPTION_KEYS, SEALED_AS, row.document);
  if (!document.ok) return document;
  const { version, created_at: createdAt, created_by: createdBy, note } = row;
  return ok({ version, document: document.value, createdAt, createdBy, note });
};

/** The version in force, or one by number; null where there is none. */
export const readVersion = async (
  env: Bindings,
  version: number | null,
): Promise<Result<ConfigVersion, SealError> | null> => {
  const row = await env.DB.prepare(
    "SELECT * FROM config_versions WHERE ?1 IS NULL OR version = ?1 ORDER BY version DESC LIMIT 1",
  )
    .bind(version)
    .first<Row>();
  return row === null ? null : open(env, row);
};

/** Number of the version in force; 0 before the first. */
export const newestVersion = async (db: D1Database): Promise<number> =>
  (await db.prepare("SELECT max(version) AS version FROM config_versions").first<number>("version")) ?? 0;

/** Versions without their documents, newest first. */
export const listVersions = async (db: D1Database, limit: number): Promise<Omit<ConfigVersion, "document">[]> => {
  const { results } = await db
    .prepare("SELECT version, created_at, created_by, note FROM config_versions ORDER BY version DESC LIMIT ?1")
    .bind(limit)
    .all<Row>();
  return results.map((row) => ({
    version: row.version,
    createdAt: row.created_at,
    createdBy: row.created_by,
    note: row.note,
  }));
};

/** Stores a document as the version after `expected`; `conflict` when somebody else was quicker. */
export const addVersion = async (
  env: Bindings,
  expected: number,
  document: string,
  by: string,
  note: string,
  now: number,
): Promise<Result<number, SealError | "conflict">> => {
  const sealed = await seal(env.ENCRYPTION_KEYS, SEALED_AS, document);
  if (!sealed.ok) return sealed;
  const { meta } = await env.DB.prepare(
    `INSERT INTO config_versions (version, document, created_at, created_by, note)
     SELECT ?1, ?2, ?3, ?4, ?5 WHERE coalesce((SELECT max(version) FROM config_versions), 0) = ?1 - 1`,
  )
    .bind(expected + 1, sealed.value, now, by, note)
    .run();
  return meta.changes === 1 ? ok(expected + 1) : err("conflict");
};

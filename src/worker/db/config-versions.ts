/** Versions of the configuration document. Its secrets are taken out of the text and kept sealed beside it. */

import { err, ok, type Result } from "../../core/result.ts";
import type { Secrets } from "../../core/route/config.ts";
import type { Bindings } from "../env.ts";
import { newestPrefix, type SealError, seal, unseal } from "../seal.ts";

/** What a sealed document is bound to, so that it opens nowhere else. */
const SEALED_AS = "config";
/** Documents moved at once under a new key; a batch has room for as many statements. */
const MAX_RESEALED = 100;

export interface ConfigVersion {
  readonly version: number;
  /** As it was written, with names in place of secrets. */
  readonly text: string;
  readonly secrets: Secrets;
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

/** The newest version that is stored; 0: there is none. The registry says whether it is in force yet. */
export const newestVersion = async (db: D1Database): Promise<number> =>
  (await db.prepare("SELECT max(version) AS version FROM config_versions").first<number | null>("version")) ?? 0;

/** One version by number; null where there is none. */
export const readVersion = async (env: Bindings, version: number): Promise<Result<ConfigVersion, SealError> | null> => {
  const row = await env.DB.prepare("SELECT * FROM config_versions WHERE version = ?1").bind(version).first<Row>();
  if (row === null) return null;
  const opened = await unseal(env.ENCRYPTION_KEYS, SEALED_AS, row.document);
  if (!opened.ok) return opened;
  const { text, secrets } = JSON.parse(opened.value) as { text: string; secrets: Secrets };
  const { created_at: createdAt, created_by: createdBy, note } = row;
  return ok({ version: row.version, text, secrets, createdAt, createdBy, note });
};

/** Versions without their documents, newest first. */
export const listVersions = async (
  db: D1Database,
  limit: number,
): Promise<Omit<ConfigVersion, "text" | "secrets">[]> => {
  const { results } = await db
    .prepare("SELECT version, created_at, created_by, note FROM config_versions ORDER BY version DESC LIMIT ?1")
    .bind(limit)
    .all<Row>();
  return results.map(({ version, created_at: createdAt, created_by: createdBy, note }) => ({
    version,
    createdAt,
    createdBy,
    note,
  }));
};

/**
 * Stores a document, and in the audit that it was, as the version after `before`; `conflict` when somebody else was
 * quicker.
 */
export const addVersion = async (
  env: Bindings,
  before: number,
  { text, secrets, createdBy, createdAt, note }: Omit<ConfigVersion, "version">,
  warnings: number,
): Promise<Result<number, SealError | "conflict">> => {
  const sealed = await seal(env.ENCRYPTION_KEYS, SEALED_AS, JSON.stringify({ text, secrets }));
  if (!sealed.ok) return sealed;
  const version = before + 1;
  const [added] = await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO config_versions (version, document, created_at, created_by, note)
       SELECT ?1, ?2, ?3, ?4, ?5 WHERE coalesce((SELECT max(version) FROM config_versions), 0) = ?1 - 1`,
    ).bind(version, sealed.value, createdAt, createdBy, note),
    // A sealed text is like no other, so this is ours.
    env.DB.prepare(
      `INSERT INTO audit (at, actor, action, subject, detail) SELECT ?3, ?4, 'config.put', ?6, ?5
       WHERE EXISTS (SELECT 1 FROM config_versions WHERE version = ?1 AND document = ?2)`,
    ).bind(version, sealed.value, createdAt, createdBy, JSON.stringify({ note, warnings }), String(version)),
  ]);
  return added?.meta.changes === 1 ? ok(version) : err("conflict");
};

/** Takes a version back that was never in force, and notes why. */
export const withdrawVersion = async (db: D1Database, version: number, reason: string, now: number): Promise<void> => {
  await db.batch([
    db.prepare("DELETE FROM config_versions WHERE version = ?1").bind(version),
    db
      .prepare(
        "INSERT INTO audit (at, actor, action, subject, detail) VALUES (?1, 'registry', 'config.withdrawn', ?2, ?3)",
      )
      .bind(now, String(version), JSON.stringify({ reason })),
  ]);
};

/** Moves documents under the newest key, the newest first; counts those that no key opens, which stay as they are. */
export const resealVersions = async (env: Bindings): Promise<{ resealed: number; failed: number }> => {
  const newest = newestPrefix(env.ENCRYPTION_KEYS);
  if (newest === null) return { resealed: 0, failed: 0 };
  const { results } = await env.DB.prepare(
    "SELECT version, document FROM config_versions WHERE substr(document, 1, ?1) <> ?2 ORDER BY version DESC LIMIT ?3",
  )
    .bind(newest.length, newest, MAX_RESEALED)
    .all<Pick<Row, "version" | "document">>();
  const statements: D1PreparedStatement[] = [];
  for (const { version, document } of results) {
    const opened = await unseal(env.ENCRYPTION_KEYS, SEALED_AS, document);
    const sealed = opened.ok ? await seal(env.ENCRYPTION_KEYS, SEALED_AS, opened.value) : opened;
    if (!sealed.ok) continue;
    const update = "UPDATE config_versions SET document = ?2 WHERE version = ?1 AND document = ?3";
    statements.push(env.DB.prepare(update).bind(version, sealed.value, document));
  }
  if (statements.length > 0) await env.DB.batch(statements);
  return { resealed: statements.length, failed: results.length - statements.length };
};

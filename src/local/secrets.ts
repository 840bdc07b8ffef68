/** Secrets of a local run: made once, kept in the state directory, readable by their owner only, never committed. */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Result } from "../core/result.ts";
import { writePrivately } from "./files.ts";

export interface Secrets {
  readonly ADMIN_TOKEN: string;
  readonly INGEST_TOKEN: string;
  readonly ENCRYPTION_KEYS: string;
}

const token = (): string => randomBytes(24).toString("base64url");

const readKept = (file: string): Result<Partial<Secrets>, string> => {
  if (!existsSync(file)) return ok({});
  try {
    return ok(JSON.parse(readFileSync(file, "utf8")) as Partial<Secrets>);
  } catch {
    // New keys in its place would leave every stored target unreadable, so that is not ours to decide.
    return err(`${file} is not readable JSON; restore it, or remove the whole state directory to begin anew`);
  }
};

/** What the state directory holds, completed on the first run. Tokens given from outside win and are not kept. */
export const loadSecrets = (
  stateDir: string,
  given: { readonly adminToken: string | null; readonly ingestToken: string | null },
): Result<Secrets, string> => {
  const file = join(stateDir, "secrets.json");
  const kept = readKept(file);
  if (!kept.ok) return kept;
  const secrets: Secrets = {
    ADMIN_TOKEN: kept.value.ADMIN_TOKEN ?? token(),
    INGEST_TOKEN: kept.value.INGEST_TOKEN ?? token(),
    ENCRYPTION_KEYS: kept.value.ENCRYPTION_KEYS ?? `k1:${randomBytes(32).toString("base64")}`,
  };
  if (Object.keys(kept.value).length < Object.keys(secrets).length) {
    writePrivately(file, `${JSON.stringify(secrets, null, 2)}\n`);
  }
  return ok({
    ...secrets,
    ADMIN_TOKEN: given.adminToken ?? secrets.ADMIN_TOKEN,
    INGEST_TOKEN: given.ingestToken ?? secrets.INGEST_TOKEN,
  });
};

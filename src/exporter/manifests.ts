/** The Secrets in one file of manifests: YAML of one or several documents, JSON, and lists. Other kinds are passed over. */
import { basename } from "node:path";
import { parseAllDocuments } from "yaml";
import { readSecret, type SecretRecord } from "./secret.ts";

export interface Manifests {
  readonly secrets: readonly SecretRecord[];
  /** What could not be read, without a word of the file; null: all was. */
  readonly defect: string | null;
}

/** References may multiply a small file without end. */
const MAX_ALIASES = 100;

const secretsIn = (object: unknown): readonly SecretRecord[] => {
  if (typeof object !== "object" || object === null) return [];
  const { kind, items } = object as { kind?: unknown; items?: unknown };
  if (Array.isArray(items)) return items.flatMap(secretsIn);
  const secret = kind === "Secret" ? readSecret(object, "default") : null;
  return secret === null ? [] : [secret];
};

/** Reads what can be read: a broken document does not take its neighbours along. */
export const readManifests = (path: string, text: string): Manifests => {
  const secrets: SecretRecord[] = [];
  let defect: string | null = null;
  // Left to itself the parser prints its warnings, and with them the lines they are about.
  for (const document of parseAllDocuments(text, { logLevel: "silent" })) {
    try {
      const [error] = document.errors;
      if (error === undefined) secrets.push(...secretsIn(document.toJS({ maxAliasCount: MAX_ALIASES })));
      else defect ??= `${basename(path)} is no YAML at line ${error.linePos?.[0].line ?? 1}`;
    } catch {
      defect ??= `${basename(path)} has too many references`;
    }
  }
  return { secrets, defect };
};

/** `API_TOKENS`: tokens that are there before anybody could make one, known by their hash only. */
import { err, ok, type Result } from "../core/result.ts";

export const SCOPES = ["ingest", "read", "operate", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

export interface BootstrapToken {
  readonly name: string;
  readonly sha256: string;
  readonly scopes: readonly Scope[];
  readonly source?: string;
}

const isToken = (entry: unknown): entry is BootstrapToken => {
  if (typeof entry !== "object" || entry === null) return false;
  const { name, sha256, scopes, source } = entry as Readonly<Record<string, unknown>>;
  return (
    typeof name === "string" &&
    name !== "" &&
    typeof sha256 === "string" &&
    /^[0-9a-fA-F]{64}$/.test(sha256) &&
    Array.isArray(scopes) &&
    scopes.length > 0 &&
    scopes.every((scope) => SCOPES.some((known) => known === scope)) &&
    (source === undefined || typeof source === "string")
  );
};

/** The tokens of this text. Errors: `invalid`, where any entry is wrong: half a list would lock somebody out unnoticed. */
export const readBootstrapTokens = (text: string | undefined): Result<readonly BootstrapToken[], "invalid"> => {
  if (text === undefined || text.trim() === "") return ok([]);
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && list.every(isToken) ? ok(list) : err("invalid");
  } catch {
    // The parser's message would quote what is there.
    return err("invalid");
  }
};

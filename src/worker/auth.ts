/**
 * Who is calling and what they may do. A token is known by its SHA-256 only and compared in constant time; it is read
 * from headers, never from a URL. Bootstrap tokens come from secrets, the others from D1, cached per isolate.
 */
import { waitUntil } from "cloudflare:workers";
import { readBootstrapTokens, type Scope } from "./bootstrap-tokens.ts";
import type { Bindings } from "./env.ts";
import { logError, logWarn } from "./log.ts";

export { SCOPES, type Scope } from "./bootstrap-tokens.ts";

export interface Caller {
  /** Name of the token: what audit and logs show. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** The source whose label rules apply to what it sends; null: none. */
  readonly source: string | null;
}

interface KnownToken extends Caller {
  readonly hash: Uint8Array;
  readonly expiresAt: number | null;
}

/** admin includes operate, operate includes read; ingest is included only in admin (contracts 1.4). */
const INCLUDED: Readonly<Record<Scope, readonly Scope[]>> = {
  ingest: ["ingest"],
  read: ["read"],
  operate: ["operate", "read"],
  admin: ["admin", "operate", "read", "ingest"],
};

export const mayDo = (caller: Caller, scope: Scope): boolean =>
  caller.scopes.some((held) => INCLUDED[held].includes(scope));

/** How long tokens read from D1 are trusted: a revoked one works at most this much longer elsewhere. */
const TOKENS_CACHE_MS = 30_000;

export const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));

export const sha256 = async (text: string): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));

export const toHex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

/** The token a request carries: any Authorization scheme, the password of Basic, or X-API-Key. */
export const presentedToken = (headers: Headers): string | null => {
  const key = headers.get("x-api-key");
  if (key !== null && key !== "") return key;
  const [, scheme, value] = /^(\S+)\s+(\S.*)$/.exec(headers.get("authorization") ?? "") ?? [];
  if (scheme === undefined || value === undefined) return null;
  if (scheme.toLowerCase() !== "basic") return value.trim();
  try {
    const pair = new TextDecoder().decode(Uint8Array.from(atob(value.trim()), (c) => c.charCodeAt(0)));
    const colon = pair.indexOf(":");
    return colon < 0 ? null : pair.slice(colon + 1);
  } catch {
    // Not base64: there is no token in it.
    return null;
  }
};

const bootstrap = async (env: Bindings): Promise<KnownToken[]> => {
  const local: [string, string | undefined, readonly Scope[]][] = [
    ["admin", env.ADMIN_TOKEN, ["admin"]],
    ["ingest", env.INGEST_TOKEN, ["ingest"]],
  ];
  const plain = await Promise.all(
    local.flatMap(([name, value, scopes]) =>
      value === undefined || value === ""
        ? []
        : [sha256(value).then((hash) => ({ name, scopes, source: null, hash, expiresAt: null }))],
    ),
  );
  const read = readBootstrapTokens(env.API_TOKENS);
  // The other tokens go on working; readiness names the variable.
  if (!read.ok) logWarn("auth.variable", { variable: "API_TOKENS" });
  const listed = (read.ok ? read.value : []).map((token) => ({
    name: token.name,
    scopes: token.scopes,
    source: token.source ?? null,
    hash: fromHex(token.sha256),
    expiresAt: null,
  }));
  return [...plain, ...listed];
};

const fromD1 = async (env: Bindings): Promise<KnownToken[]> => {
  const { results } = await env.DB.prepare("SELECT hash, name, scopes, source, expires_at FROM tokens").all<{
    hash: string;
    name: string;
    scopes: string;
    source: string | null;
    expires_at: number | null;
  }>();
  return results.map((row) => ({
    name: row.name,
    scopes: JSON.parse(row.scopes) as Scope[],
    source: row.source,
    hash: fromHex(row.hash),
    expiresAt: row.expires_at,
  }));
};

/** A value and never the promise of one: that would never be settled once the request that began it is gone. */
let fixed: readonly KnownToken[] | null = null;
let stored: { readonly at: number; readonly tokens: readonly KnownToken[] } | null = null;

/** Forgets what was read of D1's tokens, after one was created or revoked here. */
export const forgetTokens = (): void => {
  stored = null;
};

/** Reads them again whatever is remembered; while D1 is away that stays. */
export const renewTokens = async (env: Bindings, now: number): Promise<void> => {
  stored = { at: now, tokens: await fromD1(env) };
};

const find = (tokens: readonly KnownToken[], hash: Uint8Array, now: number): KnownToken | null => {
  let found: KnownToken | null = null;
  // Every token is compared, so that the time taken tells nothing of which one was close.
  for (const token of tokens) {
    const same = token.hash.byteLength === hash.byteLength && crypto.subtle.timingSafeEqual(token.hash, hash);
    if (same && (token.expiresAt === null || token.expiresAt > now)) found = token;
  }
  return found;
};

/** Digests of tokens that proved right, for as long as this isolate lives: hashing would cost more than the comparison. */
const digests = new Map<string, Uint8Array>();
const MAX_DIGESTS = 100;

/** The caller whose headers carry a token, or null. */
export const authenticate = async (env: Bindings, headers: Headers, now: number): Promise<Caller | null> => {
  const token = presentedToken(headers);
  if (token === null) return null;
  const known = digests.get(token);
  if (known !== undefined) return callerOf(env, known, now);
  const digest = await sha256(token);
  const caller = await callerOf(env, digest, now);
  if (caller !== null && digests.size < MAX_DIGESTS) digests.set(token, digest);
  return caller;
};

/** Who holds the token of this hash. D1 is asked only for tokens that are no bootstrap tokens, and not at every call. */
export const callerOf = async (env: Bindings, hash: Uint8Array, now: number): Promise<Caller | null> => {
  fixed ??= await bootstrap(env);
  const known = find(fixed, hash, now);
  if (known !== null) return known;
  if (stored === null || now - stored.at > TOKENS_CACHE_MS) {
    try {
      stored = { at: now, tokens: await fromD1(env) };
    } catch (error) {
      logError("auth.tokens", error);
      // What was known goes on being known while D1 is away: a sender must not be turned down for our outage.
      if (stored === null) throw error;
    }
  }
  const found = find(stored.tokens, hash, now);
  if (found !== null) noteUse(env, found.hash, now);
  return found;
};

/** So exact is it known when a token was last used: who looks for forgotten ones needs no more. */
const USE_NOTED_EVERY_MS = 3_600_000;
const noted = new Map<string, number>();

/** Nobody waits for it, and one that fails is made up for an hour later. */
const noteUse = (env: Bindings, hash: Uint8Array, now: number): void => {
  const key = toHex(hash);
  if (now - (noted.get(key) ?? 0) < USE_NOTED_EVERY_MS) return;
  noted.set(key, now);
  waitUntil(
    env.DB.prepare("UPDATE tokens SET last_used_at = ?2 WHERE hash = ?1 AND coalesce(last_used_at, 0) <= ?3")
      .bind(key, now, now - USE_NOTED_EVERY_MS)
      .run()
      .catch((error: unknown) => logError("auth.used", error)),
  );
};

/**
 * Sessions of the dashboard: a cookie that names a token by its hash, signed, with an end. Nothing is stored; revoking
 * the token ends its sessions. A cookie travels by itself, so it counts only where the page itself made the request.
 */
import { authenticate, type Caller, callerOf, fromHex, presentedToken, sha256, toHex } from "./auth.ts";
import type { Bindings } from "./env.ts";

export const SESSION_COOKIE = "alert_history_session";
/** One on-call week: long enough not to ask at 3 a.m., short enough for a lost laptop. */
export const SESSION_SECONDS = 7 * 86_400;
/** A header that no form and no foreign page can add without being asked for it first. */
export const SESSION_HEADER = "x-alert-history";

const SAFE_METHODS = ["GET", "HEAD", "OPTIONS"];
const COOKIE = /^(\d{1,16})\.([0-9a-f]{64})\.([0-9a-f]{64})$/;

/** A key of its own per purpose, so that nothing sealed with the same secret can pass for a session. */
const signingKeys = (env: Bindings): Promise<CryptoKey[]> =>
  Promise.all(
    (env.ENCRYPTION_KEYS ?? "")
      .split(",")
      .map((key) => key.trim())
      .filter((key) => key !== "")
      .map(async (key) =>
        crypto.subtle.importKey(
          "raw",
          await sha256(`alert-history session ${key}`),
          { name: "HMAC", hash: "SHA-256" },
          false,
          ["sign", "verify"],
        ),
      ),
  );

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The value of a session's cookie; null where there is no ENCRYPTION_KEYS to sign it with. */
export const makeSession = async (env: Bindings, token: string, now: number): Promise<string | null> => {
  const [newest] = await signingKeys(env);
  if (newest === undefined) return null;
  const claim = `${now + SESSION_SECONDS * 1000}.${toHex(await sha256(token))}`;
  return `${claim}.${toHex(new Uint8Array(await crypto.subtle.sign("HMAC", newest, bytes(claim))))}`;
};

const cookieOf = (headers: Headers): string | null => {
  const pairs = (headers.get("cookie") ?? "").split(";").map((pair) => pair.trim());
  const found = pairs.find((pair) => pair.startsWith(`${SESSION_COOKIE}=`));
  return found === undefined ? null : found.slice(SESSION_COOKIE.length + 1);
};

/** What lets a request in, once it has been found good: the hash of its token, and when its session ends. */
export const credentialOf = async (headers: Headers): Promise<{ hash: string; until: number | null } | null> => {
  const token = presentedToken(headers);
  if (token !== null) return { hash: toHex(await sha256(token)), until: null };
  const [, until, hash] = COOKIE.exec(cookieOf(headers) ?? "") ?? [];
  return until === undefined || hash === undefined ? null : { hash, until: Number(until) };
};

/** The caller a session stands for; null when it is forged, over, or its token is gone. */
export const readSession = async (env: Bindings, headers: Headers, now: number): Promise<Caller | null> => {
  const [, until, hash, signature] = COOKIE.exec(cookieOf(headers) ?? "") ?? [];
  if (until === undefined || hash === undefined || signature === undefined || Number(until) <= now) return null;
  for (const key of await signingKeys(env)) {
    const right = await crypto.subtle.verify("HMAC", key, fromHex(signature), bytes(`${until}.${hash}`));
    if (right) return callerOf(env, fromHex(hash), now);
  }
  return null;
};

/** Whether a page of this origin made the request, as far as the browser tells. */
export const isSameOrigin = (request: Request): boolean => {
  const site = request.headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin";
  const origin = request.headers.get("origin");
  return origin !== null && origin === new URL(request.url).origin;
};

/** Who makes a request, by token or by session; `cross_site` where a session is used from elsewhere. */
export const identify = async (env: Bindings, request: Request, now: number): Promise<Caller | "cross_site" | null> => {
  if (presentedToken(request.headers) !== null) return authenticate(env, request.headers, now);
  const caller = await readSession(env, request.headers, now);
  if (caller === null || SAFE_METHODS.includes(request.method)) return caller;
  return isSameOrigin(request) && request.headers.has(SESSION_HEADER) ? caller : "cross_site";
};

/**
 * The only fetch to a target: signs, sends, and reads the answer as plain data. Redirects are not followed, because
 * the secret would travel to another host; an answer is read up to a limit and the rest is cancelled.
 */
import type { FormatRequest } from "../core/publish/format.ts";
import type { Answer } from "../core/publish/outcome.ts";
import { checkAddress } from "../core/route/address.ts";
import { targetPolicy } from "./address.ts";
import type { Bindings } from "./env.ts";
import { signStandardWebhook } from "./sign.ts";

/** Only the start of an answer is ever shown or judged. */
const MAX_ANSWER_BYTES = 20_000;

const readStart = async (response: Response): Promise<string> => {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body) {
    const part = chunk as Uint8Array;
    text += decoder.decode(part.subarray(0, MAX_ANSWER_BYTES - bytes), { stream: true });
    bytes += part.byteLength;
    if (bytes >= MAX_ANSWER_BYTES) break;
  }
  return text;
};

/** Which failure of the connection it was, as far as the runtime's words tell. */
export const reasonOf = (error: unknown): "timeout" | "dns" | "tls" | "refused" => {
  const name = error instanceof Error ? error.name : "";
  const text = String(error).toLowerCase();
  if (name === "TimeoutError" || name === "AbortError" || text.includes("timed out")) return "timeout";
  if (text.includes("dns") || text.includes("getaddrinfo") || text.includes("resolve")) return "dns";
  if (text.includes("tls") || text.includes("certificate") || text.includes("ssl")) return "tls";
  return "refused";
};

/** A request that may not go where it wants to, or cannot be made; nothing was connected. */
export interface Blocked {
  readonly kind: "blocked";
  readonly reason: "blocked_host" | "payload";
  /** Holds no part of the URL. */
  readonly error: string;
}

/** The rule for targets, asked again at the moment of use: definitions outlive the policy they were stored under. */
export const blockedBy = (env: Bindings, url: string): Blocked | null => {
  const policy = targetPolicy(env);
  const parts = policy.parseUrl(url);
  if (parts === null) return { kind: "blocked", reason: "blocked_host", error: "the URL cannot be read" };
  const defect = checkAddress(parts, policy);
  return defect === null ? null : { kind: "blocked", reason: "blocked_host", error: defect.detail };
};

/** The headers of a signed request, none of an unsigned one; null where its keys are no keys. */
const signatureOf = async (request: FormatRequest, id: string, now: number): Promise<Record<string, string> | null> => {
  if (request.signWith === undefined || request.signWith.length === 0) return {};
  try {
    return { ...(await signStandardWebhook(request.signWith, id, Math.floor(now / 1000), request.body)) };
  } catch {
    // Whatever it says may quote the key.
    return null;
  }
};

/** Sends one request; `id` is constant over retries, `timeoutMs` covers connecting, answer and body. */
export const send = async (
  env: Bindings,
  request: FormatRequest,
  id: string,
  timeoutMs: number,
  now: number,
): Promise<Answer | Blocked> => {
  const blocked = blockedBy(env, request.url);
  if (blocked !== null) return blocked;
  const signature = await signatureOf(request, id, now);
  if (signature === null) return { kind: "blocked", reason: "payload", error: "a signing secret is no base64" };
  // Not AbortSignal.timeout: its timer goes on after the answer and would keep the target's object awake, which is paid.
  const aborter = new AbortController();
  const timer = setTimeout(() => aborter.abort(), timeoutMs);
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: { "user-agent": "alert-history", ...request.headers, ...signature },
      body: request.body,
      redirect: "manual",
      signal: aborter.signal,
    });
    const body = await readStart(response);
    return { kind: "answer", status: response.status, headers: Object.fromEntries(response.headers), body };
  } catch (error) {
    // The message of a fetch error can name the URL, and a URL can be the secret: only the reason leaves here.
    const reason = aborter.signal.aborted ? "timeout" : reasonOf(error);
    return { kind: "none", reason, error: reason };
  } finally {
    clearTimeout(timer);
  }
};

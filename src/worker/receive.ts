/** What the ingest addresses share: from a request to parsed alerts, and the answers they all give. */
import type { Context } from "hono";
import { decodeBody } from "../core/ingest/decode.ts";
import { type Parsed, type ParseOptions, parseBody, parsePrometheus } from "../core/ingest/parse.ts";
import { type Endpoint, parseFromSource } from "../core/ingest/parse-source.ts";
import { bodyTooLarge, malformed, type Problem } from "../core/ingest/problem.ts";
import type { Source } from "../core/ingest/source.ts";
import { ok, type Result } from "../core/result.ts";
import { readBody } from "./body.ts";
import type { Bindings } from "./env.ts";
import type { AppEnv } from "./http.ts";
import { noteBody, type Rules, recallBody } from "./known-bodies.ts";
import { countParsed } from "./metrics/reports.ts";
import { problem } from "./problem.ts";
import { loadSettings, peekMode, resolveTimeoutMs } from "./settings.ts";
import { numberOf } from "./variables.ts";

/** What a sender is asked to wait when we cannot commit: Alertmanager's own first retries come sooner anyway. */
export const RETRY_AFTER_SECONDS = 5;

const parseOptions = (env: Bindings, now: number): ParseOptions => ({
  now,
  pending: env.INGEST_PENDING === "firing" ? "firing" : "skip",
  resolveTimeoutSeconds: resolveTimeoutMs() / 1000 || numberOf(env, "RESOLVE_TIMEOUT"),
  webhookResolveTimeoutSeconds: numberOf(env, "WEBHOOK_RESOLVE_TIMEOUT"),
  maxAlerts: numberOf(env, "MAX_ALERTS_PER_REQUEST"),
});

/** Alerts of a body as a source (null: none) at an address makes them; preview and ingest are the same. */
export const parseAs = (
  env: Bindings,
  json: unknown,
  source: Source | null,
  endpoint: Endpoint,
  now: number,
): Result<Parsed, Problem> => parseBy(json, { source, endpoint, options: parseOptions(env, now) });

const parseBy = (json: unknown, { source, endpoint, options }: Rules): Result<Parsed, Problem> => {
  if (source !== null) return parseFromSource(json, source, endpoint, options);
  return endpoint === "webhook" ? parseBody(json, options) : parsePrometheus(json, options);
};

/** The JSON of a request, read within the limits of ingest. */
export const readJson = async (env: Bindings, request: Request): Promise<Result<unknown, Problem>> => {
  const maxBytes = numberOf(env, "MAX_BODY_BYTES");
  const bytes = await readBytes(request, maxBytes);
  return bytes.ok ? decodeBody(bytes.value, maxBytes) : bytes;
};

const readBytes = async (request: Request, maxBytes: number): Promise<Result<Uint8Array, Problem>> => {
  const bytes = await readBody(request, maxBytes);
  if (bytes.ok) return bytes;
  return bytes.error === "too_large" ? bodyTooLarge(maxBytes) : malformed("it could not be read to its end");
};

/** The source a token names; null where it names none, or one the document does not have. Rejects as loadSettings does. */
export const sourceOf = async (env: Bindings, name: string | null, now: number): Promise<Source | null> =>
  name === null ? null : ((await loadSettings(env, now)).sources.get(name) ?? null);

/** The alerts of a request; null: which rules apply to this sender cannot be told now. */
export const receiveAlerts = async (
  c: Context<AppEnv>,
  endpoint: Endpoint,
  now: number,
): Promise<Result<Parsed, Problem> | null> => {
  const maxBytes = numberOf(c.env, "MAX_BODY_BYTES");
  const bytes = await readBytes(c.req.raw, maxBytes);
  if (!bytes.ok) return bytes;
  let source: Source | null;
  try {
    source = await sourceOf(c.env, c.var.caller.source, now);
  } catch {
    // Stored without its source's rules it would be another alert, so its sender has to come again.
    return null;
  }
  const rules = { endpoint, source, options: parseOptions(c.env, now) };
  const before = recallBody(bytes.value, rules);
  if (before !== null) return countRead(ok(before));
  const json = decodeBody(bytes.value, maxBytes);
  if (!json.ok) return json;
  const parsed = parseBy(json.value, rules);
  if (parsed.ok) noteBody(bytes.value, rules, parsed.value);
  return countRead(parsed);
};

const countRead = (parsed: Result<Parsed, Problem>): Result<Parsed, Problem> => {
  if (parsed.ok) countParsed(parsed.value);
  return parsed;
};

/** The mode in force as headers (contracts 1.2): as last read, so that ingest waits for no store. */
export const modeHeaders = (c: Context<AppEnv>, now: number): Record<string, string> => {
  const { mode, modeSource, isStale } = peekMode(c.env, now);
  // A failure is logged where it happens, and what was read last goes on being in force.
  if (isStale) c.executionCtx.waitUntil(loadSettings(c.env, now).catch(() => null));
  return { "X-Enrichment-Mode": mode, "X-Enrichment-Source": modeSource };
};

export const overloaded = (c: Context<AppEnv>): Response =>
  problem(c, "overloaded", "the alerts could not all be stored; send them again", {
    headers: { "retry-after": String(RETRY_AFTER_SECONDS) },
  });

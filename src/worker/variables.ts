/**
 * The variables of the Worker (contracts 15): what each may hold, and what holds where it says nothing or something
 * wrong. A wrong one is never guessed at: its default is in force, and readiness names it until it is mended.
 */
import { TARGET_BREAKER } from "../core/classify/breaker.ts";
import { RETRY, RETRY_CAP_MS } from "../core/publish/backoff.ts";
import { HEALTH_LIMITS } from "../core/publish/health.ts";
import { err, ok, type Result } from "../core/result.ts";
import { readClusters } from "../core/route/cluster.ts";
import { type ReadConfig, readConfig } from "../core/route/config.ts";
import { exporterPolicy } from "./address.ts";
import { readBootstrapTokens } from "./bootstrap-tokens.ts";
import type { Bindings } from "./env.ts";
import { keyDefects } from "./seal.ts";

interface NumberVariable {
  readonly min: number;
  readonly max: number;
  readonly fallback: number;
  readonly isWhole: boolean;
}
const number = (fallback: number, min: number, max: number): NumberVariable => ({ min, max, fallback, isWhole: false });
const whole = (fallback: number, min: number, max: number): NumberVariable => ({ min, max, fallback, isWhole: true });

/** A year: no alert is given longer to be repeated, and nothing is kept much longer. */
const YEAR_SECONDS = 31_536_000;

const NUMBERS = {
  RETENTION_DAYS: number(30, 1, 3650),
  MAX_BODY_BYTES: whole(10_485_760, 1, 10_485_760),
  MAX_ALERTS_PER_REQUEST: whole(1000, 1, 1000),
  RESOLVE_TIMEOUT: number(300, 1, YEAR_SECONDS),
  WEBHOOK_RESOLVE_TIMEOUT: number(0, 0, YEAR_SECONDS),
  ALERT_SHARDS: whole(16, 1, 1024),
  LLM_TIMEOUT: number(5, 0.1, 60),
  LLM_MAX_RETRIES: whole(3, 1, 10),
  CLASSIFICATION_THRESHOLD: number(0.8, 0, 1),
  CLASSIFICATION_CACHE_TTL: number(3600, 1, 86_400),
  TARGET_REFRESH_INTERVAL: number(300, 60, 86_400),
  HEALTH_INTERVAL: number(120, 60, 86_400),
  HEALTH_TIMEOUT: number(5, 0.1, 30),
  HEALTH_FAILURES: whole(HEALTH_LIMITS.failures, 1, 100),
  HEALTH_SLOW_MS: whole(HEALTH_LIMITS.slowMs, 1, 60_000),
  RETRY_BASE_SECONDS: number(RETRY.baseMs / 1000, 0.1, RETRY_CAP_MS / 1000),
  RETRY_CAP_SECONDS: number(RETRY_CAP_MS / 1000, 0.1, RETRY_CAP_MS / 1000),
  RETRY_MAX_ATTEMPTS: whole(RETRY.maxAttempts, 1, 10_000),
  BREAKER_FAILURES: whole(TARGET_BREAKER.failures, 1, 1_000),
  BREAKER_OPEN_SECONDS: number(TARGET_BREAKER.openMs / 1000, 1, 3_600),
  BREAKER_SUCCESSES: whole(TARGET_BREAKER.successes, 1, 100),
} as const satisfies Readonly<Record<string, NumberVariable>>;

/** Whether each is on where it says nothing. */
const FLAGS = {
  ENABLE_CLASSIFICATION: true,
  CLASSIFICATION_SUPPRESSION: false,
  PUBLISHING_ENABLED: true,
  METRICS_ONLY_MODE: false,
  TARGET_DISCOVERY_ENABLED: true,
} as const;

const CHOICES = {
  LOG_LEVEL: ["debug", "info", "warn", "error"],
  INGEST_PENDING: ["skip", "firing"],
  LLM_WIRE: ["openai", "simple"],
} as const;

const ON = ["true", "1", "yes", "on"];
const OFF = ["false", "0", "no", "off"];

const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const WORD = /^[\x21-\x7e]{1,200}$/;
const HOSTS = /^[A-Za-z0-9.:[\]-]+(\s*,\s*[A-Za-z0-9.:[\]-]+)*$/;

const isWebUrl = (text: string): boolean => {
  const url = URL.parse(text);
  return url !== null && (url.protocol === "https:" || url.protocol === "http:") && url.username === "";
};

/** What a value must be, or null where it is that. */
const TEXTS: Readonly<Record<string, (text: string, env: Bindings) => string | null>> = {
  API_TOKENS: (text) => (readBootstrapTokens(text).ok ? null : "a JSON list of {name, sha256, scopes, source?}"),
  CLUSTERS: (text, env) =>
    readClusters(text, exporterPolicy(env)).errors[0]?.replace(/^CLUSTERS\/?/, "good at ") ?? null,
  ENCRYPTION_KEYS: (text) => keyDefects(text)[0]?.replace(/^ENCRYPTION_KEYS\/?/, "good at ") ?? null,
  PUBLIC_URL: (text) => (isWebUrl(text) ? null : "an absolute http or https URL"),
  LLM_PROXY_URL: (text) => (isWebUrl(text) ? null : "an absolute http or https URL"),
  LLM_AUTH_HEADER: (text) => (HEADER_NAME.test(text) ? null : "the name of a header"),
  LLM_MODEL: (text) => (WORD.test(text) ? null : "a name without spaces"),
  PROMPT_VERSION: (text) => (WORD.test(text) ? null : "a name without spaces"),
  ROUTING_CONFIG: (text) =>
    readRoutingVariable(text)?.ok ? null : "a document of routes to targets by name (others go to PUT /api/v1/config)",
  ALLOW_HTTP_TARGETS: (text) => (HOSTS.test(text.trim()) ? null : "hosts, comma-separated"),
};

/**
 * ROUTING_CONFIG as a document; null where there is none. Errors: `defects`, or `targets` where it defines targets of its
 * own, which only `PUT /api/v1/config` can take, because their secrets have to be stored.
 */
export const readRoutingVariable = (text: string | undefined): Result<ReadConfig, "defects" | "targets"> | null => {
  if (text === undefined || text.trim() === "") return null;
  const read = readConfig(text, {});
  if (!read.ok) return err("defects");
  return read.value.targets.length > 0 ? err("targets") : ok(read.value);
};

const given = (env: Bindings, name: string): string | null => {
  const value = (env as unknown as Readonly<Record<string, unknown>>)[name];
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
};

const readNumber = ({ min, max, isWhole }: NumberVariable, text: string): number | null => {
  const value = Number(text);
  return Number.isFinite(value) && value >= min && value <= max && (!isWhole || Number.isInteger(value)) ? value : null;
};

/** A number as configured, or its default where it says nothing or something wrong. */
export const numberOf = (env: Bindings, name: keyof typeof NUMBERS): number => {
  const text = given(env, name);
  return (text === null ? null : readNumber(NUMBERS[name], text)) ?? NUMBERS[name].fallback;
};

/** A switch as configured, or its default. */
export const isOn = (env: Bindings, name: keyof typeof FLAGS): boolean => {
  const text = given(env, name)?.toLowerCase() ?? "";
  return ON.includes(text) || (FLAGS[name] && !OFF.includes(text));
};

export interface InvalidVariable {
  readonly name: string;
  /** What it must be; never what it is. */
  readonly must: string;
}

/** Every variable that holds something wrong. ENRICHMENT_MODE is not among them: a wrong one is passed over (contracts 6). */
export const invalidVariables = (env: Bindings): InvalidVariable[] => {
  const invalid: InvalidVariable[] = [];
  const check = (name: string, judge: (text: string) => string | null): void => {
    const text = given(env, name);
    const must = text === null ? null : judge(text);
    if (must !== null) invalid.push({ name, must });
  };
  for (const [name, variable] of Object.entries(NUMBERS)) {
    const kind = variable.isWhole ? "a whole number" : "a number";
    const must = `${kind} from ${variable.min} to ${variable.max}`;
    check(name, (text) => (readNumber(variable, text) === null ? must : null));
  }
  for (const name of Object.keys(FLAGS)) {
    check(name, (text) => ([...ON, ...OFF].includes(text.toLowerCase()) ? null : "true or false"));
  }
  for (const [name, choices] of Object.entries(CHOICES)) {
    check(name, (text) => (choices.some((choice) => choice === text) ? null : `one of ${choices.join(", ")}`));
  }
  for (const [name, judge] of Object.entries(TEXTS)) check(name, (text) => judge(text, env));
  return invalid;
};

/** Names of all variables that are checked here, for the test that every one is. */
export const CHECKED_VARIABLES: readonly string[] = [NUMBERS, FLAGS, CHOICES, TEXTS].flatMap((table) =>
  Object.keys(table),
);

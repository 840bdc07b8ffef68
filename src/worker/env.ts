/** The generated bindings plus the secrets and optional variables that `wrangler.toml` cannot declare. */
import type { NotificationsMessage } from "../core/messages.ts";

export interface Bindings extends Omit<Env, "ALERTS" | "NOTIFICATIONS"> {
  /** What writeAlertsMessage writes. */
  readonly ALERTS: Queue<string>;
  readonly NOTIFICATIONS: Queue<NotificationsMessage>;
  /** JSON `[{name, sha256, scopes[], source?}]`: bootstrap tokens beside those in D1. */
  readonly API_TOKENS?: string;
  readonly ADMIN_TOKEN?: string;
  readonly INGEST_TOKEN?: string;
  /** `kid:base64` of 32 random bytes, newest first, comma-separated: target credentials are encrypted with the first. */
  readonly ENCRYPTION_KEYS?: string;
  /** JSON `[{name, url, token, headers?, interval_seconds?, enabled?}]`: the exporters targets are discovered from. */
  readonly CLUSTERS?: string;
  /** `false`: no cluster is read; what was discovered stays. */
  readonly TARGET_DISCOVERY_ENABLED?: string;
  /** Seconds between two readings of a cluster that names none. */
  readonly TARGET_REFRESH_INTERVAL?: string;
  /** Seconds after which a quiet target is probed, and that a probe may take. */
  readonly HEALTH_INTERVAL?: string;
  readonly HEALTH_TIMEOUT?: string;
  /** Failures in a row that make a target unhealthy, and milliseconds from which a success is a bad sign. */
  readonly HEALTH_FAILURES?: string;
  readonly HEALTH_SLOW_MS?: string;
  /** Seconds of the first and of the longest wait between two attempts, and how many there are at most. */
  readonly RETRY_BASE_SECONDS?: string;
  readonly RETRY_CAP_SECONDS?: string;
  readonly RETRY_MAX_ATTEMPTS?: string;
  /** Failures in a row that open a target's breaker, seconds it is open, and successes that close it. */
  readonly BREAKER_FAILURES?: string;
  readonly BREAKER_OPEN_SECONDS?: string;
  readonly BREAKER_SUCCESSES?: string;
  readonly PUBLIC_URL?: string;
  readonly RESOLVE_TIMEOUT?: string;
  readonly WEBHOOK_RESOLVE_TIMEOUT?: string;
  readonly INGEST_PENDING?: string;
  /** A routing document that is in force until one is stored by `PUT /api/v1/config`. */
  readonly ROUTING_CONFIG?: string;
  /** Bytes of a body after unpacking, and alerts in it: may only be lowered. */
  readonly MAX_BODY_BYTES?: string;
  readonly MAX_ALERTS_PER_REQUEST?: string;
  /** Days that events are kept; deliveries 30 days longer. */
  readonly RETENTION_DAYS?: string;
  /** Comma-separated hosts that may be reached by http. */
  readonly ALLOW_HTTP_TARGETS?: string;
  /** `local` lets targets be on loopback and private addresses; refused when ENVIRONMENT is production. */
  readonly ALLOW_PRIVATE_TARGETS?: string;
  /** `false`: no classification at all, not even by the rules. */
  readonly ENABLE_CLASSIFICATION?: string;
  /** Base URL of an OpenAI-compatible endpoint; without it and without AI the rules classify. */
  readonly LLM_PROXY_URL?: string;
  readonly LLM_API_KEY?: string;
  readonly LLM_AUTH_HEADER?: string;
  readonly LLM_WIRE?: string;
  readonly LLM_MODEL?: string;
  /** Seconds per decision. */
  readonly LLM_TIMEOUT?: string;
  /** Attempts within that time. */
  readonly LLM_MAX_RETRIES?: string;
  readonly PROMPT_VERSION?: string;
  /** Seconds a model's answer is remembered, at most a day. */
  readonly CLASSIFICATION_CACHE_TTL?: string;
  readonly CLASSIFICATION_THRESHOLD?: string;
  readonly CLASSIFICATION_SUPPRESSION?: string;
  readonly ENRICHMENT_MODE?: string;
  readonly METRICS_ONLY_MODE?: string;
  /** Workers AI; bound only where it is wanted, because a local run with it needs a login. */
  readonly AI?: Ai;
  /** `false`: nobody is told of anything, as with METRICS_ONLY_MODE. */
  readonly PUBLISHING_ENABLED?: string;
}

/** The JSON form of a target, with its secrets: for the exporter's answer and the encrypted store, never for people. */
import type { Target } from "./target.ts";

export interface TargetJson {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly url: string;
  readonly enabled: boolean;
  readonly priority: number;
  readonly send_resolved: boolean;
  readonly timeout_seconds: number;
  readonly retry_window_seconds: number;
  readonly per?: "alert" | "group";
  readonly headers: Readonly<Record<string, string>>;
  readonly filter_config: {
    readonly severity: readonly string[];
    readonly namespaces: readonly string[];
    readonly exclude_noise: boolean;
    readonly min_confidence?: number;
    readonly alert_name_pattern?: string;
  };
  readonly description: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly routing_key?: string;
  readonly former_routing_keys?: readonly string[];
  readonly bot_token?: string;
  readonly api_key?: string;
  readonly signing_secrets?: readonly string[];
  readonly channel?: string;
  readonly thread_id?: string;
  readonly kind?: "incident" | "alert";
  readonly severity_ids?: Readonly<Record<string, string>>;
  readonly service_ids?: readonly string[];
  readonly environment_ids?: readonly string[];
  readonly group_ids?: readonly string[];
  readonly template?: string;
  readonly content_type?: string;
}

/** Every key `readTarget` understands: those it writes, and the aliases of contracts 9.3 that it only reads. */
export const TARGET_KEYS: ReadonlySet<string> = new Set([
  ...["name", "type", "format", "url", "enabled", "priority", "send_resolved", "timeout_seconds"],
  ...["retry_window_seconds", "per", "headers", "filter_config", "description", "metadata", "routing_key", "bot_token"],
  ...["api_key", "signing_secrets", "channel", "thread_id", "kind", "severity_ids", "service_ids", "environment_ids"],
  ...["group_ids", "template", "content_type"],
  ...["auth_header", "auth_token", "token", "username", "password", "signing_secret", "former_routing_keys"],
]);

export const FILTER_KEYS: ReadonlySet<string> = new Set([
  ...["severity", "namespaces", "exclude_noise", "min_confidence", "alert_name_pattern"],
]);

const when = <K extends string, V>(key: K, value: V | null | undefined): { [key in K]?: V } =>
  (value === null || value === undefined ? {} : { [key]: value }) as { [key in K]?: V };

/** JSON that `readTarget` reads back to an equal target. */
export const writeTarget = (target: Target): TargetJson => ({
  name: target.name,
  type: target.type,
  format: target.format,
  url: target.url,
  enabled: target.enabled,
  priority: target.priority,
  send_resolved: target.sendResolved,
  timeout_seconds: target.timeoutSeconds,
  retry_window_seconds: target.retryWindowSeconds,
  ...when("per", target.per),
  headers: target.headers,
  filter_config: {
    severity: target.filter.severity,
    namespaces: target.filter.namespaces,
    exclude_noise: target.filter.excludeNoise,
    ...when("min_confidence", target.filter.minConfidence),
    ...when("alert_name_pattern", target.filter.alertNamePattern),
  },
  description: target.description,
  metadata: target.metadata,
  ...when("routing_key", target.credentials.routingKey),
  ...when("former_routing_keys", target.credentials.formerRoutingKeys),
  ...when("bot_token", target.credentials.botToken),
  ...when("api_key", target.credentials.apiKey),
  ...when("signing_secrets", target.credentials.signingSecrets),
  ...when("channel", target.options.channel),
  ...when("thread_id", target.options.threadId),
  ...when("kind", target.options.rootlyKind),
  ...when("severity_ids", target.options.severityIds),
  ...when("service_ids", target.options.serviceIds),
  ...when("environment_ids", target.options.environmentIds),
  ...when("group_ids", target.options.groupIds),
  ...when("template", target.options.template),
  ...when("content_type", target.options.contentType),
});

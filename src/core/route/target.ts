/** A named place notifications go, as every part of the product knows it. */

export const FORMATS = [
  "webhook",
  "alertmanager",
  "slack",
  "pagerduty",
  "rootly",
  "teams",
  "discord",
  "telegram",
  "opsgenie",
  "template",
] as const;
export type TargetFormat = (typeof FORMATS)[number];
/** The formats that are no type of their own: another body for a webhook. As a type they are read as that format. */
export const WEBHOOK_FORMATS = ["alertmanager", "template"] as const satisfies readonly TargetFormat[];
export type TargetType = Exclude<TargetFormat, (typeof WEBHOOK_FORMATS)[number]>;

/** What lets an alert through to this target before any rule is asked (contracts 7.5). */
export interface TargetFilter {
  /** Effective severities let through; empty: all. */
  readonly severity: readonly string[];
  readonly namespaces: readonly string[];
  readonly excludeNoise: boolean;
  /** Below it a classification is ignored for this target; null: the global threshold. */
  readonly minConfidence: number | null;
  readonly alertNamePattern: string | null;
}

/** The secret parts of a target. Encrypted at rest; shown, logged and sent to no model anywhere. */
export interface TargetCredentials {
  /** PagerDuty's, 32 characters. */
  readonly routingKey?: string;
  /** PagerDuty's before it, as long as incidents that were opened with one may be open. */
  readonly formerRoutingKeys?: readonly string[];
  /** Slack's and Telegram's. */
  readonly botToken?: string;
  /** Rootly's and Opsgenie's, without a scheme; every other format has `headers.Authorization`. */
  readonly apiKey?: string;
  /** `whsec_` keys, newest first; the webhook format signs with each (Standard Webhooks). */
  readonly signingSecrets?: readonly string[];
}

export interface TargetOptions {
  /** Slack channel id (bot token), or Telegram chat id as text. */
  readonly channel?: string;
  /** Discord `thread_id`, Telegram `message_thread_id`. */
  readonly threadId?: string;
  /** Rootly: what a firing opens; always set there. */
  readonly rootlyKind?: "incident" | "alert";
  readonly severityIds?: Readonly<Record<string, string>>;
  readonly serviceIds?: readonly string[];
  readonly environmentIds?: readonly string[];
  readonly groupIds?: readonly string[];
  /** Liquid source of the `template` format, and the content type it is sent with. */
  readonly template?: string;
  readonly contentType?: string;
}

export interface Target {
  /** DNS-1123 label of at most 63 characters. */
  readonly name: string;
  readonly type: TargetType;
  readonly format: TargetFormat;
  /**
   * Normalised, without a fragment. May itself be the secret (Slack, Discord, Teams webhooks). A base without a
   * trailing slash for Rootly (`…/v1`), a Slack bot (`…/api`), Telegram (before `/bot<token>`) and Opsgenie (before
   * `/v2/alerts`); where requests are posted to for the others.
   */
  readonly url: string;
  readonly enabled: boolean;
  /** 1 to 1000, smaller is served first. */
  readonly priority: number;
  readonly sendResolved: boolean;
  readonly timeoutSeconds: number;
  /** How long delivery is tried before the notification becomes a dead letter. */
  readonly retryWindowSeconds: number;
  /** One notification per alert or per group; null: as the format prefers. */
  readonly per: "alert" | "group" | null;
  /** Sent with every request; credentials of formats without a field of their own are its `Authorization`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly filter: TargetFilter;
  readonly credentials: TargetCredentials;
  readonly options: TargetOptions;
  readonly description: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Why a definition was refused: the closed set of contracts 9.4. */
export const TARGET_DEFECTS = [
  "invalid_name",
  "duplicate_name",
  "missing_url",
  "invalid_url",
  "insecure_url",
  "blocked_host",
  "unknown_type",
  "unknown_format",
  "incompatible_format",
  "missing_routing_key",
  "missing_token",
  "missing_channel",
  "invalid_json",
  "invalid_headers",
  "invalid_value",
  "too_large",
] as const;
export interface TargetDefect {
  readonly reason: (typeof TARGET_DEFECTS)[number];
  /** Names the key at fault; never holds a value of it. */
  readonly detail: string;
}

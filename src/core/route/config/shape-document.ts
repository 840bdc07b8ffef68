/**
 * The shape of the whole document: what Alertmanager knows (its `config/config.go`, November 2026), and beside it, as
 * `ours`, what it does not. A key in neither is an error.
 */
import {
  anything,
  duration,
  file,
  flag,
  float,
  goDuration,
  int,
  lazy,
  list,
  object,
  record,
  type Shape,
  secret,
  secretUrl,
  text,
  url,
} from "./shape.ts";
import { httpConfig, httpHeaders, tlsConfig } from "./shape-http.ts";
import { INTEGRATIONS } from "./shape-integrations.ts";

const global = object({
  resolve_timeout: duration,
  http_config: httpConfig,
  jira_api_url: url,
  smtp_from: text,
  smtp_hello: text,
  smtp_smarthost: text,
  smtp_auth_username: text,
  smtp_auth_password: secret,
  smtp_auth_password_file: file,
  smtp_auth_secret: secret,
  smtp_auth_secret_file: file,
  smtp_auth_identity: text,
  smtp_require_tls: flag,
  smtp_tls_config: tlsConfig,
  smtp_force_implicit_tls: flag,
  slack_api_url: secretUrl,
  slack_api_url_file: file,
  slack_app_token: secret,
  slack_app_token_file: file,
  slack_app_url: url,
  pagerduty_url: url,
  opsgenie_api_url: url,
  opsgenie_api_key: secret,
  opsgenie_api_key_file: file,
  wechat_api_url: url,
  wechat_api_secret: secret,
  wechat_api_secret_file: file,
  wechat_api_corp_id: text,
  victorops_api_url: url,
  victorops_api_key: secret,
  victorops_api_key_file: file,
  telegram_api_url: url,
  telegram_bot_token: secret,
  telegram_bot_token_file: file,
  webex_api_url: url,
  rocketchat_api_url: url,
  rocketchat_token: secret,
  rocketchat_token_file: file,
  rocketchat_token_id: secret,
  rocketchat_token_id_file: file,
  mattermost_webhook_url: secretUrl,
  mattermost_webhook_url_file: file,
});

const route: Shape = object(
  {
    receiver: text,
    group_by: list(text),
    match: record(text),
    match_re: record(text),
    matchers: list(text),
    mute_time_intervals: list(text),
    active_time_intervals: list(text),
    continue: flag,
    routes: list(lazy(() => route)),
    group_wait: duration,
    group_interval: duration,
    repeat_interval: duration,
    labels: record(text),
  },
  { min_confidence: float, fallback: text, fallback_after: duration, regroup: flag },
);

const inhibitRule = object({
  name: text,
  source_match: record(text),
  source_match_re: record(text),
  source_matchers: list(text),
  target_match: record(text),
  target_match_re: record(text),
  target_matchers: list(text),
  equal: list(text),
});

const timeInterval = object({
  name: text,
  time_intervals: list(
    object({
      times: list(object({ start_time: text, end_time: text })),
      weekdays: list(text),
      days_of_month: list(text),
      months: list(text),
      years: list(text),
      location: text,
    }),
  ),
});

const tracing = object({
  client_type: text,
  endpoint: text,
  sampling_fraction: float,
  insecure: flag,
  tls_config: tlsConfig,
  headers: httpHeaders,
  compression: text,
  timeout: duration,
});

const eventRecorder = object({
  file_outputs: list(object({ path: text })),
  stdout_outputs: list(anything),
  webhook_outputs: list(
    object({
      url: secretUrl,
      http_config: httpConfig,
      timeout: duration,
      workers: int,
      max_retries: int,
      retry_backoff: duration,
      batch: flag,
      batch_max_events: int,
      batch_max_bytes: int,
      batch_flush_interval: duration,
    }),
  ),
  kafka_outputs: list(
    object({
      brokers: list(text),
      topic: text,
      client_id: text,
      format: text,
      acks: text,
      compression: text,
      buffer_size: int,
      timeout: goDuration,
      tls_config: tlsConfig,
    }),
  ),
});

/** Only for hiding its secrets; what a target may say is checked where targets are read. */
const target = object({
  url: secretUrl,
  headers: record(secret),
  routing_key: secret,
  bot_token: secret,
  api_key: secret,
  signing_secrets: list(secret),
  former_routing_keys: list(secret),
  signing_secret: secret,
  auth_header: secret,
  auth_token: secret,
  token: secret,
  password: secret,
});

/** The secrets in our own blocks, which `document` does not look into. */
export const OWN_SECRETS: Readonly<Record<string, Shape>> = { targets: record(target) };

export const document: Shape = object(
  {
    global,
    route,
    receivers: list(object({ name: text, labels: record(text), ...INTEGRATIONS }, { targets: list(text) })),
    inhibit_rules: list(inhibitRule),
    templates: list(text),
    mute_time_intervals: list(timeInterval),
    time_intervals: list(timeInterval),
    tracing,
    event_recorder: eventRecorder,
  },
  {
    targets: record(anything),
    sources: anything,
    classification: anything,
    filters: anything,
    heartbeats: anything,
    correlation: anything,
    storm: anything,
    flapping: anything,
    retention: anything,
  },
);

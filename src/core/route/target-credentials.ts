/** What a format needs beside its URL: its credential, where it writes to, and options only it knows. */
import type { Target, TargetCredentials, TargetFormat, TargetOptions } from "./target.ts";
import { type FieldReader, type JsonObject, readFields } from "./target-fields.ts";
import { bareKey, readHeaders } from "./target-headers.ts";

type WithoutUndefined<T> = { readonly [K in keyof T]: NonNullable<T[K]> };

/** The given fields without those that are absent (null) or empty lists and objects. */
const present = <T extends object>(fields: T): Partial<WithoutUndefined<T>> =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) =>
      typeof value === "object" && value !== null ? Object.keys(value).length > 0 : value !== null,
    ),
  ) as Partial<WithoutUndefined<T>>;

/** The base64 length of 24 to 64 bytes, the size of a Standard Webhooks key (targets 9). */
const SIGNING_SECRET = /^whsec_(?=[A-Za-z0-9+/]{32,86}={0,2}$)(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2,3}={0,2})?$/;
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(; ?[\w-]+=[\w.-]+)*$/;

const routingKey = (json: JsonObject, fields: FieldReader): string | null => {
  const headers = json.headers;
  const inHeaders =
    typeof headers === "object" && headers !== null
      ? Object.entries(headers).find(([name]) => /^routing[_-]key$/i.test(name.trim()))?.[1]
      : undefined;
  const key = fields.secret("routing_key") ?? readFields({ routing_key: inHeaders }).secret("routing_key");
  if (key === null) fields.refuse("missing_routing_key", "routing_key is missing");
  else if (key.length !== 32) fields.refuse("invalid_value", "routing_key must have 32 characters");
  return key;
};

const formerRoutingKeys = (fields: FieldReader): readonly string[] => {
  const keys = fields.list("former_routing_keys");
  if (!keys.every((key) => /^[\x21-\x7e]{32}$/.test(key))) {
    fields.refuse("invalid_value", "former_routing_keys must have 32 characters each");
  }
  return keys;
};

const signingSecrets = (fields: FieldReader): readonly string[] => {
  const secrets = [fields.secret("signing_secret"), ...fields.list("signing_secrets")].filter((key) => key !== null);
  if (!secrets.every((key) => SIGNING_SECRET.test(key))) {
    fields.refuse("invalid_value", "signing_secrets must be whsec_ and the base64 of 24 to 64 bytes");
  }
  return secrets;
};

const apiKey = (fields: FieldReader, authorization: string | undefined): string | null => {
  const key = authorization === undefined ? null : bareKey(authorization);
  if (key === null) fields.refuse("missing_token", "api_key is missing");
  return key;
};

/** A bot speaks with a token into a channel: neither does anything without the other. */
const bot = (fields: FieldReader, isRequired: boolean): { botToken: string | null; channel: string | null } => {
  const botToken = fields.secret("bot_token");
  const channel = fields.text("channel");
  if (botToken === null && (isRequired || channel !== null)) fields.refuse("missing_token", "bot_token is missing");
  if (channel === null && (isRequired || botToken !== null)) fields.refuse("missing_channel", "channel is missing");
  // It becomes part of the path.
  if (isRequired && botToken !== null && !/^[\w:-]+$/.test(botToken)) {
    fields.refuse("invalid_value", "bot_token must be letters, digits, colon, dash or underscore");
  }
  return { botToken, channel };
};

const readTemplate = (fields: FieldReader): { template: string | null; contentType: string | null } => {
  const template = fields.text("template");
  const contentType = fields.text("content_type");
  if (template === null) fields.refuse("invalid_value", "template is missing");
  if (contentType !== null && !MEDIA_TYPE.test(contentType)) {
    fields.refuse("invalid_value", "content_type must be a media type");
  }
  return { template, contentType };
};

/** The credentials, headers and options of one target; what its format must have and has not is refused. */
export const readCredentials = (
  json: JsonObject,
  fields: FieldReader,
  type: Target["type"],
  format: TargetFormat,
): Pick<Target, "credentials" | "headers" | "options"> => {
  const headers = readHeaders(json, fields, type === "pagerduty" ? ["routing_key", "routing-key"] : []);
  const { Authorization: authorization, ...others } = headers;
  const isKeyed = type === "rootly" || type === "opsgenie";
  const isRootly = type === "rootly";
  const { botToken, channel } =
    type === "slack" || type === "telegram" ? bot(fields, type === "telegram") : { botToken: null, channel: null };
  const { template, contentType } =
    format === "template" ? readTemplate(fields) : { template: null, contentType: null };

  const credentials: TargetCredentials = present({
    routingKey: type === "pagerduty" ? routingKey(json, fields) : null,
    formerRoutingKeys: type === "pagerduty" ? formerRoutingKeys(fields) : [],
    botToken,
    apiKey: isKeyed ? apiKey(fields, authorization) : null,
    signingSecrets: signingSecrets(fields),
  });
  const options: TargetOptions = present({
    channel,
    threadId: fields.text("thread_id"),
    rootlyKind: isRootly ? (fields.choice("kind", ["incident", "alert"] as const) ?? "incident") : null,
    severityIds: isRootly ? fields.record("severity_ids") : {},
    serviceIds: isRootly ? fields.list("service_ids") : [],
    environmentIds: isRootly ? fields.list("environment_ids") : [],
    groupIds: isRootly ? fields.list("group_ids") : [],
    template,
    contentType,
  });
  return { credentials, headers: isKeyed ? others : headers, options };
};

/**
 * A target from its JSON form (contracts 9.1 to 9.4, with the formats of DESIGN 9): one definition in, a complete target
 * or the one reason it is refused. Where the JSON came from, and whether the name is taken, is not its business.
 */
import { err, ok, type Result } from "../result.ts";
import { type AddressParts, type AddressPolicy, checkAddress } from "./address.ts";
import {
  FORMATS,
  type Target,
  type TargetDefect,
  type TargetFormat,
  type TargetType,
  WEBHOOK_FORMATS,
} from "./target.ts";
import { readCredentials } from "./target-credentials.ts";
import { type FieldReader, isJsonObject, type JsonObject, readFields } from "./target-fields.ts";
import { readFilter } from "./target-filter.ts";
import { FILTER_KEYS, TARGET_KEYS } from "./target-write.ts";

/** What `readTarget` needs of a parsed URL; a WHATWG `URL` has it. */
export interface UrlParts extends AddressParts {
  readonly href: string;
  readonly pathname: string;
}

export interface TargetReadOptions extends AddressPolicy {
  /** Core has no `URL`: the caller's parser, null for what is no URL. */
  readonly parseUrl: (text: string) => UrlParts | null;
}

export interface ReadTarget {
  readonly target: Target;
  /** What was changed or not understood, for the author of the definition; without values. */
  readonly warnings: readonly string[];
}

/** The size of a Secret we still read (contracts 9.4); Kubernetes itself stops at 1 MiB. */
export const MAX_TARGET_BYTES = 65_536;
/** After a day nobody wants the notification any more (DESIGN 9); a week at most, as history is kept for long. */
const DEFAULT_RETRY_WINDOW_SECONDS = 86_400;
const MAX_RETRY_WINDOW_SECONDS = 7 * 86_400;
/** A definition with more unknown keys than this is another document. */
const MAX_UNKNOWN_KEYS_NAMED = 10;

/** Words of the routes under /publishing/targets (contracts 9.3). */
const RESERVED_NAMES = ["refresh", "status", "health", "stats", "drift", "reseal"];
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

const DEFAULT_URLS: Readonly<Partial<Record<TargetType, string>>> = {
  rootly: "https://api.rootly.com/v1",
  pagerduty: "https://events.pagerduty.com/v2/enqueue",
  telegram: "https://api.telegram.org",
  opsgenie: "https://api.opsgenie.com",
};
const SLACK_API = "https://slack.com/api";

const isWebhookFormat = (word: string | null): boolean => WEBHOOK_FORMATS.some((format) => format === word);
const isType = (format: TargetFormat): format is TargetType => !isWebhookFormat(format);
const typeOf = (format: TargetFormat): TargetType => (isType(format) ? format : "webhook");

const readName = (fields: FieldReader): string => {
  const name = fields.text("name") ?? "";
  if (!DNS_LABEL.test(name)) fields.refuse("invalid_name", "name must be a DNS label of at most 63 characters");
  if (RESERVED_NAMES.includes(name))
    fields.refuse("invalid_name", `name must not be one of ${RESERVED_NAMES.join(", ")}`);
  return name;
};

/** What a template may be written for, beside webhooks: receivers that take a message and no API. */
const TEMPLATE_TYPES = ["webhook", "slack", "teams", "discord", "telegram"] as const satisfies readonly TargetType[];

const readFormat = (fields: FieldReader): Pick<Target, "type" | "format"> => {
  const type = fields.text("type")?.toLowerCase() ?? null;
  const named = fields.text("format")?.toLowerCase() ?? null;
  const format = FORMATS.find((candidate) => candidate === (named ?? type ?? "webhook")) ?? "webhook";
  const templateOf = format === "template" ? TEMPLATE_TYPES.find((candidate) => candidate === type) : undefined;
  const wanted = templateOf !== undefined || isWebhookFormat(type) ? type : typeOf(format);
  if (type !== null && !FORMATS.some((candidate) => candidate === type)) {
    fields.refuse("unknown_type", `type must be one of ${FORMATS.join(", ")}`);
  } else if (named !== null && named !== format) {
    fields.refuse("unknown_format", `format must be one of ${FORMATS.join(", ")}`);
  } else if (type !== null && (type !== wanted || (isWebhookFormat(type) && type !== format))) {
    fields.refuse("incompatible_format", "format does not belong to type");
  }
  return { type: templateOf ?? typeOf(format), format };
};

const isBase = (type: TargetType, isSlackBot: boolean): boolean =>
  ["rootly", "telegram", "opsgenie"].includes(type) || isSlackBot;

const readUrl = (
  fields: FieldReader,
  type: TargetType,
  isSlackBot: boolean,
  options: TargetReadOptions,
  warn: (text: string) => void,
): string => {
  const text = fields.text("url") ?? (isSlackBot ? SLACK_API : DEFAULT_URLS[type]) ?? null;
  if (text === null) {
    fields.refuse("missing_url", "url is missing");
    return "";
  }
  const parts = options.parseUrl(text);
  if (parts === null) {
    fields.refuse("invalid_url", "url is no absolute URL");
    return "";
  }
  const defect = checkAddress(parts, options);
  if (defect !== null) fields.refuse(defect.reason, `url: ${defect.detail}`);
  // A parser turns `0x8080808`, `1.2.772` and full-width digits into plain addresses; nobody honest writes them so.
  if (/^[\d.]+$/.test(parts.hostname) && !text.includes(parts.hostname)) {
    fields.refuse("invalid_url", "url: an address must be written as four decimal numbers");
  }
  const href = parts.href.replace(/#.*$/s, "");
  if (isSlackBot && parts.pathname.startsWith("/services/")) {
    fields.refuse("invalid_url", "url: an incoming webhook takes no bot_token");
  }
  if (type === "pagerduty" && ["", "/", "/v2/events", "/v2/events/"].includes(parts.pathname)) {
    warn("url: the path was replaced by /v2/enqueue");
    return href.replace(/^(https?:\/\/[^/?]+)[^?]*/, "$1/v2/enqueue");
  }
  if (!isBase(type, isSlackBot)) return href;
  const base = href.replace(/\/+$/, "");
  return type === "opsgenie" ? base.replace(/\/v2\/alerts$/, "") : base;
};

const unknownKeys = (json: JsonObject): readonly string[] => {
  const filter = isJsonObject(json.filter_config) ? json.filter_config : {};
  return [
    ...Object.keys(json).filter((key) => !TARGET_KEYS.has(key)),
    ...Object.keys(filter).flatMap((key) => (FILTER_KEYS.has(key) ? [] : [`filter_config.${key}`])),
  ].slice(0, MAX_UNKNOWN_KEYS_NAMED);
};

/** As `readTarget`, with what its author should know. */
export const readTargetWithWarnings = (json: unknown, options: TargetReadOptions): Result<ReadTarget, TargetDefect> => {
  if (!isJsonObject(json)) return err({ reason: "invalid_json", detail: "a target must be an object" });
  if (new TextEncoder().encode(JSON.stringify(json)).length > MAX_TARGET_BYTES) {
    return err({ reason: "too_large", detail: `a target must not exceed ${MAX_TARGET_BYTES} bytes` });
  }
  const warnings: string[] = [];
  const warn = (text: string): void => void warnings.push(text);
  for (const key of unknownKeys(json)) {
    warn(/^[\w.-]{1,64}$/.test(key) ? `the unknown key ${key} is ignored` : "an unknown key is ignored");
  }

  const fields = readFields(json);
  const name = readName(fields);
  const { type, format } = readFormat(fields);
  const secrets = readCredentials(json, fields, type, format);
  const isSlackBot = type === "slack" && secrets.credentials.botToken !== undefined;
  const url = readUrl(fields, type, isSlackBot, options, warn);
  const target: Target = {
    name,
    type,
    format,
    url,
    enabled: fields.flag("enabled", true),
    priority: fields.number("priority", 100, { min: 1, max: 1000, integer: true }),
    sendResolved: fields.flag("send_resolved", true),
    timeoutSeconds: fields.number("timeout_seconds", 10, { min: 1, max: 30, integer: false }),
    retryWindowSeconds: fields.number("retry_window_seconds", DEFAULT_RETRY_WINDOW_SECONDS, {
      min: 0,
      max: MAX_RETRY_WINDOW_SECONDS,
      integer: true,
    }),
    per: fields.choice("per", ["alert", "group"]),
    headers: secrets.headers,
    filter: readFilter(json, fields),
    credentials: secrets.credentials,
    options: secrets.options,
    description: fields.text("description") ?? "",
    metadata: fields.record("metadata"),
  };
  const defect = fields.defect();
  return defect === null ? ok({ target, warnings }) : err(defect);
};

/**
 * The target a JSON definition stands for, complete with its defaults, or the first reason it is refused. The alias
 * keys of contracts 9.3 are resolved: credentials are in `credentials` or `headers.Authorization`.
 */
export const readTarget = (json: unknown, options: TargetReadOptions): Result<Target, TargetDefect> => {
  const read = readTargetWithWarnings(json, options);
  return read.ok ? ok(read.value.target) : read;
};

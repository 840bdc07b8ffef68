/** Keeps the secrets of a target out of what is shown, stored and logged of an answer. */
import type { Target } from "../route/target.ts";
import { cut, withoutControls } from "./text.ts";

/** Of an answer's text so much is kept (contracts 12.1, response_message). */
export const MAX_ERROR_TEXT = 500;

/** Shorter values are ordinary words; taking them out would only garble the text. */
const MIN_CREDENTIAL = 4;
const MIN_PATH = 6;
const MIN_URL_PART = 8;

const HIDDEN = "***";

/** What looks like a credential of a provider, whoever's it is. */
const PATTERNS: readonly RegExp[] = [
  /xox[a-z]-[\w-]+/g,
  /\bbot\d+:[\w-]+/g,
  /whsec_[\w+/=]+/g,
  /\b(?:Bearer|Basic|GenieKey|Token)\s+[\w.~+/=-]{8,}/gi,
  /hooks\.slack\.com\/[^\s"'<>]+/gi,
  /\/api\/webhooks\/\d+\/[\w-]+/g,
  /\b(?:sig|token|key|api_key|access_token)=[^\s&"'<>]{6,}/gi,
];

const partsOfUrl = (url: string): readonly string[] => {
  const rest = url.replace(/^[a-z]+:\/\/[^/?#]*/i, "");
  const parts = rest.split(/[/?&#=]/).filter((part) => part.length >= MIN_URL_PART);
  const whole = [...(rest.length > 1 ? [url] : []), ...(rest.length >= MIN_PATH ? [rest] : [])];
  return [...whole, ...parts];
};

const partsOfHeader = (value: string): readonly string[] =>
  [value, ...value.split(/\s+/)].filter((part) => part.length >= MIN_URL_PART);

/** Every text that would give the target away: credentials, header values, the path and query of its URL. */
export const secretsOf = (target: Target): readonly string[] => {
  const { routingKey, formerRoutingKeys = [], botToken, apiKey, signingSecrets = [] } = target.credentials;
  const credentials = [routingKey, ...formerRoutingKeys, botToken, apiKey, ...signingSecrets]
    .filter((value) => value !== undefined)
    .flatMap((value) => [value, value.replace(/^whsec_/, "")])
    .filter((value) => value.length >= MIN_CREDENTIAL);
  const others = [...partsOfUrl(target.url), ...Object.values(target.headers).flatMap(partsOfHeader)];
  const all = [...credentials, ...others];
  const encoded = all.flatMap((value) => [
    encodeURIComponent(value.toWellFormed()),
    JSON.stringify(value).slice(1, -1),
  ]);
  return [...new Set([...all, ...encoded])].sort((a, b) => b.length - a.length);
};

/** `text` with every secret replaced; what merely looks like a credential goes too. */
export const redact = (text: string, secrets: readonly string[]): string =>
  PATTERNS.reduce(
    (clean, pattern) => clean.replace(pattern, HIDDEN),
    secrets.reduce((clean, secret) => clean.replaceAll(secret, HIDDEN), text),
  );

/** The other side's words as they may be kept: without secrets and controls, at most 500 characters. */
export const errorText = (text: string, secrets: readonly string[]): string =>
  cut(redact(withoutControls(text.slice(0, 20 * MAX_ERROR_TEXT)), secrets).trim(), MAX_ERROR_TEXT);

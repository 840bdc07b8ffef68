/** The static headers of a target, and the one Authorization its several credential keys come to (contracts 9.3). */
import { type FieldReader, isJsonObject, type JsonObject } from "./target-fields.ts";

/** More, or longer ones, no receiver we know asks for, and servers begin to answer 431 (contracts 9.3). */
const MAX_HEADERS = 100;
const MAX_HEADER_VALUE_BYTES = 4096;

/** RFC 9110 token. */
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Field content a runtime accepts: visible Latin-1, blanks and tabs; a line break would begin another header. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Belong to the connection, or to what the sender computes for each request. */
const RESERVED_HEADERS = new Set([
  ...["host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer", "expect"],
  ...["webhook-id", "webhook-timestamp", "webhook-signature"],
]);

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const encodeBase64 = (bytes: Uint8Array): string => {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const word = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const digits = [18, 12, 6, 0].map((shift) => BASE64.charAt((word >> shift) & 63));
    text += digits.slice(0, left + 1).join("") + "=".repeat(Math.max(0, 3 - left));
  }
  return text;
};

const basic = (fields: FieldReader): string | null => {
  const username = fields.text("username");
  const password = fields.text("password");
  if (username === null && password === null) return null;
  if (username === null || username.includes(":")) {
    fields.refuse("invalid_value", "username must be present and without a colon where there is a password");
    return null;
  }
  return `Basic ${encodeBase64(new TextEncoder().encode(`${username}:${password ?? ""}`))}`;
};

const withScheme = (scheme: string, token: string | null): string | null => {
  if (token === null) return null;
  return token.toLowerCase().startsWith(`${scheme.toLowerCase()} `) ? token : `${scheme} ${token}`;
};

/**
 * Headers as they are sent. A written `Authorization` wins over `auth_header`, that over `api_key`, `auth_token` (both
 * Bearer), `token` (`Token …`) and user name with password. `leaveOut` names headers that are no header of ours.
 * Details name no header: in a wrongly split text a name may be part of a value.
 */
export const readHeaders = (
  json: JsonObject,
  fields: FieldReader,
  leaveOut: readonly string[],
): Readonly<Record<string, string>> => {
  const refuse = (detail: string): void => fields.refuse("invalid_headers", detail);
  const given = Object.hasOwn(json, "headers") ? json.headers : undefined;
  if (given !== undefined && given !== null && !isJsonObject(given)) refuse("headers must be an object");
  const entries = Object.entries(isJsonObject(given) ? given : {})
    .filter(([name]) => !leaveOut.includes(name.trim().toLowerCase()))
    .map(([name, value]) => {
      const trimmed = name.trim();
      return [trimmed.toLowerCase() === "authorization" ? "Authorization" : trimmed, value] as const;
    });
  const written = entries.find(([name]) => name === "Authorization");
  const authorization =
    fields.text("auth_header") ??
    withScheme("Bearer", fields.text("api_key")) ??
    withScheme("Bearer", fields.text("auth_token")) ??
    withScheme("Token", fields.text("token")) ??
    basic(fields);
  const all: readonly (readonly [string, unknown])[] =
    written === undefined && authorization !== null ? [...entries, ["Authorization", authorization]] : entries;

  if (all.length > MAX_HEADERS) refuse(`headers are more than ${MAX_HEADERS}`);
  if (new Set(all.map(([name]) => name.toLowerCase())).size < all.length) refuse("headers name one header twice");
  const headers: [string, string][] = [];
  for (const [name, value] of all) {
    if (!HEADER_NAME.test(name)) refuse("headers hold a name that is none");
    if (RESERVED_HEADERS.has(name.toLowerCase()))
      refuse("headers hold one that belongs to the connection or signature");
    const text = typeof value === "string" ? value.trim() : typeof value === "number" ? String(value) : null;
    if (text === null) refuse("headers hold a value that is not text");
    else if (!HEADER_VALUE.test(text)) refuse("headers hold a value with a control or non-Latin character");
    else if (new TextEncoder().encode(text).length > MAX_HEADER_VALUE_BYTES) {
      refuse(`headers hold a value above ${MAX_HEADER_VALUE_BYTES} bytes`);
    } else headers.push([name, text]);
  }
  return Object.fromEntries(headers);
};

/** The key inside an Authorization value, for formats that write the scheme themselves; null for any other scheme. */
export const bareKey = (authorization: string): string | null =>
  /^(?:(?:Bearer|GenieKey|Token)\s+)?(\S+)$/i.exec(authorization)?.[1] ?? null;

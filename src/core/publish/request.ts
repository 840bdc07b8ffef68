/** Builds the request of a format: which headers of the target go along, and the URL put together without `URL`. */
import type { Target } from "../route/target.ts";
import type { FormatRequest } from "./format.ts";
import { headerSafe } from "./text.ts";

/** They belong to the connection, to our signature, or (`routing_key`) only into a body. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "keep-alive",
  "upgrade",
  "te",
  "trailer",
  "expect",
  "webhook-id",
  "webhook-timestamp",
  "webhook-signature",
  "routing_key",
  "routing-key",
]);

const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

const ownHeaders = (target: Target): readonly (readonly [string, string])[] =>
  Object.entries(target.headers)
    .map(([name, value]) => [name.trim().toLowerCase(), headerSafe(value)] as const)
    .filter(([name]) => TOKEN.test(name) && !NEVER_SENT.has(name));

/** The headers of a request, names in lower case: those of the target, then those of the format, which win. */
export const headersFor = (
  target: Target,
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries([
    ...ownHeaders(target),
    ["user-agent", "alert-history"],
    ...Object.entries(headers).map(([name, value]) => [name.toLowerCase(), headerSafe(value)] as const),
  ]);

export interface JsonCall {
  readonly url: string;
  readonly body: unknown;
  readonly method?: FormatRequest["method"];
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request with a JSON body, serialised once. */
export const jsonRequest = (target: Target, call: JsonCall): FormatRequest => ({
  method: call.method ?? "POST",
  url: call.url,
  headers: headersFor(target, { "content-type": "application/json", ...call.headers }),
  body: JSON.stringify(call.body),
});

/** `base/path`, keeping the query of the base at the end. */
export const urlWithPath = (base: string, path: string): string => {
  const [head = "", ...query] = base.split("?");
  return [`${head.replace(/\/+$/, "")}${path}`, ...query].join("?");
};

/** The URL with a query parameter set; one of the same name is replaced. */
export const urlWithQuery = (url: string, name: string, value: string): string => {
  const [head = "", ...rest] = url.split("?");
  const kept = rest
    .join("?")
    .split("&")
    .filter((pair) => pair !== "" && pair.split("=")[0] !== name);
  return `${head}?${[...kept, `${name}=${encodeURIComponent(value)}`].join("&")}`;
};

/** Alertmanager's HTTP client settings as headers and credentials of a target; what we do not serve is reported. */
import type { JsonObject } from "../target-fields.ts";
import type { YamlNode } from "./node.ts";
import type { Report } from "./report.ts";
import { entriesAt, flagAt, nodeAt, textNodeAt, textsAt, wordAt } from "./values.ts";

const fileDefect = "names a file that only Alertmanager's own machine can read: write the value itself";

const warnFiles = (node: YamlNode | null, keys: readonly string[], report: Report): void => {
  for (const key of keys) {
    const file = node === null ? null : textNodeAt(node, key);
    if (file !== null && file.text !== "") report.warn(file, fileDefect);
  }
};

const readHeaders = (http: YamlNode, report: Report): Record<string, string> =>
  Object.fromEntries(
    entriesAt(http, "http_headers").flatMap(([name, { value }]) => {
      for (const file of textsAt(value, "files") ?? []) report.warn(file, fileDefect);
      const values = [...(textsAt(value, "values") ?? []), ...(textsAt(value, "secrets") ?? [])].map(
        (item) => item.text,
      );
      return values.length === 0 ? [] : [[name, values.join(", ")] as const];
    }),
  );

const readAuthorization = (http: YamlNode, report: Report): string | null => {
  const block = nodeAt(http, "authorization");
  warnFiles(block, ["credentials_file"], report);
  warnFiles(http, ["bearer_token_file"], report);
  const credentials = block === null ? null : wordAt(block, "credentials");
  if (block !== null && credentials !== null) return `${wordAt(block, "type") ?? "Bearer"} ${credentials}`;
  const bearer = wordAt(http, "bearer_token");
  return bearer === null ? null : `Bearer ${bearer}`;
};

const NOT_SERVED = ["oauth2", "proxy_url", "proxy_from_environment", "proxy_connect_header"];

/** The `http_config` that counts for an integration: its own, else the global one. */
export const httpOf = (node: YamlNode, global: YamlNode | null): YamlNode | null =>
  nodeAt(node, "http_config") ?? (global === null ? null : nodeAt(global, "http_config"));

/** `Authorization` and other headers, user and password, as keys of a target. */
export const readHttp = (http: YamlNode | null, report: Report): JsonObject => {
  if (http === null) return {};
  for (const key of NOT_SERVED) {
    const place = nodeAt(http, key);
    const isOff = place?.kind === "text" && flagAt(http, key) === false;
    if (place !== null && !isOff) report.warn(place, `${key} is not served: requests go out directly, without it`);
  }
  const tls = nodeAt(http, "tls_config");
  if (tls !== null)
    report.warn(tls, "is not served: the receiver must have a public certificate and want none of ours");
  const basic = nodeAt(http, "basic_auth");
  warnFiles(basic, ["username_file", "password_file"], report);
  const username = basic === null ? null : wordAt(basic, "username");
  const password = basic === null ? null : wordAt(basic, "password");
  const authorization = readAuthorization(http, report);
  const headers = { ...readHeaders(http, report), ...(authorization === null ? {} : { Authorization: authorization }) };
  return {
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    ...(authorization !== null || username === null ? {} : { username }),
    ...(authorization !== null || password === null ? {} : { password }),
  };
};

/** The bearer token of an `authorization` block, for integrations that have a field of their own for it. */
export const bearerOf = (http: YamlNode | null): string | null => {
  const block = http === null ? null : nodeAt(http, "authorization");
  if (block === null || !/^bearer$/i.test(wordAt(block, "type") ?? "Bearer")) return null;
  return wordAt(block, "credentials");
};

/** The clusters whose exporters are asked, from the secret `CLUSTERS`. A bad entry is told by its path and spoils no other. */
import { err, ok, type Result } from "../result.ts";
import { checkAddress } from "./address.ts";
import { isJsonObject } from "./target-fields.ts";
import type { TargetReadOptions } from "./target-read.ts";

export interface Cluster {
  readonly name: string;
  /** Of its exporter, without the path `/targets`. */
  readonly url: string;
  readonly token: string;
  /** Such as the service token headers of an access proxy in front of the exporter. */
  readonly headers: Readonly<Record<string, string>>;
  readonly intervalMs: number;
  readonly enabled: boolean;
}

export interface Clusters {
  /** null: the secret is absent or no list; what is known of clusters stays as it is. */
  readonly clusters: readonly Cluster[] | null;
  /** One sentence per defect, naming the path and no value. */
  readonly errors: readonly string[];
  /** Names of entries that are refused: their clusters stay frozen. */
  readonly refused: readonly string[];
}

/** Below a minute cron has no finer step (contracts 15). */
const MIN_INTERVAL_SECONDS = 60;
const MAX_INTERVAL_SECONDS = 86_400;
/** Of a cluster that names none. */
const DEFAULT_INTERVAL_SECONDS = 300;
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const PRINTABLE = /^[\x20-\x7e]+$/;

const readHeaders = (given: unknown): Readonly<Record<string, string>> | null => {
  if (given === undefined || given === null) return {};
  if (!isJsonObject(given)) return null;
  const entries = Object.entries(given);
  const areGood = entries.every(
    ([name, value]) => HEADER_NAME.test(name) && typeof value === "string" && PRINTABLE.test(value),
  );
  return areGood ? (Object.fromEntries(entries) as Record<string, string>) : null;
};

const readCluster = (entry: unknown, options: TargetReadOptions, defaultInterval: number): Result<Cluster, string> => {
  if (!isJsonObject(entry)) return err(" must be an object");
  const { name, url, token, interval_seconds: interval = defaultInterval, enabled = true } = entry;
  if (typeof name !== "string" || !DNS_LABEL.test(name) || name === "static") {
    return err("/name must be a DNS label of at most 63 characters other than static");
  }
  const parts = typeof url === "string" ? options.parseUrl(url) : null;
  if (parts === null) return err("/url must be an absolute URL");
  const defect = checkAddress(parts, options);
  if (defect !== null) return err(`/url: ${defect.detail}`);
  if (typeof token !== "string" || !PRINTABLE.test(token)) return err("/token must be printable ASCII");
  const headers = readHeaders(entry.headers);
  if (headers === null) return err("/headers must be an object of header names and printable values");
  if (typeof interval !== "number" || !(interval >= MIN_INTERVAL_SECONDS && interval <= MAX_INTERVAL_SECONDS)) {
    return err(`/interval_seconds must be a number from ${MIN_INTERVAL_SECONDS} to ${MAX_INTERVAL_SECONDS}`);
  }
  if (typeof enabled !== "boolean") return err("/enabled must be true or false");
  return ok({
    name,
    url: parts.href.replace(/[?#].*$/s, "").replace(/\/+$/, ""),
    token,
    headers,
    intervalMs: interval * 1000,
    enabled,
  });
};

/** The clusters of this text; exporters are under the same address policy as targets. */
export const readClusters = (
  text: string | undefined,
  options: TargetReadOptions,
  defaultIntervalSeconds = DEFAULT_INTERVAL_SECONDS,
): Clusters => {
  if (text === undefined || text.trim() === "") return { clusters: null, errors: [], refused: [] };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { clusters: null, errors: ["CLUSTERS is not JSON"], refused: [] };
  }
  if (!Array.isArray(json)) return { clusters: null, errors: ["CLUSTERS must be a list"], refused: [] };
  const clusters: Cluster[] = [];
  const errors: string[] = [];
  const refused: string[] = [];
  json.forEach((entry: unknown, index) => {
    const read = readCluster(entry, options, defaultIntervalSeconds);
    if (read.ok && !clusters.some(({ name }) => name === read.value.name)) {
      clusters.push(read.value);
      return;
    }
    errors.push(`CLUSTERS/${index}${read.ok ? "/name is taken by an earlier entry" : read.error}`);
    if (!read.ok && isJsonObject(entry) && typeof entry.name === "string") refused.push(entry.name);
  });
  return { clusters, errors, refused };
};

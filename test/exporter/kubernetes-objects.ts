/** Secrets as the Kubernetes API shows them, and what it takes for a request. */
import type { IncomingMessage } from "node:http";

export interface FakeSecret {
  readonly namespace: string;
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Plain text; encoded on the way out. */
  readonly data?: Readonly<Record<string, string>>;
}
export interface Stored extends FakeSecret {
  readonly resourceVersion: string;
}
export interface Change {
  readonly version: number;
  readonly before: Stored | null;
  readonly after: Stored | null;
}
export const LABEL = { "alert-history.io/publish-target": "true" };

/** What is asked of it; anything else is a mistake of whoever asks. */
const PARAMETERS = new Set([
  ...["labelSelector", "limit", "continue"],
  ...["watch", "resourceVersion", "allowWatchBookmarks", "timeoutSeconds"],
]);
const EQUALITY = /^[a-z0-9A-Z./_-]+=[a-zA-Z0-9._-]*$/;
const REASONS: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  410: "Expired",
  500: "InternalError",
  504: "Timeout",
};

export const keyOf = ({ namespace, name }: FakeSecret): string => `${namespace}/${name}`;
const alphabetically = (a: FakeSecret, b: FakeSecret): number => (keyOf(a) < keyOf(b) ? -1 : 1);

export const matches = (secret: Stored | null, namespace: string | null, selector: string): boolean =>
  secret !== null &&
  (namespace === null || secret.namespace === namespace) &&
  selector.split(",").every((part) => {
    const [key = "", value = ""] = part.split("=");
    return secret.labels?.[key] === value;
  });

/** What follows the last Secret of a page, as of the version the list began with. */
interface Rest {
  readonly rv: number;
  readonly after: string;
}
export const writeToken = (rest: Rest): string => Buffer.from(JSON.stringify(rest)).toString("base64url");
export const readToken = (token: string): Rest | null => {
  try {
    return JSON.parse(Buffer.from(token, "base64url").toString()) as Rest;
  } catch {
    return null;
  }
};

export const toObject = (secret: Stored) => ({
  kind: "Secret",
  apiVersion: "v1",
  type: "Opaque",
  metadata: {
    name: secret.name,
    namespace: secret.namespace,
    resourceVersion: secret.resourceVersion,
    uid: `${secret.namespace}-${secret.name}`,
    ...(secret.labels === undefined ? {} : { labels: secret.labels }),
  },
  data: Object.fromEntries(
    Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value).toString("base64")]),
  ),
});

/** A request that the real one would read as it was meant. */
export const isUnderstood = ({ method }: IncomingMessage, parameters: URLSearchParams): boolean =>
  method === "GET" &&
  [...parameters.keys()].every((name) => PARAMETERS.has(name)) &&
  (parameters.get("labelSelector") ?? "").split(",").every((part) => EQUALITY.test(part));

/** A refusal, with a message that must not get anywhere. */
export const statusOf = (code: number) => {
  const fixed = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure" };
  return { ...fixed, reason: REASONS[code] ?? "Unknown", code, message: "c4n4ry-in-status" };
};

/** All of them as they were at this version, where every change since is known. */
export const secretsAt = (
  secrets: ReadonlyMap<string, Stored>,
  changes: readonly Change[],
  version: number,
): readonly Stored[] => {
  const then = new Map(secrets);
  for (const { before, after } of changes.filter((change) => change.version > version).reverse()) {
    if (before !== null) then.set(keyOf(before), before);
    else if (after !== null) then.delete(keyOf(after));
  }
  return [...then.values()].sort(alphabetically);
};

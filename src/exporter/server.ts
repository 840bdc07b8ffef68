/** The HTTP face: `GET /targets` for the holder of a token, probes and metrics for everybody in reach. */
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { errorCode, type Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import type { TaggedSnapshot } from "./snapshot.ts";

export interface ServerOptions {
  readonly tokens: () => readonly string[];
  readonly snapshot: () => TaggedSnapshot;
  /** False until the first list, and again while shutting down. */
  readonly isReady: () => boolean;
  /** True once there is something true to serve, also while shutting down. */
  readonly hasSnapshot: () => boolean;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** No request of ours has a body, and each is answered from memory: whoever needs longer only holds a connection. */
const REQUEST_TIMEOUT_MS = 10_000;
/** A first list takes seconds; asking again sooner only adds requests. */
const RETRY_AFTER_SECONDS = 5;

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Compared as digests, in a time that tells neither length nor content; every token is compared every time. */
const isAuthorized = (request: IncomingMessage, tokens: readonly string[]): boolean => {
  const given = digest(/^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "");
  return tokens.map((token) => timingSafeEqual(given, digest(token))).includes(true);
};

const problem = (status: number, title: string, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers: { ...headers, "Content-Type": "application/problem+json" },
  body: JSON.stringify({ type: "about:blank", title, status }),
});

/** `If-None-Match` compares weakly: proxies on the way may add or take the `W/`. */
const isUnchanged = (request: IncomingMessage, etag: string): boolean => {
  const bare = (tag: string): string => tag.trim().replace(/^W\//, "");
  return (request.headers["if-none-match"] ?? "").split(",").some((tag) => bare(tag) === bare(etag));
};

const answerTargets = (request: IncomingMessage, options: ServerOptions): Answer => {
  if (!isAuthorized(request, options.tokens())) {
    return problem(401, "Unauthorized", { "WWW-Authenticate": 'Bearer realm="alert-history-exporter"' });
  }
  if (!options.hasSnapshot()) {
    return problem(503, "The first list is not complete", { "Retry-After": String(RETRY_AFTER_SECONDS) });
  }
  const { snapshot, etag } = options.snapshot();
  if (isUnchanged(request, etag)) return { status: 304, headers: { ETag: etag } };
  return {
    status: 200,
    headers: { ETag: etag, "Content-Type": "application/json" },
    body: JSON.stringify(snapshot),
  };
};

const plain = (status: number, body: string): Answer => ({
  status,
  headers: { "Content-Type": "text/plain; charset=utf-8" },
  body: `${body}\n`,
});

const ROUTES: Readonly<Record<string, (request: IncomingMessage, options: ServerOptions) => Answer>> = {
  "/targets": answerTargets,
  "/healthz": () => plain(200, "ok"),
  "/readyz": (_request, { isReady }) => (isReady() ? plain(200, "ready") : plain(503, "not ready")),
  "/metrics": (_request, { metrics }) => ({
    status: 200,
    headers: { "Content-Type": "text/plain; version=0.0.4; charset=utf-8" },
    body: metrics.text(),
  }),
};

const answer = (request: IncomingMessage, path: string, options: ServerOptions): Answer => {
  const route = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
  if (route === undefined) return problem(404, "Not found");
  if (request.method === "GET" || request.method === "HEAD") return route(request, options);
  return problem(405, "Method not allowed", { Allow: "GET, HEAD" });
};

/** A defect of ours costs one answer, not the process: the message may hold a value and stays here. */
const answerSafely = (request: IncomingMessage, path: string, options: ServerOptions): Answer => {
  try {
    return answer(request, path, options);
  } catch (error) {
    options.log("error", "a request failed", { code: errorCode(error) });
    return problem(500, "Internal error");
  }
};

const send = (response: ServerResponse, { status, headers, body = "" }: Answer): void => {
  response.writeHead(status, {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    ...(status === 304 ? {} : { "Content-Length": String(Buffer.byteLength(body)) }),
    ...headers,
  });
  response.end(body);
};

/** A server that does not listen yet. */
export const createExporterServer = (options: ServerOptions): Server => {
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS },
    (request, response) => {
      const path = (request.url ?? "").replace(/\?.*$/s, "").replace(/(?<=.)\/$/, "");
      const label = Object.hasOwn(ROUTES, path) ? path : "other";
      const answered = answerSafely(request, path, options);
      options.metrics.count("http_requests_total", { path: label, status: String(answered.status) });
      if (answered.status === 401) options.log("warn", "a request without a valid token was refused", { path: label });
      send(response, answered);
      request.resume();
    },
  );
  return server;
};

/** An API server in this process that speaks list and watch of Secrets, and fails in the ways real ones do. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { KubeConfig } from "@kubernetes/client-node";
import { freePort } from "../support/ports.ts";

export interface FakeSecret {
  readonly namespace: string;
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Plain text; encoded on the way out. */
  readonly data?: Readonly<Record<string, string>>;
}
interface Stored extends FakeSecret {
  readonly resourceVersion: string;
}
interface Change {
  readonly version: number;
  readonly before: Stored | null;
  readonly after: Stored | null;
}
interface OpenWatch {
  readonly response: ServerResponse;
  readonly namespace: string | null;
  readonly selector: string;
}
export interface SeenRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly token: string;
}

export const LABEL = { "alert-history.io/publish-target": "true" };

const matches = (secret: Stored | null, namespace: string | null, selector: string): boolean =>
  secret !== null &&
  (namespace === null || secret.namespace === namespace) &&
  selector.split(",").every((part) => {
    const [key = "", value = ""] = part.split("=");
    return secret.labels?.[key] === value;
  });

const toObject = (secret: Stored) => ({
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

export class KubernetesApi {
  readonly requests: SeenRequest[] = [];
  /** Tokens accepted; null: any. */
  tokens: readonly string[] | null = null;
  readonly forbidden = new Set<string>();
  /** Namespaces for which it answers 500. */
  readonly failing = new Set<string>();
  /** Answers every list with this status. */
  listStatus: number | null = null;
  /** Whether an old version is refused by status or by an event within the stream: real servers do both. */
  expiry: "status" | "event" = "event";
  /** The next continue token is answered 410. */
  expireNextPage = false;
  /** Ignores label selectors, as a broken proxy might. */
  ignoresSelectors = false;
  #secrets = new Map<string, Stored>();
  #changes: Change[] = [];
  #version = 100;
  #oldest = 0;
  #watches = new Set<OpenWatch>();
  #server: Server | null = null;
  #port = 0;

  async start(): Promise<void> {
    if (this.#port === 0) this.#port = await freePort();
    const server = createServer((request, response) => this.#answer(request, response));
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#server = server;
  }

  /** Gone, connections cut; `start` brings it back on the same port with the same content. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server === null ? resolve() : server.close(() => resolve())));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }
  get openWatches(): number {
    return this.#watches.size;
  }

  kubeConfig(token = "token"): KubeConfig {
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromClusterAndUser({ name: "test", server: this.url, skipTLSVerify: true }, { name: "test", token });
    return kubeConfig;
  }

  put(secret: FakeSecret): void {
    this.#version += 1;
    const key = `${secret.namespace}/${secret.name}`;
    const before = this.#secrets.get(key) ?? null;
    const after = { ...secret, resourceVersion: String(this.#version) };
    this.#secrets.set(key, after);
    this.#record({ version: this.#version, before, after });
  }

  /** Whether there was one. */
  remove(namespace: string, name: string): boolean {
    const before = this.#secrets.get(`${namespace}/${name}`);
    if (before === undefined) return false;
    this.#version += 1;
    this.#secrets.delete(`${namespace}/${name}`);
    this.#record({ version: this.#version, before, after: null });
    return true;
  }

  /** Forgets all changes so far: watches from before it are too old. */
  compact(): void {
    this.#version += 1;
    this.#oldest = this.#version;
    this.#changes = [];
  }

  bookmark(): void {
    const object = { kind: "Secret", metadata: { resourceVersion: String(this.#version) } };
    for (const { response } of this.#watches) response.write(`${JSON.stringify({ type: "BOOKMARK", object })}\n`);
  }

  /** Ends the watches: cleanly, with a reset in the middle of a line, or with an error event first. */
  endWatches(how: "closed" | "reset" | { readonly code: number }): void {
    const ending = [...this.#watches];
    this.#watches.clear();
    for (const { response } of ending) {
      if (how === "reset") {
        response.write('{"type":"MODIFIED","object":{"metadata":{"na');
        response.socket?.resetAndDestroy();
      } else {
        if (how !== "closed") {
          response.write(`${JSON.stringify({ type: "ERROR", object: { kind: "Status", code: how.code } })}\n`);
        }
        response.end();
      }
    }
  }

  /** The open watches hear of nothing any more, and stay open. */
  stall(): void {
    this.#watches.clear();
  }

  #record(change: Change): void {
    this.#changes.push(change);
    for (const watch of this.#watches) this.#send(watch, change);
  }

  /** As the real one: leaving the selection is a deletion. An event comes in two pieces, as over a network. */
  #send(watch: OpenWatch, { version, before, after }: Change): void {
    const wasHere = this.ignoresSelectors || matches(before, watch.namespace, watch.selector);
    const isHere = after !== null && (this.ignoresSelectors || matches(after, watch.namespace, watch.selector));
    if (!wasHere && !isHere) return;
    const type = !isHere ? "DELETED" : wasHere && before !== null ? "MODIFIED" : "ADDED";
    const shown = after ?? before;
    if (shown === null) return;
    const object = toObject({ ...shown, resourceVersion: String(version) });
    const bytes = Buffer.from(`${JSON.stringify({ type, object })}\n`);
    watch.response.write(bytes.subarray(0, 40));
    watch.response.write(bytes.subarray(40));
  }

  #refuse(response: ServerResponse, code: number): void {
    response.writeHead(code, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ kind: "Status", status: "Failure", code, message: "c4n4ry-in-status" }));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", this.url);
    const token = (request.headers.authorization ?? "").replace("Bearer ", "");
    this.requests.push({ path: url.pathname, query: url.searchParams, token });
    const namespace = /^\/api\/v1\/namespaces\/([^/]+)\/secrets$/.exec(url.pathname)?.[1] ?? null;
    const selector = url.searchParams.get("labelSelector") ?? "";
    if (namespace === null && url.pathname !== "/api/v1/secrets") this.#refuse(response, 404);
    else if (this.tokens !== null && !this.tokens.includes(token)) this.#refuse(response, 401);
    else if (this.forbidden.has(namespace ?? "*")) this.#refuse(response, 403);
    else if (this.failing.has(namespace ?? "*")) this.#refuse(response, 500);
    else if (url.searchParams.get("watch") === "true") this.#watch(url, response, namespace, selector);
    else if (this.listStatus !== null) this.#refuse(response, this.listStatus);
    else this.#list(url, response, namespace, selector);
  }

  #list(url: URL, response: ServerResponse, namespace: string | null, selector: string): void {
    const after = Number(url.searchParams.get("continue") ?? 0);
    if (after > 0 && this.expireNextPage) {
      this.expireNextPage = false;
      this.#refuse(response, 410);
      return;
    }
    const limit = Number(url.searchParams.get("limit") ?? Number.MAX_SAFE_INTEGER);
    const all = [...this.#secrets.values()].filter(
      (secret) => this.ignoresSelectors || matches(secret, namespace, selector),
    );
    const items = all.slice(after, after + limit).map(toObject);
    const hasMore = after + limit < all.length;
    const metadata = {
      resourceVersion: String(this.#version),
      ...(hasMore ? { continue: String(after + limit), remainingItemCount: all.length - after - limit } : {}),
    };
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ kind: "SecretList", apiVersion: "v1", metadata, items }));
  }

  #watch(url: URL, response: ServerResponse, namespace: string | null, selector: string): void {
    const from = Number(url.searchParams.get("resourceVersion"));
    if (from < this.#oldest && this.expiry === "status") {
      this.#refuse(response, 410);
      return;
    }
    response.writeHead(200, { "Content-Type": "application/json" });
    response.flushHeaders();
    if (from < this.#oldest) {
      response.end(`${JSON.stringify({ type: "ERROR", object: { kind: "Status", code: 410 } })}\n`);
      return;
    }
    const watch = { response, namespace, selector };
    this.#watches.add(watch);
    response.on("close", () => this.#watches.delete(watch));
    for (const change of this.#changes.filter(({ version }) => version > from)) this.#send(watch, change);
  }
}

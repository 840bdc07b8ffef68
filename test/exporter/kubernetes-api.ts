/**
 * An API server in this process that speaks list and watch of Secrets as the real one does: pages of one version, tokens
 * that outlive no compaction, deletions as it was before, no request that it does not know. It fails as real ones do.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { KubeConfig } from "@kubernetes/client-node";
import { freePort } from "../support/ports.ts";
import {
  type Change,
  type FakeSecret,
  isUnderstood,
  keyOf,
  matches,
  readToken,
  type Stored,
  secretsAt,
  statusOf,
  toObject,
  writeToken,
} from "./kubernetes-objects.ts";

export { LABEL } from "./kubernetes-objects.ts";

interface OpenWatch {
  readonly response: ServerResponse;
  readonly bookmarks: boolean;
  readonly namespace: string | null;
  readonly selector: string;
}
export interface SeenRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly token: string;
}

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
  /** Called when a page was answered and another one follows. */
  afterPage: () => void = () => undefined;
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
    const key = keyOf(secret);
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
    for (const watch of this.#watches) this.#mark(watch);
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
          response.write(`${JSON.stringify({ type: "ERROR", object: statusOf(how.code) })}\n`);
        }
        response.end();
      }
    }
  }

  /** The open watches hear of nothing any more, and stay open. */
  stall(): void {
    this.#watches.clear();
  }

  #mark({ response, bookmarks }: OpenWatch): void {
    if (!bookmarks) return;
    const metadata = { resourceVersion: String(this.#version), creationTimestamp: null };
    const object = { kind: "Secret", apiVersion: "v1", metadata };
    response.write(`${JSON.stringify({ type: "BOOKMARK", object })}\n`);
  }

  #record(change: Change): void {
    this.#changes.push(change);
    for (const watch of this.#watches) this.#send(watch, change);
  }

  /** Leaving the selection is a deletion, of what was there before. An event comes in two pieces, as over a network. */
  #send(watch: OpenWatch, { version, before, after }: Change): void {
    const wasHere = this.ignoresSelectors || matches(before, watch.namespace, watch.selector);
    const isHere = after !== null && (this.ignoresSelectors || matches(after, watch.namespace, watch.selector));
    if (!wasHere && !isHere) return;
    const type = !isHere ? "DELETED" : wasHere && before !== null ? "MODIFIED" : "ADDED";
    const shown = isHere ? after : before;
    if (shown === null) return;
    const object = toObject({ ...shown, resourceVersion: String(version) });
    const bytes = Buffer.from(`${JSON.stringify({ type, object })}\n`);
    watch.response.write(bytes.subarray(0, 40));
    watch.response.write(bytes.subarray(40));
  }

  #refuse(response: ServerResponse, code: number): void {
    response.writeHead(code, { "Content-Type": "application/json" });
    response.end(JSON.stringify(statusOf(code)));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", this.url);
    const token = (request.headers.authorization ?? "").replace("Bearer ", "");
    this.requests.push({ path: url.pathname, query: url.searchParams, token });
    const namespace = /^\/api\/v1\/namespaces\/([^/]+)\/secrets$/.exec(url.pathname)?.[1] ?? null;
    const selector = url.searchParams.get("labelSelector") ?? "";
    if (namespace === null && url.pathname !== "/api/v1/secrets") this.#refuse(response, 404);
    else if (!isUnderstood(request, url.searchParams)) this.#refuse(response, 400);
    else if (this.tokens !== null && !this.tokens.includes(token)) this.#refuse(response, 401);
    else if (this.forbidden.has(namespace ?? "*")) this.#refuse(response, 403);
    else if (this.failing.has(namespace ?? "*")) this.#refuse(response, 500);
    else {
      const isWatch = url.searchParams.get("watch") === "true";
      const answered = isWatch
        ? this.#watch(url, response, namespace, selector)
        : (this.listStatus ?? this.#list(url, response, namespace, selector));
      if (answered > 200) this.#refuse(response, answered);
    }
  }

  /** As `#watch`: the status to refuse it with, or 200 where it is answered. */
  #list(url: URL, response: ServerResponse, namespace: string | null, selector: string): number {
    const token = url.searchParams.get("continue");
    const limit = Number(url.searchParams.get("limit") ?? Number.MAX_SAFE_INTEGER);
    const rest = token === null ? { rv: this.#version, after: "" } : readToken(token);
    if (rest === null || !(limit > 0) || url.searchParams.has("resourceVersion")) return 400;
    if (token !== null && (this.expireNextPage || rest.rv < this.#oldest)) {
      this.expireNextPage = false;
      return 410;
    }
    const all = secretsAt(this.#secrets, this.#changes, rest.rv).filter(
      (secret) => keyOf(secret) > rest.after && (this.ignoresSelectors || matches(secret, namespace, selector)),
    );
    const page = all.slice(0, limit);
    const last = page.at(-1);
    const hasMore = all.length > limit && last !== undefined;
    // How many remain is not told where a selector has to be asked of each.
    const next = hasMore ? { continue: writeToken({ rv: rest.rv, after: keyOf(last) }) } : {};
    const metadata = { resourceVersion: String(rest.rv), ...next };
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ kind: "SecretList", apiVersion: "v1", metadata, items: page.map(toObject) }));
    if (hasMore) this.afterPage();
    return 200;
  }

  #watch(url: URL, response: ServerResponse, namespace: string | null, selector: string): number {
    const from = Number(url.searchParams.get("resourceVersion"));
    const seconds = Number(url.searchParams.get("timeoutSeconds"));
    const isOld = from < this.#oldest;
    const refused = !(from > 0 && seconds > 0)
      ? 400
      : from > this.#version
        ? 504
        : isOld && this.expiry === "status"
          ? 410
          : 200;
    if (refused > 200) return refused;
    response.writeHead(200, { "Content-Type": "application/json" });
    response.flushHeaders();
    if (isOld) {
      response.end(`${JSON.stringify({ type: "ERROR", object: statusOf(410) })}\n`);
      return 200;
    }
    const watch = { response, namespace, selector, bookmarks: url.searchParams.get("allowWatchBookmarks") === "true" };
    this.#watches.add(watch);
    const end = setTimeout(() => {
      this.#mark(watch);
      response.end();
    }, seconds * 1000);
    response.on("close", () => {
      clearTimeout(end);
      this.#watches.delete(watch);
    });
    for (const change of this.#changes.filter(({ version }) => version > from)) this.#send(watch, change);
    return 200;
  }
}

/**
 * Tells open dashboards that something changed. It holds sockets that may sleep and nothing durable: who missed a
 * message sees a gap in the numbers and asks the API again. It never says what an alert contains, only which one.
 */
import { DurableObject } from "cloudflare:workers";
import type { Bindings } from "../env.ts";

/** At most two messages a second: no eye follows more, and a storm must not become a storm of requests. */
const COALESCE_MS = 500;
/** Changes named in one message; beyond, the dashboard asks for the list anyway. */
const MAX_CHANGES = 100;

export interface LiveChange {
  readonly type: "alert" | "delivery" | "settings";
  /** Fingerprint of the alert, or name of the target. */
  readonly id: string;
  readonly status: string;
  readonly severity?: string;
}

export class LiveFeed extends DurableObject<Bindings> {
  /** Begins with the clock, so that it goes on rising after the object slept or moved. */
  #seq = Date.now();
  #waiting: LiveChange[] = [];
  #dropped = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
  }

  override async fetch(): Promise<Response> {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    server.send(JSON.stringify({ type: "hello", seq: this.#seq }));
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Sockets that are open, for a scrape. */
  connections(): number {
    return this.ctx.getWebSockets().length;
  }

  /** Takes changes up for whoever looks; without anybody it does nothing. */
  notify(changes: readonly LiveChange[]): void {
    if (this.ctx.getWebSockets().length === 0) return;
    const room = MAX_CHANGES - this.#waiting.length;
    this.#waiting.push(...changes.slice(0, room));
    this.#dropped += Math.max(0, changes.length - room);
    this.#timer ??= setTimeout(() => this.#flush(), COALESCE_MS);
  }

  #flush(): void {
    this.#timer = null;
    const message = JSON.stringify({ type: "changes", seq: ++this.#seq, changes: this.#waiting, more: this.#dropped });
    this.#waiting = [];
    this.#dropped = 0;
    for (const socket of this.ctx.getWebSockets()) {
      try {
        socket.send(message);
      } catch {
        // It is closing; the browser connects again by itself.
      }
    }
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    // 1005 and 1006 are never sent: they say that there was no code.
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
  }
}

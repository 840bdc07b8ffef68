/**
 * Tells open dashboards that something changed. It holds sockets that may sleep and nothing durable: who missed a
 * message sees a gap in the numbers and asks the API again. It never says what a thing contains, only which one.
 * A socket ends with the token it was opened with.
 */
import { DurableObject } from "cloudflare:workers";
import { callerOf, fromHex, mayDo, renewTokens } from "../auth.ts";
import type { Bindings } from "../env.ts";
import type { LiveBatch } from "../live.ts";
import { errorText, logWarn } from "../log.ts";

/** A token that is revoked or expired ends its sockets within a minute; a revocation here is told at once besides. */
const CHECK_EVERY_MS = 55_000;
/** Close code of a socket whose token or session is over, from the range that applications define. */
const SIGNED_OUT = 4401;

/** What a socket remembers while this object sleeps. */
interface Held {
  /** SHA-256 of its token. */
  readonly hash: string;
  /** End of its session; null: it came with the token itself. */
  readonly until: number | null;
  /** Number of the last message: numbers go on where they were. null: it has not been greeted yet. */
  readonly seq: number | null;
  /** Hears of tokens, which only operators can read of. */
  readonly operates: boolean;
}

/** The route tells whom it let in; nobody else reaches this object. */
export const LIVE_CALLER = "x-live-caller";

const heldBy = (socket: WebSocket): Held => socket.deserializeAttachment() as Held;

const withoutTokens = ({ changes, more: { token: _token, ...more } }: LiveBatch): LiveBatch => ({
  changes: changes.filter(({ type }) => type !== "token"),
  more,
});

export class LiveFeed extends DurableObject<Bindings> {
  #seq: number;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    const told = ctx.getWebSockets().flatMap((socket) => heldBy(socket).seq ?? []);
    // Without sockets it begins with the clock, so that it goes on rising after the object moved.
    this.#seq = told.length === 0 ? Date.now() : Math.max(...told);
  }

  override async fetch(request: Request): Promise<Response> {
    const caller = JSON.parse(request.headers.get(LIVE_CALLER) ?? "null") as Omit<Held, "seq">;
    const { 0: client, 1: server } = new WebSocketPair();
    // Counted as somebody who looks before changes are asked for: an answer of "nobody" between the two would end them.
    this.ctx.acceptWebSocket(server);
    server.serializeAttachment({ ...caller, seq: null } satisfies Held);
    // And asked for before the page hears hello, so that whatever it asks for afterwards is followed from then on.
    await this.#askForChanges();
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now() + CHECK_EVERY_MS);
    server.serializeAttachment({ ...caller, seq: this.#seq } satisfies Held);
    server.send(JSON.stringify({ type: "hello", seq: this.#seq }));
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Sockets that are open, for a scrape. */
  connections(): number {
    return this.ctx.getWebSockets().length;
  }

  /** Tells whoever looks; answers how many there are. */
  async notify(batch: LiveBatch): Promise<number> {
    if (batch.changes.some(({ type }) => type === "token")) await this.#endOver();
    const sockets = this.ctx.getWebSockets();
    if (sockets.length === 0) return 0;
    const seq = ++this.#seq;
    const message = JSON.stringify({ type: "changes", seq, ...batch });
    const forReaders = JSON.stringify({ type: "changes", seq, ...withoutTokens(batch) });
    for (const socket of sockets) {
      const held = heldBy(socket);
      if (held.seq === null) continue;
      socket.serializeAttachment({ ...held, seq } satisfies Held);
      try {
        socket.send(held.operates ? message : forReaders);
      } catch {
        // It is closing; the browser connects again by itself.
      }
    }
    return sockets.length;
  }

  /** While somebody looks: ends what is over, and makes sure that changes are handed on. */
  override async alarm(): Promise<void> {
    await this.#endOver();
    if (this.ctx.getWebSockets().length === 0) return;
    await this.ctx.storage.setAlarm(Date.now() + CHECK_EVERY_MS);
    await this.#askForChanges();
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    // 1005 and 1006 are never sent: they say that there was no code.
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
  }

  async #askForChanges(): Promise<void> {
    try {
      await this.env.METRICS.getByName("main").watch();
    } catch (error) {
      logWarn("live.watch", { error: errorText(error) });
    }
  }

  async #endOver(): Promise<void> {
    const now = Date.now();
    try {
      await renewTokens(this.env, now);
      for (const socket of this.ctx.getWebSockets()) {
        const { hash, until } = heldBy(socket);
        const caller = until !== null && until <= now ? null : await callerOf(this.env, fromHex(hash), now);
        if (caller === null || !mayDo(caller, "read")) socket.close(SIGNED_OUT, "the token is no longer valid");
      }
    } catch (error) {
      // D1 is away: nobody is turned out for that, and they are looked at again a minute later.
      logWarn("live.tokens", { error: errorText(error) });
    }
  }
}

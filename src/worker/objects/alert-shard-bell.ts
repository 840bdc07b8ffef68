/** Rings for what waits in a shard's outbox: a queue message is only a doorbell, so what fails here is rung again later. */
import { MAX_BATCH_CHARS, MAX_MESSAGE_CHARS, pack, writeAlertsMessage } from "../../core/messages.ts";
import type { Bindings } from "../env.ts";
import { logError } from "../log.ts";
import { type ChangeId, OUTBOX_GRACE_MS, type Outbox, type Waiting } from "./alert-shard-outbox.ts";

/** Changes rung in one go without being asked for: bounds memory and the time of one drain. */
const DRAIN_CHANGES = 500;
/** Under steady traffic bells ring at most this often, and share messages: each costs three queue operations. */
const PAUSE_MS = 50;

export class Bell {
  readonly #ctx: DurableObjectState;
  readonly #env: Bindings;
  readonly #outbox: Outbox;
  readonly #toRing = new Set<string>();
  #ringing: Promise<void> | null = null;
  #rungAt = 0;
  #isBehind = false;

  constructor(ctx: DurableObjectState, env: Bindings, outbox: Outbox) {
    this.#ctx = ctx;
    this.#env = env;
    this.#outbox = outbox;
  }

  /** Rings for these alerts, the first at once; what comes in soon after a bell shares the next one. */
  ringFor(fingerprints: Iterable<string>): void {
    for (const fingerprint of fingerprints) this.#toRing.add(fingerprint);
    this.#ringing ??= this.#ringAll().finally(() => {
      this.#ringing = null;
    });
    this.#ctx.waitUntil(this.#ringing);
  }

  /** Rings for what waits unrung, or unconfirmed for longer than the grace; of very much, for a part. */
  async ringDue(): Promise<void> {
    const due = this.#outbox.due(Date.now(), undefined, DRAIN_CHANGES);
    this.#isBehind = due.length === DRAIN_CHANGES;
    await this.#ring(due);
  }

  /** Rings for what waited behind confirmed changes; where much is left from before, for as many others. */
  confirmed(ids: readonly ChangeId[]): void {
    if (this.#outbox.size === 0) return;
    const next = ids.map(([fingerprint]) => fingerprint);
    if (this.#isBehind) {
      const others = this.#outbox.due(Date.now(), undefined, ids.length);
      this.#isBehind = others.length === ids.length;
      next.push(...others.map(({ fingerprint }) => fingerprint));
    }
    this.ringFor(next);
  }

  async #ringAll(): Promise<void> {
    while (this.#toRing.size > 0) {
      // At least until the turn is over: the sender's answer goes before the bell.
      const early = Math.max(0, Math.min(PAUSE_MS, this.#rungAt + PAUSE_MS - Date.now()));
      await new Promise((resolve) => setTimeout(resolve, early));
      const fingerprints = [...this.#toRing];
      this.#toRing.clear();
      this.#rungAt = Date.now();
      await this.#ring(this.#outbox.due(this.#rungAt, fingerprints));
    }
  }

  async #ring(due: readonly Waiting[]): Promise<void> {
    if (due.length === 0) return;
    const now = Date.now();
    const shard = this.#ctx.id.name ?? "";
    const bodies = pack(this.#outbox.travelling(due), MAX_MESSAGE_CHARS, ({ text }) => text.length).map((run) =>
      writeAlertsMessage(
        shard,
        run.some(({ waiting }) => waiting.recovered || now - waiting.at >= OUTBOX_GRACE_MS),
        run.map(({ text }) => text),
      ),
    );
    for (const waiting of due) {
      waiting.rungAt = now;
      waiting.text = null;
    }
    try {
      for (const run of pack(bodies, MAX_BATCH_CHARS, (body) => body.length)) {
        await this.#env.ALERTS.sendBatch(run.map((body) => ({ body, contentType: "text" })));
      }
    } catch (error) {
      // The rows stay; the alarm rings again after the grace.
      logError("shard.ring", error, { shard, changes: due.length });
      for (const waiting of due) waiting.rungAt = 0;
    }
  }
}

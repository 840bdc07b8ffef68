/**
 * Hands what changed on to the live feed, while somebody looks. Everything that happens passes here, so that one call
 * twice a second serves any number of deliveries, and none is made while no dashboard is open.
 */
import type { Bindings } from "../env.ts";
import { type LiveBatch, LiveBuffer } from "../live.ts";
import { errorText, logWarn } from "../log.ts";

/** At most two messages a second: no eye follows more, and a storm must not become a storm of requests. */
const COALESCE_MS = 500;

export class LiveRelay {
  readonly #env: Bindings;
  readonly #waiting = new LiveBuffer();
  /** Nobody knows after a start: then the feed is asked by telling it. */
  #isWatched = true;
  #looks = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(env: Bindings) {
    this.#env = env;
  }

  /** Whether anybody looks, as far as is known. */
  get isWatched(): boolean {
    return this.#isWatched;
  }

  /** Somebody looks from now on. */
  watch(): void {
    this.#looks += 1;
    this.#isWatched = true;
  }

  tell(batch: LiveBatch): void {
    if (!this.#isWatched) return;
    this.#waiting.addAll(batch);
    this.#timer ??= setTimeout(() => void this.#flush(), COALESCE_MS);
  }

  async #flush(): Promise<void> {
    this.#timer = null;
    const batch = this.#waiting.take();
    if (batch === null) return;
    const looks = this.#looks;
    try {
      const sockets = await this.#env.LIVE.getByName("main").notify(batch);
      // Somebody may have come while this was on its way.
      if (sockets === 0 && looks === this.#looks) this.#isWatched = false;
    } catch (error) {
      // It goes with whatever comes next.
      this.#waiting.addAll(batch);
      logWarn("live.failed", { changes: batch.changes.length, error: errorText(error) });
    }
  }
}

/** The one alarm of an object, remembered so that it is only written where it would come earlier. */
import type { Millis } from "../../core/alert/alert.ts";

export class Alarm {
  readonly #storage: DurableObjectStorage;
  #at: Millis | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** When it comes; null: it does not. */
  get at(): Millis | null {
    return this.#at;
  }

  /** Reads what an earlier life of the object has set. */
  async load(): Promise<void> {
    this.#at = await this.#storage.getAlarm();
  }

  /** It has come. */
  passed(): void {
    this.#at = null;
  }

  /** Lets it come at the latest then. */
  by(at: Millis): void {
    if (this.#at !== null && this.#at <= at) return;
    this.#at = at;
    void this.#storage.setAlarm(at);
  }
}

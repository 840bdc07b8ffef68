/**
 * What this isolate has seen change, for open dashboards: which thing and how it is now, never what it holds. It travels
 * with the counters, in a call that is made anyway (metrics/count.ts), so a push costs nothing while nobody looks.
 */

/** What a page may show as live; a page says which of these it is about. */
export const LIVE_KINDS = [
  "alert",
  /** Steps that a group's flush added to an alert's trace: nothing that a list shows. */
  "trace",
  "delivery",
  "silence",
  "mode",
  "config",
  "target",
  "cluster",
  "filter",
  "token",
] as const;
export type LiveKind = (typeof LIVE_KINDS)[number];

export interface LiveChange {
  readonly type: LiveKind;
  /** Fingerprint, id of a notification or silence, version, or name. */
  readonly id: string;
  readonly status: string;
  /** Of an alert. */
  readonly severity?: string;
}

export interface LiveBatch {
  readonly changes: readonly LiveChange[];
  /** How many more there were of a kind: beyond what is named, pages ask for their lists anyway. */
  readonly more: Readonly<Partial<Record<LiveKind, number>>>;
}

/** Changes of one kind that are named; a storm of deliveries leaves the names of alerts alone. */
const MAX_NAMED = 100;

/** Gathers changes; of one thing only the newest word stays. */
export class LiveBuffer {
  readonly #named = new Map<string, LiveChange>();
  readonly #namedOf = new Map<LiveKind, number>();
  readonly #more = new Map<LiveKind, number>();

  get isEmpty(): boolean {
    return this.#named.size === 0 && this.#more.size === 0;
  }

  add(change: LiveChange): void {
    const { type, id } = change;
    const key = `${type} ${id}`;
    const n = this.#namedOf.get(type) ?? 0;
    if (this.#named.delete(key)) this.#named.set(key, change);
    else if (n < MAX_NAMED) {
      this.#named.set(key, change);
      this.#namedOf.set(type, n + 1);
    } else this.#addMore(type, 1);
  }

  addAll({ changes, more }: LiveBatch): void {
    for (const change of changes) this.add(change);
    for (const kind of LIVE_KINDS) if (more[kind] !== undefined) this.#addMore(kind, more[kind]);
  }

  /** Takes all of it; null: there is none. */
  take(): LiveBatch | null {
    if (this.isEmpty) return null;
    const batch = { changes: [...this.#named.values()], more: Object.fromEntries(this.#more) };
    this.#named.clear();
    this.#namedOf.clear();
    this.#more.clear();
    return batch;
  }

  #addMore(kind: LiveKind, n: number): void {
    this.#more.set(kind, (this.#more.get(kind) ?? 0) + n);
  }
}

/** Of this isolate, until the next hand-over. */
export const noted = new LiveBuffer();

/** Notes that something changed, once it is stored: who is told asks for it at once. */
export const noteChange = (type: LiveKind, id: string, status: string, severity?: string): void =>
  noted.add({ type, id, status, ...(severity === undefined ? {} : { severity }) });

/** Tells the Worker that something changed, so that it need not wait for its interval. Best effort: it asks anyway. */
import { setTimeout as sleep } from "node:timers/promises";
import { errorCode, type Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";

export interface NudgeOptions {
  /** Of the Worker, without the path. */
  readonly url: string;
  readonly tokens: () => readonly string[];
  /** A burst of changes is one nudge, this long after the last of them. */
  readonly debounceMs: number;
  /** What tells one content from another. */
  readonly etag: () => string;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface Nudge {
  /** Something may have changed. */
  readonly request: () => void;
  readonly stop: () => Promise<void>;
}

const TIMEOUT_MS = 10_000;
/** The Worker refuses a second refresh within 60 s (contracts 9.5), so one more try must be later than that. */
const MAX_WAIT_MS = 90_000;
const ATTEMPTS = 3;
/** Changes that never end are told all the same. */
const MAX_DEBOUNCES = 10;

const waitAsked = (response: Response): number => {
  const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return Math.min(seconds > 0 ? seconds * 1000 : 5000, MAX_WAIT_MS);
};

export const createNudge = (options: NudgeOptions): Nudge => {
  const { log, metrics } = options;
  const stopping = new AbortController();
  const url = `${options.url.replace(/\/+$/, "")}/publishing/targets/refresh`;
  let told = "";
  let timer: NodeJS.Timeout | undefined;
  let firstRequestAt = 0;
  let queue = Promise.resolve();

  const post = async (token: string): Promise<Response> => {
    const response = await fetch(url, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}` },
      redirect: "manual",
      signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    await response.body?.cancel();
    metrics.count("nudges_total", { result: String(response.status) });
    return response;
  };

  /** Milliseconds to wait before another try; null: nothing more to do. */
  const attempt = async (): Promise<number | null> => {
    let status = 0;
    // While a token rotates, the Worker may know another one than the first.
    for (const token of options.tokens()) {
      const response = await post(token);
      if (response.ok) return null;
      status = response.status;
      if (status === 429 || status >= 500) {
        log("warn", "the worker refused a nudge", { status });
        return waitAsked(response);
      }
      if (status !== 401) break;
    }
    log("warn", "the worker refused a nudge", { status });
    return null;
  };

  const tell = async (): Promise<void> => {
    for (let tries = 0; tries < ATTEMPTS && !stopping.signal.aborted; tries += 1) {
      const etag = options.etag();
      if (etag === told) return;
      try {
        const waitMs = await attempt();
        if (waitMs === null) {
          told = etag;
          return;
        }
        await sleep(waitMs, undefined, { signal: stopping.signal });
      } catch (error) {
        if (stopping.signal.aborted) return;
        metrics.count("nudges_total", { result: "failed" });
        log("warn", "the worker cannot be nudged", { code: errorCode(error) });
        await sleep(5000, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  };

  return {
    request: () => {
      if (stopping.signal.aborted) return;
      const now = performance.now();
      if (timer === undefined) firstRequestAt = now;
      else if (now - firstRequestAt > options.debounceMs * MAX_DEBOUNCES) return;
      clearTimeout(timer);
      timer = setTimeout(() => {
        timer = undefined;
        queue = queue.then(tell);
      }, options.debounceMs);
    },
    stop: async () => {
      clearTimeout(timer);
      stopping.abort();
      await queue;
    },
  };
};

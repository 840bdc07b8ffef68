/** Long work on dead letters, step by step, so that people see how far it is and can stop it. */
import { signal } from "@preact/signals";
import { say } from "./announce.ts";
import { ApiError, call } from "./api.ts";
import { sayReplayed } from "./job-table.tsx";
import type { Replayed } from "./types.ts";

export interface Progress {
  readonly what: string;
  readonly done: number;
  /** null: nobody knows yet how many there are. */
  readonly of: number | null;
}

/** What is going on; it outlives the page that began it. */
export const progress = signal<Progress | null>(null);
let stopped = false;
export const stop = (): void => {
  stopped = true;
};

/** Requests to discard that are under way at once. */
const AT_ONCE = 6;

export interface DeadFilter {
  readonly target: string | null;
  readonly reason: string | null;
}

const NONE: Replayed = {
  matched: 0,
  replayed: 0,
  skipped_resolved: 0,
  skipped_already_replayed: 0,
  skipped_gone: 0,
  has_more: false,
  cursor: null,
};

const sum = (a: Replayed, b: Replayed): Replayed => ({
  matched: a.matched + b.matched,
  replayed: a.replayed + b.replayed,
  skipped_resolved: a.skipped_resolved + b.skipped_resolved,
  skipped_already_replayed: a.skipped_already_replayed + b.skipped_already_replayed,
  skipped_gone: a.skipped_gone + b.skipped_gone,
  has_more: b.has_more,
  cursor: b.cursor,
});

const failure = (error: unknown): string => (error instanceof ApiError ? error.message : String(error));

/** Sends all again that failed until now; the server takes a bounded number at a time and says when there are more. */
export const replayAll = async (filter: DeadFilter, total: number | null): Promise<void> => {
  stopped = false;
  let result = NONE;
  const body = Object.fromEntries(
    Object.entries({ ...filter, to: new Date().toISOString() }).filter(([, value]) => value !== null),
  );
  progress.value = { what: "Sending again", done: 0, of: total };
  try {
    for (;;) {
      const from = result.cursor === null ? {} : { cursor: result.cursor };
      const step = await call<Replayed>("POST", "/api/v1/dead-letters/replay", { ...body, ...from });
      result = sum(result, step);
      progress.value = { what: "Sending again", done: result.replayed, of: total };
      if (!step.has_more || stopped) break;
    }
    say(`${sayReplayed(result)}${stopped ? "; stopped" : ""}`);
  } catch (error) {
    say(`${sayReplayed(result)}; then it failed: ${failure(error)}`, "failed");
  }
  progress.value = null;
};

/** Discards these one by one; what somebody else discarded meanwhile counts as done. */
export const discardAll = async (ids: readonly string[]): Promise<void> => {
  stopped = false;
  let done = 0;
  const left = [...ids];
  const one = async (): Promise<void> => {
    for (let id = left.shift(); id !== undefined && !stopped; id = left.shift()) {
      try {
        await call("DELETE", `/api/v1/dead-letters/${encodeURIComponent(id)}`);
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 404) throw error;
      }
      done += 1;
      progress.value = { what: "Discarding", done, of: ids.length };
    }
  };
  progress.value = { what: "Discarding", done: 0, of: ids.length };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, one));
    say(`${done} discarded${stopped ? "; stopped" : ""}`);
  } catch (error) {
    say(`${done} of ${ids.length} discarded; then it failed: ${failure(error)}`, "failed");
  }
  progress.value = null;
};

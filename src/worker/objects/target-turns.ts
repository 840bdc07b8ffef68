/** Whose turn it is at a target: by lane, and within a lane what waited on disk before what is ready in memory. */
import type { Millis } from "../../core/alert/alert.ts";
import { LANES, type Lane, NOBODY_PASSED_OVER, type PassedOver, pickLane } from "../../core/publish/lane.ts";
import { dueSubject, type Entry } from "./target-store.ts";

type Lines = ReadonlyMap<string, readonly Entry[]>;

/** The first ready subject of each lane. */
const readyByLane = (ready: Lines): Map<Lane, string> => {
  const first = new Map<Lane, string>();
  for (const [subject, line] of ready) {
    const lane = Math.min(...line.map((entry) => entry.lane)) as Lane;
    if (!first.has(lane)) first.set(lane, subject);
    if (first.size === LANES.length) break;
  }
  return first;
};

export class Turns {
  #passedOver: PassedOver = NOBODY_PASSED_OVER;

  /** The subject to work on next, or null when none is due. */
  next(sql: SqlStorage, anyWaits: boolean, active: Lines, ready: Lines, now: Millis): string | null {
    const busy = {
      has: (subject: string) => active.has(subject) || ready.has(subject),
      size: active.size + ready.size,
    };
    const first = readyByLane(ready);
    const due = (lane: Lane): string | null => (anyWaits ? dueSubject(sql, lane, now, busy) : null);
    const found = LANES.map((lane) => due(lane) ?? first.get(lane) ?? null);
    const picked = pickLane((lane) => found[lane] !== null, this.#passedOver);
    if (picked === null) return null;
    this.#passedOver = picked.passedOver;
    return found[picked.lane] ?? null;
  }
}

/**
 * Whether an alert flaps: it changed its state again and again, each time soon after the last. It decides nothing about
 * delivery; a group treats what flaps as firing until it has settled, so the final state is always told.
 */
import type { Millis } from "../alert/alert.ts";

/** What lists call flapping: this many transitions within the window (contracts 12.3). It holds nothing back. */
export const DEFAULT_FLAPPING = { transitions: 3, windowMs: 3_600_000 } as const;

/** When notifications of an alert are held back. */
export interface FlapOptions {
  /** This many transitions in a row are flapping. */
  readonly transitions: number;
  /** A transition later than this after the one before begins a new row; after this long without one it has settled. */
  readonly settleMs: Millis;
}

/**
 * When an alert will have settled that changed its state at `at`; null: it does not flap. `earlier` holds its transitions
 * before that, newest first; the latest `transitions - 1` of them are enough.
 */
export const flappingUntil = (at: Millis, earlier: readonly Millis[], options: FlapOptions): Millis | null => {
  let run = 1;
  let next = at;
  for (const time of earlier) {
    if (next - time >= options.settleMs) break;
    run++;
    next = time;
  }
  return run >= options.transitions ? at + options.settleMs : null;
};

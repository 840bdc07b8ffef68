/**
 * Whether so many alerts begin to fire that one notification with counts says more than each by itself. It only counts
 * and says whom the storm takes; the group that tells of them is as any other.
 */
import type { Millis } from "../alert/alert.ts";
import type { Timing } from "./group.ts";

export interface StormOptions {
  /** More starts than this within the window are a storm. */
  readonly moreThan: number;
  readonly withinMs: Millis;
}

/** Starts in steps of a tenth of the window, oldest first: bounded however many alerts come. */
export interface StormState {
  readonly active: boolean;
  readonly steps: readonly (readonly [at: Millis, starts: number])[];
}

/** First word of a storm soon, with most of it in; then no more than one every few minutes. */
export const STORM_TIMING: Omit<Timing, "repeatIntervalMs"> = { groupWaitMs: 15_000, groupIntervalMs: 120_000 };

const STEPS = 10;
export const NO_STORM: StormState = { active: false, steps: [] };

/**
 * `starts` more alerts began to fire at `now`. The last `taken` of them, one after another, belong to the storm: those
 * that came before there were too many are told as ever. A storm ends when half of its threshold is not reached.
 */
export const countStarts = (
  state: StormState,
  starts: number,
  now: Millis,
  { moreThan, withinMs }: StormOptions,
): { readonly state: StormState; readonly taken: number } => {
  const step = Math.max(1, Math.floor(withinMs / STEPS));
  const at = Math.floor(now / step) * step;
  const kept = state.steps.filter(([from]) => from > now - withinMs);
  const before = kept.reduce((sum, [, n]) => sum + n, 0);
  const last = kept.at(-1);
  const steps =
    last !== undefined && last[0] === at
      ? [...kept.slice(0, -1), [at, last[1] + starts] as const]
      : [...kept, [at, starts] as const];
  const goesOn = state.active && before + starts > moreThan / 2;
  const taken = goesOn ? starts : Math.min(starts, Math.max(0, before + starts - moreThan));
  return { state: { active: goesOn || taken > 0, steps }, taken };
};

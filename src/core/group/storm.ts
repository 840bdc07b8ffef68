/**
 * Whether so many alerts begin to fire that one notification with counts says more than each by itself. It only
 * counts; who collapses what is the caller's.
 */
import type { Millis } from "../alert/alert.ts";

export interface StormOptions {
  /** More starts than this within the window are a storm. */
  readonly starts: number;
  readonly withinMs: Millis;
}

/** Starts in steps of a tenth of the window, oldest first: bounded however many alerts come. */
export interface StormState {
  readonly active: boolean;
  readonly steps: readonly (readonly [at: Millis, starts: number])[];
}

export interface StormDecision {
  readonly state: StormState;
  /** Starts within the window. */
  readonly starts: number;
  readonly active: boolean;
  /** True exactly once per storm. */
  readonly started: boolean;
  /** True exactly once per storm, as soon as somebody asks after it. */
  readonly ended: boolean;
}

const STEPS = 10;
export const NO_STORM: StormState = { active: false, steps: [] };

/** `starts` more alerts began to fire at `now`; 0 only asks. A storm ends when half of its threshold is not reached. */
export const countStarts = (state: StormState, starts: number, now: Millis, options: StormOptions): StormDecision => {
  const step = Math.max(1, Math.floor(options.withinMs / STEPS));
  const at = Math.floor(now / step) * step;
  const kept = state.steps.filter(([from]) => from > now - options.withinMs);
  const last = kept.at(-1);
  const steps =
    starts === 0
      ? kept
      : last !== undefined && last[0] === at
        ? [...kept.slice(0, -1), [at, last[1] + starts] as const]
        : [...kept, [at, starts] as const];
  const total = steps.reduce((sum, [, n]) => sum + n, 0);
  const active = state.active ? total > options.starts / 2 : total > options.starts;
  return {
    state: { active, steps },
    starts: total,
    active,
    started: active && !state.active,
    ended: !active && state.active,
  };
};

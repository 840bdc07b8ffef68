/**
 * A clock that can be set, for the demo's past: while it is in force every part of the Worker believes that it is then.
 * Imported before anything else of the Worker, so that nothing has seen the real one.
 */
const RealDate = Date;
let aheadMs = 0;

globalThis.Date = class extends RealDate {
  constructor(...given: unknown[]) {
    // Without arguments: now. Everything else is as ever.
    if (given.length === 0) super(RealDate.now() + aheadMs);
    else super(...(given as [number]));
  }
  static override now(): number {
    return RealDate.now() + aheadMs;
  }
} as DateConstructor;

/** Sets what `Date.now()` says from here on; it goes on at its usual pace. */
export const setClock = (now: number): void => {
  aheadMs = now - RealDate.now();
};

/** When it really is what the set clock calls `at`. */
export const realTimeOf = (at: number): number => at - aheadMs;
export const fromRealTime = (at: number): number => at + aheadMs;

/**
 * Whether an alert flaps, from its latest transitions: told once when it starts and once when it has settled, with the
 * state it settled in. It decides nothing about delivery; whoever holds notifications back asks it again at `settlesAt`,
 * so the final state is never swallowed.
 */
import type { AlertStatus, Millis } from "../alert/alert.ts";

export interface FlapOptions {
  /** This many transitions within the window are flapping (contracts 12.3: 3 within an hour). */
  readonly transitions: number;
  readonly windowMs: Millis;
  /** It is over after this long without a transition. */
  readonly settleMs: Millis;
}

export const DEFAULT_FLAPPING: FlapOptions = { transitions: 3, windowMs: 3_600_000, settleMs: 15 * 60_000 };

/** What was decided last, to be kept beside the alert. */
export interface FlapState {
  readonly flapping: boolean;
  /** Times of the latest transitions, oldest first; never more than `transitions` of them. */
  readonly recent: readonly Millis[];
  readonly status: AlertStatus;
}

export interface FlapDecision {
  readonly state: FlapState;
  readonly flapping: boolean;
  /** True exactly once per stretch: tell that it flaps from now on. */
  readonly started: boolean;
  /** The state it has settled in, exactly once per stretch: tell it. null: nothing has settled now. */
  readonly settledIn: AlertStatus | null;
  /** When to ask again although nothing happened; null while it does not flap. */
  readonly settlesAt: Millis | null;
}

const answer = (
  state: FlapState,
  was: boolean,
  settledIn: AlertStatus | null,
  { settleMs }: FlapOptions,
): FlapDecision => ({
  state,
  flapping: state.flapping,
  started: state.flapping && !was,
  settledIn,
  settlesAt: state.flapping ? (state.recent.at(-1) ?? 0) + settleMs : null,
});

/** A transition to `status` at `at`. Where nobody asked since a stretch went quiet, its end is told with it. */
export const flapTransition = (
  state: FlapState | null,
  status: AlertStatus,
  at: Millis,
  options: FlapOptions = DEFAULT_FLAPPING,
): FlapDecision => {
  const quiet = state === null ? null : flapQuiet(state, at, options);
  const recent = [...(quiet?.state.recent ?? []), at]
    .filter((t) => t > at - options.windowMs)
    .slice(-options.transitions);
  const was = quiet?.flapping ?? false;
  const flapping = was || recent.length >= options.transitions;
  return answer({ flapping, recent, status }, was, quiet?.settledIn ?? null, options);
};

/** Nothing happened until `now`. A stretch that ends here forgets its transitions, so it can begin anew. */
export const flapQuiet = (state: FlapState, now: Millis, options: FlapOptions = DEFAULT_FLAPPING): FlapDecision => {
  const last = state.recent.at(-1) ?? 0;
  if (!state.flapping || now - last < options.settleMs) return answer(state, state.flapping, null, options);
  return answer({ ...state, flapping: false, recent: [] }, true, state.status, options);
};

/** The decision from stored transition times alone (oldest first, the last being `status`), as of `now`. */
export const flappingOf = (
  transitions: readonly { readonly at: Millis; readonly status: AlertStatus }[],
  now: Millis,
  options: FlapOptions = DEFAULT_FLAPPING,
): FlapDecision => {
  let decision: FlapDecision | null = null;
  for (const { at, status } of transitions) decision = flapTransition(decision?.state ?? null, status, at, options);
  if (decision === null) return answer({ flapping: false, recent: [], status: "resolved" }, false, null, options);
  return now - (decision.state.recent.at(-1) ?? now) >= options.settleMs
    ? flapQuiet(decision.state, now, options)
    : decision;
};

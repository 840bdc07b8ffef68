/** How a target does: the worst that is known of it in one word, and the part that got through. */
import { shareOf, type TargetTimes } from "./delivery-times.ts";
import type { PublishingTarget } from "./types.ts";
import { percent, State, type Tone, toneOf } from "./ui.tsx";

/** Below this share of delivered notifications somebody should look. */
const GOOD_SHARE = 0.99;
const POOR_SHARE = 0.9;
/** Below this a target is called failing, whatever its last answer was; fewer notifications say nothing. */
const FAILING_SHARE = 0.5;
const FAILING_OF = 3;

export const shareTone = (share: number | null): Tone =>
  share === null ? "plain" : share >= GOOD_SHARE ? "good" : share >= POOR_SHARE ? "warn" : "bad";

export const Share = ({ of }: { readonly of: number | null }) => (
  <span class={`state-text ${shareTone(of)}`}>{percent(of)}</span>
);

type Target = Pick<PublishingTarget, "enabled" | "circuit_breaker_state" | "health_status">;

/** A word of those that `State` knows, and what to say instead of it. */
const stateOf = (target: Target, times: TargetTimes | undefined): readonly [word: string, label?: string] => {
  const { enabled, circuit_breaker_state: breaker, health_status: health } = target;
  if (!enabled) return ["disabled"];
  if (breaker !== "closed") return [breaker, `breaker ${breaker.replace("_", " ")}`];
  if (health === "unhealthy") return [health];
  const share = shareOf(times);
  const many = times !== undefined && times.delivered + times.failed >= FAILING_OF;
  if (share !== null && share < FAILING_SHARE && many) return ["failing", share === 0 ? "all fail" : "most fail"];
  return [health];
};

interface TargetStateProps {
  readonly of: Target;
  /** What the ledger says of it; undefined while that is not known. */
  readonly times: TargetTimes | undefined;
}

export const TargetState = ({ of, times }: TargetStateProps) => {
  const [word, label] = stateOf(of, times);
  return <State of={word} {...(label === undefined ? {} : { label })} />;
};

const RANK: Readonly<Record<Tone, number>> = { bad: 0, warn: 1, plain: 2, good: 3 };

/** Those in trouble first; the rest by name. */
export const worstFirst = <T extends Target & { readonly name: string }>(
  targets: readonly T[],
  timesOf: (name: string) => TargetTimes | undefined,
): T[] => {
  const rank = (one: T): number => {
    const times = timesOf(one.name);
    const [word] = stateOf(one, times);
    return RANK[toneOf(word)] * 4 + RANK[shareTone(shareOf(times))];
  };
  return targets.toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
};

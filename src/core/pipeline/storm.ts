/** What becomes of a decision of which a storm takes a part: told there, with all the others, and not by itself. */
import type { Millis } from "../alert/alert.ts";
import { countStarts, type StormOptions, type StormState } from "../group/storm.ts";
import type { TraceStep } from "../history/trace.ts";
import type { Decision, GroupJoin, GroupMember, StormOffer } from "./process.ts";

/**
 * Which of these starts the storm takes, in order, and what it remembers of their number. What it took it never gives
 * back: offered again, before it was committed, it is taken again.
 */
export const admitToStorm = (
  state: StormState,
  members: ReadonlyMap<string, Pick<GroupMember, "seq">>,
  offers: readonly GroupJoin[],
  now: Millis,
  options: StormOptions,
): { readonly state: StormState; readonly taken: readonly boolean[] } => {
  const isKnown = ({ member }: GroupJoin): boolean => (members.get(member.fingerprint)?.seq ?? 0) >= member.seq;
  const starts = offers.filter((offer) => !isKnown(offer));
  if (starts.length === 0) return { state, taken: offers.map(isKnown) };
  const counted = countStarts(state, starts.length, now, options);
  const newly = new Set(starts.slice(starts.length - counted.taken));
  return { state: counted.state, taken: offers.map((offer) => isKnown(offer) || newly.has(offer)) };
};

/** The decision without what the storm tells instead. */
export const leaveToStorm = (
  decision: Decision,
  taken: readonly StormOffer[],
  { moreThan, withinMs }: StormOptions,
  now: Millis,
): Decision => {
  if (taken.length === 0) return decision;
  const targets = new Set(taken.flatMap(({ instead }) => instead.targets));
  const groups = new Set(taken.map(({ instead }) => instead.group));
  const reason = `more than ${moreThan} in ${withinMs / 1000} s`;
  const steps = taken.map(
    ({ join }): TraceStep => ({ at: now, stage: "storm", decision: "joined", reason: `${reason}: ${join.key}` }),
  );
  return {
    ...decision,
    notifications: decision.notifications.filter(({ target }) => !targets.has(target)),
    groups: decision.groups.filter(({ subject }) => !groups.has(subject)),
    // It was not told after all.
    trace: [...decision.trace.filter((step) => !isQueued(step, targets)), ...steps],
  };
};

const isQueued = ({ stage, decision, target }: TraceStep, targets: ReadonlySet<string>): boolean =>
  stage === "notify" && decision === "queued" && target !== undefined && targets.has(target);

/** When a silence keeps quiet over a range: all of it, or each of its windows. */
import type { Millis } from "../alert/alert.ts";
import { compileRecurrence, type Window } from "./recurrence.ts";
import type { Silence } from "./silence.ts";

/** The spans of [from, to) in which it holds, oldest first, at most `max`; none of one whose rule cannot be read. */
export const silenceWindows = (
  { startsAt, endsAt, recurrence }: Pick<Silence, "startsAt" | "endsAt" | "recurrence">,
  from: Millis,
  to: Millis,
  max: number,
): readonly Window[] => {
  const cut = (window: Window): Window[] => {
    const held = { startsAt: Math.max(window.startsAt, startsAt), endsAt: Math.min(window.endsAt, endsAt) };
    return held.startsAt < held.endsAt && held.startsAt < to && held.endsAt > from ? [held] : [];
  };
  if (recurrence === null) return cut({ startsAt, endsAt });
  const windows = compileRecurrence(recurrence, startsAt);
  return windows.ok ? windows.value.between(from, to, max).flatMap(cut) : [];
};

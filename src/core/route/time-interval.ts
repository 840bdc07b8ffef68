/**
 * Alertmanager's time intervals: whether a moment lies in one, by the clock on the wall of its place. Reading them from
 * text is time-interval-read.ts; what an interval does to a route, the pipeline decides.
 */
import type { Millis } from "../alert/alert.ts";
import { type WallClock, wallClock } from "../alert/wall-clock.ts";

/** Both ends included. */
export interface Range {
  readonly begin: number;
  readonly end: number;
}

/** A moment lies in it when every part that is given holds; null: that part is not given. An empty list never holds. */
export interface TimeInterval {
  /** Minutes of the day, the end excluded. */
  readonly times: readonly { readonly startMinute: number; readonly endMinute: number }[] | null;
  /** 0 is Sunday. */
  readonly weekdays: readonly Range[] | null;
  /** From 1; negative counts from the end of the month. */
  readonly daysOfMonth: readonly Range[] | null;
  readonly months: readonly Range[] | null;
  readonly years: readonly Range[] | null;
  /** IANA name of the time zone. */
  readonly location: string;
}

const daysInMonth = ({ year, month }: WallClock): number => new Date(Date.UTC(year, month, 0)).getUTCDate();

const inRanges = (ranges: readonly Range[] | null, value: number): boolean =>
  ranges === null || ranges.some(({ begin, end }) => value >= begin && value <= end);

/** A range that begins after the end of a short month does not hold in it; one that reaches beyond is cut. */
const inDays = (ranges: readonly Range[] | null, clock: WallClock): boolean => {
  const last = daysInMonth(clock);
  const fromStart = (day: number): number => (day < 0 ? last + day + 1 : day);
  return (
    ranges === null || ranges.some(({ begin, end }) => clock.day >= fromStart(begin) && clock.day <= fromStart(end))
  );
};

/** True when `now` lies in the interval. */
export const containsTime = (interval: TimeInterval, now: Millis): boolean => {
  const clock = wallClock(interval.location, now);
  const { times } = interval;
  const isTime =
    times === null ||
    times.some(({ startMinute, endMinute }) => clock.minute >= startMinute && clock.minute < endMinute);
  return (
    isTime &&
    inRanges(interval.weekdays, clock.weekday) &&
    inDays(interval.daysOfMonth, clock) &&
    inRanges(interval.months, clock.month) &&
    inRanges(interval.years, clock.year)
  );
};

/** By name, each a list of which any may hold. */
export type TimeIntervals = ReadonlyMap<string, readonly TimeInterval[]>;

/** Those of the names whose intervals hold at `now`. A name that is not defined never holds. */
export const activeIntervals = (names: readonly string[], intervals: TimeIntervals, now: Millis): readonly string[] =>
  names.filter((name) => intervals.get(name)?.some((interval) => containsTime(interval, now)) === true);

/**
 * Why a route is withheld at `now`: the interval that mutes it, or the first of those it would be active in; null: it
 * is not withheld. Active intervals hold like none where there are none.
 */
export const mutedBy = (
  route: { readonly muteTimeIntervals: readonly string[]; readonly activeTimeIntervals: readonly string[] },
  intervals: TimeIntervals,
  now: Millis,
): string | null => {
  const [muting] = activeIntervals(route.muteTimeIntervals, intervals, now);
  if (muting !== undefined) return muting;
  const [active] = route.activeTimeIntervals;
  if (active === undefined || activeIntervals(route.activeTimeIntervals, intervals, now).length > 0) return null;
  return active;
};

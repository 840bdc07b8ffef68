/**
 * Silences (contracts 8.5): Alertmanager's model, plus recurrence. A silence is pending before its start, active until
 * its end, then expired; a recurring one is active only in its occurrences between the two.
 */
import * as library from "rrule";
import type { Labels, Millis } from "../alert/alert.ts";
import { compileMatcher, type Matcher, type MatcherSpec, matchesAll } from "../alert/matcher.ts";
import { indexMatchers } from "../alert/matcher-index.ts";
import { type Defect, err, ok, type Result } from "../result.ts";

/** Repeats within startsAt and endsAt: an RFC 5545 rule, the zone its times are meant in, and how long each lasts. */
export interface Recurrence {
  readonly rule: string;
  readonly timeZone: string;
  readonly durationSeconds: number;
}

export interface Silence {
  readonly id: string;
  readonly matchers: readonly MatcherSpec[];
  readonly startsAt: Millis;
  readonly endsAt: Millis;
  readonly updatedAt: Millis;
  readonly createdBy: string;
  readonly comment: string;
  readonly recurrence: Recurrence | null;
}

export type SilenceState = "pending" | "active" | "expired";

/** How long an expired silence stays visible. */
export const EXPIRED_VISIBLE_MS = 120 * 3_600_000;
/** An occurrence longer than this would outlast any sensible rhythm. */
const MAX_OCCURRENCE_SECONDS = 31 * 86_400;
const MAX_RULE_CHARACTERS = 500;

export const silenceState = (silence: Pick<Silence, "startsAt" | "endsAt">, now: Millis): SilenceState =>
  now < silence.startsAt ? "pending" : now < silence.endsAt ? "active" : "expired";

/** A bundler takes the package's ES module; Node gets its older form, in which everything hangs below `default`. */
const { RRule, rrulestr } =
  "rrulestr" in library ? library : (library as unknown as { default: typeof library }).default;

/** Wall-clock time of a zone written as if it were UTC: what the rule library reckons in. */
const toWall = (at: Millis, timeZone: string): Date => {
  const parts = new Map(
    new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    })
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const read = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  return new Date(Date.UTC(read("year"), read("month") - 1, read("day"), read("hour"), read("minute"), read("second")));
};

const readRule = ({ rule, timeZone }: Recurrence, startsAt: Millis): InstanceType<typeof RRule> | null => {
  try {
    const { origOptions } = rrulestr(rule.replace(/^RRULE:/i, ""));
    const { tzid: _zone, dtstart: _start, ...options } = origOptions;
    // A rule a second or a minute would have more occurrences than anyone could look through.
    if (options.freq === undefined || options.freq > RRule.HOURLY) return null;
    return new RRule({ ...options, dtstart: toWall(startsAt, timeZone) });
  } catch {
    // The library throws for a text that is no rule and for an unknown zone.
    return null;
  }
};

/** Whether a silence mutes at a moment. */
export const isActiveAt = (silence: Pick<Silence, "startsAt" | "endsAt" | "recurrence">, at: Millis): boolean => {
  if (silenceState(silence, at) !== "active") return false;
  const { recurrence } = silence;
  if (recurrence === null) return true;
  const rule = readRule(recurrence, silence.startsAt);
  const wall = toWall(at, recurrence.timeZone);
  const last = rule?.before(wall, true) ?? null;
  return last !== null && wall.getTime() - last.getTime() < recurrence.durationSeconds * 1000;
};

const compileSpecs = (specs: readonly MatcherSpec[]): Matcher[] =>
  specs.flatMap((spec) => {
    const matcher = compileMatcher(spec);
    return matcher.ok ? [matcher.value] : [{ ...spec, test: () => false, values: [] }];
  });

export interface SilenceIndex {
  /** Ids of those active at a moment that match, in the order given. */
  readonly silencedBy: (labels: Labels, at: Millis) => readonly string[];
}

/** Prepares silences for many questions; hundreds of them cost a look-up each. */
export const compileSilences = (silences: readonly Silence[]): SilenceIndex => {
  const compiled = silences.map((silence) => ({ silence, matchers: compileSpecs(silence.matchers) }));
  const index = indexMatchers(compiled.map(({ matchers }) => matchers));
  return {
    silencedBy: (labels, at) =>
      index.candidates(labels).flatMap((position) => {
        const entry = compiled[position];
        if (entry === undefined || entry.matchers.length === 0) return [];
        return matchesAll(entry.matchers, labels) && isActiveAt(entry.silence, at) ? [entry.silence.id] : [];
      }),
  };
};

/** Whether matchers hold for a label set: for previews and counts. */
export const silenceMatches = (specs: readonly MatcherSpec[]): ((labels: Labels) => boolean) => {
  const matchers = compileSpecs(specs);
  return (labels) => matchers.length > 0 && matchesAll(matchers, labels);
};

/** The share of label sets that matchers hold for, 0 to 1: the measure of the breadth guard. */
export const breadth = (specs: readonly MatcherSpec[], active: readonly Labels[]): number => {
  const holds = silenceMatches(specs);
  return active.length === 0 ? 0 : active.filter(holds).length / active.length;
};

export type SilenceDraft = Omit<Silence, "id" | "updatedAt">;

/** Checks a new silence; a start in the past becomes now. Every defect with its path. */
export const checkSilence = (draft: SilenceDraft, now: Millis): Result<SilenceDraft, readonly Defect[]> => {
  const defects: Defect[] = [];
  const matchers = draft.matchers.flatMap((spec, i) => {
    const matcher = compileMatcher(spec);
    if (matcher.ok) return [matcher.value];
    defects.push({ path: `/matchers/${i}`, message: `${spec.name} ${matcher.error}` });
    return [];
  });
  if (draft.matchers.length === 0) defects.push({ path: "/matchers", message: "at least one matcher is needed" });
  else if (defects.length === 0 && matchers.every((matcher) => matcher.test(""))) {
    defects.push({ path: "/matchers", message: "at least one matcher must not match the empty text" });
  }
  const startsAt = Math.max(draft.startsAt, now);
  if (draft.endsAt <= now) defects.push({ path: "/endsAt", message: "the end must not be in the past" });
  else if (draft.endsAt <= startsAt) defects.push({ path: "/endsAt", message: "the end must be after the start" });
  const { recurrence } = draft;
  if (recurrence !== null) {
    const { rule, durationSeconds } = recurrence;
    if (rule.length > MAX_RULE_CHARACTERS || readRule(recurrence, startsAt) === null) {
      defects.push({
        path: "/recurrence/rule",
        message: "is no recurrence rule of at least an hour's rhythm in a known time zone",
      });
    }
    if (!Number.isInteger(durationSeconds) || durationSeconds < 60 || durationSeconds > MAX_OCCURRENCE_SECONDS) {
      defects.push({ path: "/recurrence/durationSeconds", message: `must be 60 to ${MAX_OCCURRENCE_SECONDS}` });
    }
  }
  return defects.length > 0 ? err(defects) : ok({ ...draft, startsAt });
};

const sameMatchers = (a: readonly MatcherSpec[], b: readonly MatcherSpec[]): boolean => {
  const text = (specs: readonly MatcherSpec[]): string =>
    JSON.stringify(specs.map(({ name, operator, value }) => [name, operator, value]).toSorted());
  return text(a) === text(b);
};

/** Whether an update may change a silence in place; otherwise the old one expires and a new one takes its place. */
export const canUpdateInPlace = (old: Silence, next: SilenceDraft, now: Millis): boolean => {
  if (!sameMatchers(old.matchers, next.matchers)) return false;
  if (JSON.stringify(old.recurrence) !== JSON.stringify(next.recurrence)) return false;
  const state = silenceState(old, now);
  if (state === "active") return old.startsAt === next.startsAt && next.endsAt >= now;
  return state === "pending" && next.startsAt >= now;
};

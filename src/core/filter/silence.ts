/**
 * A silence as a person makes it (contracts 8.5): what is a valid one, how it changes, and which state it is in. Who it
 * keeps quiet is silence-set.ts; storing it is the caller's.
 */
import type { Labels, Millis } from "../alert/alert.ts";
import { compareMatchers, compileMatcher, type MatcherSpec, printMatchers } from "../alert/matcher.ts";
import { type Defect, err, ok, type Result } from "../result.ts";
import { compileRecurrence, type Recurrence } from "./recurrence.ts";

export interface Silence {
  /** A UUID, which Alertmanager's clients want. */
  readonly id: string;
  readonly matchers: readonly MatcherSpec[];
  readonly startsAt: Millis;
  readonly endsAt: Millis;
  readonly updatedAt: Millis;
  readonly createdBy: string;
  readonly comment: string;
  readonly annotations: Labels;
  /** Only in these windows between start and end it keeps quiet; null: all the time. */
  readonly recurrence: Recurrence | null;
}

/** What a person asks for. */
export type SilenceDraft = Omit<Silence, "id" | "updatedAt">;

export type SilenceState = "pending" | "active" | "expired";

/** Expired silences stay visible for so long (contracts 8.5). */
export const SILENCE_RETENTION_MS: Millis = 120 * 3_600_000;

const MAX_MATCHERS = 50;
/** UTF-16 units of a label name, as for alerts. */
const MAX_NAME = 255;
/** UTF-16 units of a matcher's value, a comment or an author; as a label value. */
const MAX_TEXT = 4096;

/** The state by start and end alone. */
const spanState = ({ startsAt, endsAt }: Pick<Silence, "startsAt" | "endsAt">, now: Millis): SilenceState => {
  if (now >= endsAt) return "expired";
  return now < startsAt ? "pending" : "active";
};

/** A silence that comes again is pending between its windows. */
export const silenceState = (silence: Silence, now: Millis): SilenceState => {
  const state = spanState(silence, now);
  if (state !== "active" || silence.recurrence === null) return state;
  const windows = compileRecurrence(silence.recurrence, silence.startsAt);
  return windows.ok && windows.value.at(now) !== null ? "active" : "pending";
};

/** It has been expired for so long that nobody is shown it any more. */
export const isForgotten = ({ endsAt }: Silence, now: Millis): boolean => now >= endsAt + SILENCE_RETENTION_MS;

const matcherDefects = (matchers: readonly MatcherSpec[]): readonly Defect[] => {
  const defects: Defect[] = [];
  if (matchers.length === 0) defects.push({ path: "/matchers", message: "must hold at least one matcher" });
  if (matchers.length > MAX_MATCHERS) {
    defects.push({ path: "/matchers", message: `must hold at most ${MAX_MATCHERS} matchers` });
  }
  let isNarrow = false;
  for (const [index, spec] of matchers.slice(0, MAX_MATCHERS).entries()) {
    const path = `/matchers/${index}`;
    const matcher = compileMatcher(spec);
    if (spec.name.length > MAX_NAME) {
      defects.push({ path: `${path}/name`, message: `must have at most ${MAX_NAME} characters` });
    } else if (spec.value.length > MAX_TEXT) {
      defects.push({ path: `${path}/value`, message: `must have at most ${MAX_TEXT} characters` });
    } else if (!matcher.ok) defects.push({ path, message: matcher.error });
    else if (!matcher.value.test("")) isNarrow = true;
  }
  if (defects.length === 0 && !isNarrow) {
    const message =
      "must hold at least one matcher that does not match the empty text, or everything would be silenced";
    defects.push({ path: "/matchers", message });
  }
  return defects;
};

const RECURRENCE_FIELDS = { rule: "rule", timeZone: "time_zone", durationMs: "duration" } as const;

const draftDefects = (draft: SilenceDraft): readonly Defect[] => {
  const defects = [...matcherDefects(draft.matchers)];
  const isTime = (time: Millis): boolean => Number.isFinite(time);
  if (!isTime(draft.startsAt)) defects.push({ path: "/startsAt", message: "must be a time" });
  if (!isTime(draft.endsAt)) defects.push({ path: "/endsAt", message: "must be a time" });
  else if (draft.endsAt <= draft.startsAt) defects.push({ path: "/endsAt", message: "must be after startsAt" });
  for (const key of ["createdBy", "comment"] as const) {
    if (draft[key].length > MAX_TEXT) {
      defects.push({ path: `/${key}`, message: `must have at most ${MAX_TEXT} characters` });
    }
  }
  if (draft.recurrence !== null && isTime(draft.startsAt)) {
    const windows = compileRecurrence(draft.recurrence, draft.startsAt);
    if (!windows.ok) {
      const { field, message } = windows.error;
      defects.push({ path: `/recurrence/${RECURRENCE_FIELDS[field]}`, message });
    }
  }
  return defects;
};

/** A new silence. A start in the past becomes now, an end in the past is refused. */
export const createSilence = (draft: SilenceDraft, id: string, now: Millis): Result<Silence, readonly Defect[]> => {
  const starting = { ...draft, startsAt: draft.startsAt < now ? now : draft.startsAt };
  const defects = draft.endsAt < now ? [{ path: "/endsAt", message: "must not be in the past" }] : [];
  const all = [...defects, ...draftDefects(defects.length > 0 ? draft : starting)];
  return all.length > 0 ? err(all) : ok({ ...starting, id, updatedAt: now });
};

/** Ended now; one that never started keeps no time at all, and an expired one is left as it is. */
export const expireSilence = (silence: Silence, now: Millis): Silence => {
  const state = spanState(silence, now);
  if (state === "expired") return silence;
  return { ...silence, startsAt: state === "pending" ? now : silence.startsAt, endsAt: now, updatedAt: now };
};

const sameMatchers = (a: readonly MatcherSpec[], b: readonly MatcherSpec[]): boolean =>
  printMatchers(a.toSorted(compareMatchers)) === printMatchers(b.toSorted(compareMatchers));

/** Clients that show and send back a start may drop what is less than a second; so does Alertmanager. */
const isSameSecond = (a: Millis, b: Millis): boolean => Math.floor(a / 1000) === Math.floor(b / 1000);

/** Whether history stays true when the silence is changed and keeps its id. */
const fitsInPlace = (existing: Silence, draft: SilenceDraft, now: Millis): boolean => {
  if (!sameMatchers(existing.matchers, draft.matchers)) return false;
  const state = spanState(existing, now);
  if (state === "active") return isSameSecond(draft.startsAt, existing.startsAt) && draft.endsAt >= now;
  return state === "pending" && draft.startsAt >= now;
};

export interface SilenceUpdate {
  /** The silence that holds from now on. */
  readonly silence: Silence;
  /** The one it replaces, expired; null: it was changed in place, or had expired before. */
  readonly replaced: Silence | null;
}

/** A changed silence: in place where that is fair to the past, else a new one with `newId` while the old one expires. */
export const updateSilence = (
  existing: Silence,
  draft: SilenceDraft,
  newId: string,
  now: Millis,
): Result<SilenceUpdate, readonly Defect[]> => {
  if (fitsInPlace(existing, draft, now)) {
    const defects = draftDefects(draft);
    if (defects.length > 0) return err(defects);
    const startsAt = spanState(existing, now) === "active" ? existing.startsAt : draft.startsAt;
    return ok({ silence: { ...draft, startsAt, id: existing.id, updatedAt: now }, replaced: null });
  }
  const created = createSilence(draft, newId, now);
  if (!created.ok) return created;
  const isOver = spanState(existing, now) === "expired";
  return ok({ silence: created.value, replaced: isOver ? null : expireSilence(existing, now) });
};

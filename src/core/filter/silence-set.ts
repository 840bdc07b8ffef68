/** Who is silenced by what: many silences compiled once, asked for every alert. What a silence is, silence.ts says. */
import { alertName, type Labels, type Millis } from "../alert/alert.ts";
import { compileMatcher, type Matcher, type MatcherSpec, matchesAll } from "../alert/matcher.ts";
import { indexMatchers, type MatcherIndex } from "../alert/matcher-index.ts";
import { err, ok, type Result } from "../result.ts";
import { compileRecurrence, type Recurrence, type Windows } from "./recurrence.ts";
import type { Silence } from "./silence.ts";

interface CompiledSilence {
  readonly id: string;
  readonly startsAt: Millis;
  readonly endsAt: Millis;
  readonly matchers: readonly Matcher[];
  readonly windows: Windows | null;
}

export interface SilenceSet {
  readonly silences: readonly CompiledSilence[];
  readonly index: MatcherIndex;
  /** Stored silences that cannot be asked. They silence nobody, and the trace should say so. */
  readonly broken: readonly { readonly id: string; readonly error: string }[];
}

const compileMatchers = (specs: readonly MatcherSpec[]): Result<readonly Matcher[], string> => {
  const matchers: Matcher[] = [];
  for (const spec of specs) {
    const matcher = compileMatcher(spec);
    if (!matcher.ok) return err(`the matcher of ${spec.name} ${matcher.error}`);
    matchers.push(matcher.value);
  }
  return matchers.length === 0 ? err("has no matchers") : ok(matchers);
};

const compileOne = (silence: Silence): Result<CompiledSilence, string> => {
  const matchers = compileMatchers(silence.matchers);
  if (!matchers.ok) return matchers;
  const { id, startsAt, endsAt, recurrence } = silence;
  if (recurrence === null) return ok({ id, startsAt, endsAt, matchers: matchers.value, windows: null });
  const windows = compileRecurrence(recurrence, startsAt);
  if (!windows.ok) return err(`the recurrence ${windows.error.message}`);
  return ok({ id, startsAt, endsAt, matchers: matchers.value, windows: windows.value });
};

/** Silences ready to be asked. Leave out the expired ones: they only cost. */
export const compileSilences = (silences: readonly Silence[]): SilenceSet => {
  const compiled: CompiledSilence[] = [];
  const broken: { id: string; error: string }[] = [];
  for (const silence of silences) {
    const one = compileOne(silence);
    if (one.ok) compiled.push(one.value);
    else broken.push({ id: silence.id, error: one.error });
  }
  return { silences: compiled, index: indexMatchers(compiled.map(({ matchers }) => matchers)), broken };
};

/** Ids of the silences active at `now` all of whose matchers hold; empty: the alert is not silenced. */
export const silencedBy = ({ silences, index }: SilenceSet, labels: Labels, now: Millis): readonly string[] =>
  index.candidates(labels).flatMap((at) => {
    const silence = silences[at];
    if (silence === undefined || now < silence.startsAt || now >= silence.endsAt) return [];
    if (!matchesAll(silence.matchers, labels)) return [];
    return silence.windows === null || silence.windows.at(now) !== null ? [silence.id] : [];
  });

/** A past event, as a preview looks at it. */
export interface PastEvent {
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly at: Millis;
}

export interface SilencePreview {
  /** Events that would have been silenced, of all that were looked at. */
  readonly events: number;
  readonly totalEvents: number;
  /** Different alerts among them. */
  readonly alerts: number;
  readonly totalAlerts: number;
  /** Part of the alerts that it silences, 0 to 1: how broad it is. */
  readonly share: number;
  /** The most frequent names first. */
  readonly names: readonly { readonly name: string; readonly events: number }[];
}

const MAX_NAMES = 10;

/**
 * What a silence would have kept quiet of these events, had it been there then; a recurrence counts from the first of
 * them. For how broad a silence is now, pass the alerts that fire.
 */
export const previewSilence = (
  draft: { readonly matchers: readonly MatcherSpec[]; readonly recurrence: Recurrence | null },
  events: readonly PastEvent[],
): Result<SilencePreview, string> => {
  const matchers = compileMatchers(draft.matchers);
  if (!matchers.ok) return matchers;
  const first = events.reduce((earliest, { at }) => Math.min(earliest, at), Number.POSITIVE_INFINITY);
  const windows = draft.recurrence === null || events.length === 0 ? null : compileRecurrence(draft.recurrence, first);
  if (windows !== null && !windows.ok) return err(`the recurrence ${windows.error.message}`);
  const silenced = events.filter(
    ({ labels, at }) => matchesAll(matchers.value, labels) && (windows === null || windows.value.at(at) !== null),
  );
  const alerts = new Set(silenced.map(({ fingerprint }) => fingerprint)).size;
  const totalAlerts = new Set(events.map(({ fingerprint }) => fingerprint)).size;
  const counts = new Map<string, number>();
  for (const { labels } of silenced) counts.set(alertName(labels), (counts.get(alertName(labels)) ?? 0) + 1);
  const names = [...counts]
    .map(([name, count]) => ({ name, events: count }))
    .toSorted((a, b) => b.events - a.events || (a.name < b.name ? -1 : 1));
  return ok({
    events: silenced.length,
    totalEvents: events.length,
    alerts,
    totalAlerts,
    share: totalAlerts === 0 ? 0 : alerts / totalAlerts,
    names: names.slice(0, MAX_NAMES),
  });
};

/** Windows that come again, by a rule in a time zone. What they are windows of, silence.ts says. */
import type { Millis } from "../alert/alert.ts";
import { instantOf, isTimeZone, localTime } from "../alert/wall-clock.ts";
import { err, ok, type Result } from "../result.ts";
import { DAY_MS, isOccurrenceDay, readRecurrenceRule } from "./recurrence-rule.ts";

export interface Recurrence {
  /** RFC 5545; see recurrence-rule.ts for what of it. */
  readonly rule: string;
  /** IANA name of the time zone the rule counts in. */
  readonly timeZone: string;
  readonly durationMs: Millis;
}

/** A window may not hide alerts for longer without somebody looking again. */
const MAX_DURATION_MS: Millis = 31 * DAY_MS;
/** Time zones differ from UTC, and from themselves over a year, by less. */
const MAX_SHIFT_MS: Millis = DAY_MS;

export interface Window {
  readonly startsAt: Millis;
  readonly endsAt: Millis;
}

export interface Windows {
  /** The newest window that holds `now`, or null. */
  readonly at: (now: Millis) => Window | null;
  /** The windows that touch [from, to), oldest first, at most `max`. */
  readonly between: (from: Millis, to: Millis, max: number) => readonly Window[];
}

/** The windows from `startsAt` on, or the end of a sentence that begins with the name of the field at fault. */
export const compileRecurrence = (
  { rule: text, timeZone, durationMs }: Recurrence,
  startsAt: Millis,
): Result<Windows, { readonly field: "rule" | "timeZone" | "durationMs"; readonly message: string }> => {
  const rule = readRecurrenceRule(text);
  if (!rule.ok) return err({ field: "rule", message: rule.error });
  if (!isTimeZone(timeZone)) return err({ field: "timeZone", message: "must be a time zone such as Europe/Berlin" });
  if (!(durationMs > 0 && durationMs <= MAX_DURATION_MS)) {
    return err({ field: "durationMs", message: "must be more than nothing and at most 31 days" });
  }
  const { minutes, until } = rule.value;
  const localStart = localTime(timeZone, startsAt);
  const first = Math.floor(localStart / DAY_MS);
  const timesOfDay = minutes.length > 0 ? minutes.map((minute) => minute * 60_000) : [localStart - first * DAY_MS];

  const at: Windows["at"] = (now) => {
    const local = localTime(timeZone, now);
    const earliest = Math.max(first, Math.floor((local - durationMs - MAX_SHIFT_MS) / DAY_MS));
    for (let day = Math.floor(local / DAY_MS); day >= earliest; day--) {
      if (!isOccurrenceDay(rule.value, first, day)) continue;
      for (const time of timesOfDay.toReversed()) {
        const begin = instantOf(timeZone, day * DAY_MS + time);
        if (begin > now || begin < startsAt || (until !== null && begin > until)) continue;
        return now < begin + durationMs ? { startsAt: begin, endsAt: begin + durationMs } : null;
      }
    }
    return null;
  };

  const between: Windows["between"] = (from, to, max) => {
    const found: Window[] = [];
    const earliest = Math.floor((localTime(timeZone, from) - durationMs - MAX_SHIFT_MS) / DAY_MS);
    const last = Math.floor((localTime(timeZone, to) + MAX_SHIFT_MS) / DAY_MS);
    for (let day = Math.max(first, earliest); day <= last && found.length < max; day++) {
      if (!isOccurrenceDay(rule.value, first, day)) continue;
      for (const time of timesOfDay) {
        const begin = instantOf(timeZone, day * DAY_MS + time);
        if (begin < startsAt || (until !== null && begin > until)) continue;
        if (begin < to && begin + durationMs > from) found.push({ startsAt: begin, endsAt: begin + durationMs });
      }
    }
    return found.slice(0, max);
  };
  return ok({ at, between });
};

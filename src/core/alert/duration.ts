/** Prometheus durations: `1d2h30m`, `500ms`, `0`. Strict as prometheus/common `model/time.go`: each unit once, in order. */
import type { Millis } from "./alert.ts";

const UNITS: readonly (readonly [unit: string, ms: Millis])[] = [
  ["y", 365 * 86_400_000],
  ["w", 7 * 86_400_000],
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
];
const PATTERN = new RegExp(`^${UNITS.map(([unit]) => `(?:(\\d+)${unit})?`).join("")}$`);

/** Prometheus keeps nanoseconds in 64 bits: about 292 years. */
const MAX_DURATION_MS: Millis = 9_223_372_036_854;

/** Milliseconds, or null for what Prometheus would refuse: no unit, units out of order, fractions, signs, blanks. */
export const parseDuration = (text: string): Millis | null => {
  if (text === "0") return 0;
  const found = text === "" ? null : PATTERN.exec(text);
  if (found === null) return null;
  const ms = UNITS.reduce((sum, [, unitMs], index) => sum + Number(found[index + 1] ?? 0) * unitMs, 0);
  return ms <= MAX_DURATION_MS ? ms : null;
};

/**
 * As Prometheus writes it: weeks and years only where nothing smaller is left (`2w`, but `15d`), `0s` for nothing.
 * Takes whole milliseconds from 0 up.
 */
export const printDuration = (ms: Millis): string => {
  if (ms === 0) return "0s";
  let rest = ms;
  let text = "";
  for (const [unit, unitMs] of UNITS) {
    const isCalendar = unit === "y" || unit === "w";
    const count = isCalendar && rest % unitMs !== 0 ? 0 : Math.floor(rest / unitMs);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * unitMs;
  }
  return text;
};

/** Lengths of time as people read and write them. */

const UNITS: readonly (readonly [string, number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
];

/** `6 d 3 h`, `1 h 5 m`, `16 m`, `40 s`: as exact as an eye wants it; seconds are told only below a minute. */
export const duration = (length: number): string => {
  const ms = Math.max(0, length);
  const at = UNITS.findIndex(([, size]) => ms >= size);
  const [unit, size] = UNITS[at] ?? ["s", 1000];
  const whole = Math.floor(ms / size);
  const [smaller, part] = UNITS[at + 1] ?? ["", 0];
  const rest = part === 0 || smaller === "s" ? 0 : Math.floor((ms - whole * size) / part);
  return rest === 0 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${smaller}`;
};

/** Milliseconds of an answer: `840 ms`, `1.2 s`, `2 m`. */
export const latency = (ms: number | null | undefined): string =>
  ms === null || ms === undefined
    ? "–"
    : ms < 1000
      ? `${Math.round(ms)} ms`
      : ms < 60_000
        ? `${(ms / 1000).toFixed(1)} s`
        : duration(ms);

const DURATION = /^(\d+)([smhdw])$/;
const SIZES: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** `90m` in milliseconds; null when it is no duration. */
export const readDuration = (text: string): number | null => {
  const [, count, unit] = DURATION.exec(text) ?? [];
  return count === undefined || unit === undefined ? null : Number(count) * (SIZES[unit] ?? 0);
};

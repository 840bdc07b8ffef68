/** Numbers and lengths of time as Prometheus' template functions write them (prometheus/prometheus template.go). */

const LARGE = ["k", "M", "G", "T", "P", "E", "Z", "Y"] as const;
const SMALL = ["m", "u", "n", "p", "f", "a", "z", "y"] as const;
const BINARY = ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"] as const;

/** Go's `%.4g`. */
export const fourDigits = (value: number): string => {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  if (value === 0) return "0";
  const [mantissa = "0", exponent = "0"] = value.toExponential(3).split("e");
  const power = Number(exponent);
  if (power >= -4 && power < 4) return String(Number(value.toPrecision(4)));
  return `${Number(mantissa)}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
};

const scale = (value: number, step: number, units: readonly string[], fits: (value: number) => boolean): string => {
  let [left, unit] = [value, ""];
  for (const next of units) {
    if (fits(left)) break;
    unit = next;
    left *= step;
  }
  return `${fourDigits(left)}${unit}`;
};

const isPlain = (value: number): boolean => value === 0 || !Number.isFinite(value);

/** `1.235k`, `12.35m`: metric prefixes. */
export const humanize = (value: number): string => {
  if (isPlain(value)) return fourDigits(value);
  return Math.abs(value) >= 1
    ? scale(value, 1 / 1000, LARGE, (left) => Math.abs(left) < 1000)
    : scale(value, 1000, SMALL, (left) => Math.abs(left) >= 1);
};

/** `1.206ki`: binary prefixes. */
export const humanize1024 = (value: number): string =>
  isPlain(value) || Math.abs(value) <= 1
    ? fourDigits(value)
    : scale(value, 1 / 1024, BINARY, (left) => Math.abs(left) < 1024);

/** `12.35%` of a ratio. */
export const humanizePercentage = (value: number): string => `${fourDigits(value * 100)}%`;

/** `1d 2h 3m 4s` of seconds, `12.35ms` below one. */
export const humanizeDuration = (seconds: number): string => {
  if (!Number.isFinite(seconds)) return fourDigits(seconds);
  if (seconds === 0) return "0s";
  if (Math.abs(seconds) < 1) return `${scale(seconds, 1000, SMALL, (left) => Math.abs(left) >= 1)}s`;
  const sign = seconds < 0 ? "-" : "";
  const whole = Math.trunc(Math.abs(seconds));
  const [days, hours, minutes, rest] = [
    Math.floor(whole / 86_400),
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 60) % 60,
    whole % 60,
  ];
  if (days > 0) return `${sign}${days}d ${hours}h ${minutes}m ${rest}s`;
  if (hours > 0) return `${sign}${hours}h ${minutes}m ${rest}s`;
  if (minutes > 0) return `${sign}${minutes}m ${rest}s`;
  return `${sign}${fourDigits(Math.abs(seconds))}s`;
};

/** A silence as it is being written: its rows, its times, and the body the API takes. */
import type { Matcher, SilenceView } from "./types.ts";

export interface Row extends Matcher {
  /** Labels of an alert are offered; not all of them are meant. */
  readonly on: boolean;
}

export const OPERATORS = { "=": [false, true], "!=": [false, false], "=~": [true, true], "!~": [true, false] } as const;
export type Operator = keyof typeof OPERATORS;

export const operatorOf = ({ isRegex, isEqual }: Pick<Matcher, "isRegex" | "isEqual">): Operator =>
  isRegex ? (isEqual ? "=~" : "!~") : isEqual ? "=" : "!=";

/** Labels that name one machine among many: a silence usually means all of them. */
const INSTANCE_LIKE = [
  "instance",
  "pod",
  "pod_name",
  "container",
  "replica",
  "endpoint",
  "node",
  "host",
  "hostname",
  "uid",
];

export const EMPTY_ROW: Row = { name: "", value: "", isRegex: false, isEqual: true, on: true };

export const rowsFromLabels = (labels: Readonly<Record<string, string>>): readonly Row[] => {
  const rows = Object.entries(labels).map(([name, value]) => ({
    ...EMPTY_ROW,
    name,
    value,
    on: !INSTANCE_LIKE.includes(name),
  }));
  return rows.length === 0 ? [EMPTY_ROW] : rows;
};

export const rowsFromSilence = ({ matchers }: SilenceView): readonly Row[] =>
  matchers.map((matcher) => ({ ...matcher, on: true }));

/** What is meant of the rows, as the API takes it. */
export const matchersOf = (rows: readonly Row[]): readonly Matcher[] =>
  rows
    .filter((row) => row.on && row.name.trim() !== "")
    .map(({ name, value, isRegex, isEqual }) => ({ name: name.trim(), value, isRegex, isEqual }));

export const REPEATS = [
  ["", "once"],
  ["FREQ=DAILY", "every day"],
  ["FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "on weekdays"],
  ["FREQ=WEEKLY;BYDAY=SA,SU", "at weekends"],
  ["FREQ=WEEKLY", "every week on this day"],
  ["FREQ=MONTHLY", "every month on this date"],
] as const;

const WEEKDAYS: Readonly<Record<string, string>> = {
  MO: "Mon",
  TU: "Tue",
  WE: "Wed",
  TH: "Thu",
  FR: "Fri",
  SA: "Sat",
  SU: "Sun",
};

/** `every day at 02:00 (Europe/Berlin)`; a rule nobody has words for is shown as it is. */
export const recurrenceText = ({ rule, time_zone }: { readonly rule: string; readonly time_zone: string }): string => {
  const parts = new Map(
    rule
      .replace(/^RRULE:/, "")
      .split(";")
      .map((part) => part.split("=") as [string, string]),
  );
  const every = { DAILY: "every day", WEEKLY: "every week", MONTHLY: "every month", YEARLY: "every year" }[
    parts.get("FREQ") ?? ""
  ];
  const known = ["FREQ", "BYDAY", "BYHOUR", "BYMINUTE", "BYSECOND", "WKST"];
  const days = (parts.get("BYDAY")?.split(",") ?? []).map((day) => WEEKDAYS[day]);
  if (every === undefined || [...parts.keys()].some((key) => !known.includes(key)) || days.includes(undefined)) {
    return `${rule} (${time_zone})`;
  }
  const minute = (parts.get("BYMINUTE") ?? "0").padStart(2, "0");
  const hours = parts.get("BYHOUR")?.split(",");
  const at = hours === undefined ? "" : ` at ${hours.map((hour) => `${hour.padStart(2, "0")}:${minute}`).join(", ")}`;
  return `${every}${days.length > 0 ? ` on ${days.join(", ")}` : ""}${at} (${time_zone})`;
};

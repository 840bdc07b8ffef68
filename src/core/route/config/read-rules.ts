/** Reads inhibition rules and time intervals of a checked document, in their new and old spellings. */
import { isTimeZone } from "../../alert/wall-clock.ts";
import type { InhibitRule } from "../../filter/inhibition.ts";
import type { Result } from "../../result.ts";
import type { Range, TimeInterval, TimeIntervals } from "../time-interval.ts";
import { readDaysOfMonth, readMonths, readTimeOfDay, readWeekdays, readYears } from "../time-interval-read.ts";
import type { YamlNode } from "./node.ts";
import type { Report } from "./report.ts";
import { itemsAt, nodeAt, readAllMatchers, textAt, textNodeAt, textsAt, wordAt } from "./values.ts";

const sizeOf = (node: YamlNode): number =>
  node.kind === "list" ? node.items.length : node.kind === "map" ? node.entries.size : 0;

/** The rules under `inhibit_rules`; each needs a condition on both sides (contracts 8.4). */
export const readInhibitRules = (root: YamlNode, report: Report): readonly InhibitRule[] =>
  itemsAt(root, "inhibit_rules").map((node, index) => {
    const rule = {
      name: wordAt(node, "name") ?? `inhibit_rules/${index}`,
      sourceMatchers: readAllMatchers(node, "source_", report),
      targetMatchers: readAllMatchers(node, "target_", report),
      equal: (textsAt(node, "equal") ?? []).map((item) => item.text),
    };
    for (const item of textsAt(node, "equal") ?? []) if (item.text === "") report.defect(item, "is no label name");
    for (const side of ["source", "target"] as const) {
      const given = [`${side}_match`, `${side}_match_re`, `${side}_matchers`].map((key) => nodeAt(node, key));
      // A matcher that could not be read has been reported as such.
      const isGiven = given.some((part) => part !== null && sizeOf(part) > 0);
      if (!isGiven) {
        report.defect(node, `needs ${side}_matchers: without them it would speak of every alert`);
      }
    }
    return rule;
  });

const readRanges = (
  node: YamlNode,
  key: string,
  read: (text: string) => Result<Range, string>,
  report: Report,
): readonly Range[] | null => {
  const items = textsAt(node, key);
  if (items === null) return null;
  return items.flatMap((item) => {
    const range = read(item.text);
    if (range.ok) return [range.value];
    report.defect(item, range.error);
    return [];
  });
};

const readTimes = (node: YamlNode, report: Report): TimeInterval["times"] => {
  const times = nodeAt(node, "times");
  if (times?.kind !== "list") return null;
  return itemsAt(node, "times").flatMap((item) => {
    const startMinute = readTimeOfDay(textAt(item, "start_time") ?? "");
    const endMinute = readTimeOfDay(textAt(item, "end_time") ?? "");
    if (startMinute === null) report.defect(nodeAt(item, "start_time") ?? item, "start_time must be HH:MM");
    if (endMinute === null) report.defect(nodeAt(item, "end_time") ?? item, "end_time must be HH:MM, or 24:00");
    if (startMinute === null || endMinute === null) return [];
    if (startMinute < endMinute) return [{ startMinute, endMinute }];
    report.defect(item, "must end later on the same day; a night is two times, up to 24:00 and from 00:00");
    return [];
  });
};

const readLocation = (node: YamlNode, report: Report): string => {
  const location = textNodeAt(node, "location");
  if (location === null || location.text === "") return "UTC";
  if (location.text === "Local") {
    report.warn(location, "is read as UTC: there is no machine whose local time it could be");
    return "UTC";
  }
  if (isTimeZone(location.text)) return location.text;
  report.defect(location, "must be a time zone such as Europe/Berlin");
  return "UTC";
};

const readInterval = (node: YamlNode, report: Report): TimeInterval => ({
  times: readTimes(node, report),
  weekdays: readRanges(node, "weekdays", readWeekdays, report),
  daysOfMonth: readRanges(node, "days_of_month", readDaysOfMonth, report),
  months: readRanges(node, "months", readMonths, report),
  years: readRanges(node, "years", readYears, report),
  location: readLocation(node, report),
});

/** `time_intervals`, and `mute_time_intervals` as they were called first. */
export const readTimeIntervals = (root: YamlNode, report: Report): TimeIntervals => {
  const intervals = new Map<string, readonly TimeInterval[]>();
  for (const node of [...itemsAt(root, "mute_time_intervals"), ...itemsAt(root, "time_intervals")]) {
    const name = wordAt(node, "name");
    if (name === null) report.defect(node, "needs a name");
    else if (intervals.has(name)) report.defect(nodeAt(node, "name") ?? node, "is the name of another time interval");
    intervals.set(
      name ?? "",
      itemsAt(node, "time_intervals").map((item) => readInterval(item, report)),
    );
  }
  return intervals;
};

/** Reads inhibition rules and time intervals of a checked document, in their new and old spellings. */
import { isTimeZone } from "../../alert/wall-clock.ts";
import type { InhibitRule } from "../../filter/inhibition.ts";
import type { Result } from "../../result.ts";
import type { Range, TimeInterval, TimeIntervals } from "../time-interval.ts";
import { readDaysOfMonth, readMonths, readTimeOfDay, readWeekdays, readYears } from "../time-interval-read.ts";
import type { YamlNode } from "./node.ts";
import type { Report } from "./report.ts";
import { itemsAt, nodeAt, readAllMatchers, textAt, textNodeAt, textsAt, wordAt } from "./values.ts";

/** It is legal, and more than its author may have meant. */
const warnOfEmptySides = (rule: InhibitRule, node: YamlNode, report: Report): void => {
  const [hasSource, hasTarget] = [rule.sourceMatchers.length > 0, rule.targetMatchers.length > 0];
  if (!hasSource && !hasTarget) report.warn(node, "inhibits nothing: without matchers every alert is on both sides");
  else if (!hasSource) report.warn(node, "has no source_matchers: every alert that is no target inhibits");
  else if (!hasTarget) report.warn(node, "has no target_matchers: every alert that is no source is inhibited");
};

/** The rules under `inhibit_rules`. As in Alertmanager, a side without matchers means every alert (DESIGN 9). */
export const readInhibitRules = (root: YamlNode, report: Report): readonly InhibitRule[] =>
  itemsAt(root, "inhibit_rules").map((node, index) => {
    const rule = {
      name: wordAt(node, "name") ?? `inhibit_rules/${index}`,
      sourceMatchers: readAllMatchers(node, "source_", report),
      targetMatchers: readAllMatchers(node, "target_", report),
      equal: (textsAt(node, "equal") ?? []).map((item) => item.text),
    };
    for (const item of textsAt(node, "equal") ?? []) if (item.text === "") report.defect(item, "is no label name");
    warnOfEmptySides(rule, node, report);
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

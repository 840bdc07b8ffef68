import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { duration, latency, readDuration } from "../../src/dashboard/duration.ts";
import { reasonText } from "../../src/dashboard/reasons.ts";
import { recurrenceText, rowsFromLabels } from "../../src/dashboard/silence-draft.ts";

test.each([
  [0, "0 s"],
  [59_999, "59 s"],
  [60_000, "1 m"],
  [3_599_000, "59 m"],
  [3_900_000, "1 h 5 m"],
  [7_200_000, "2 h"],
  [6 * 86_400_000 + 3 * 3_600_000, "6 d 3 h"],
])("%d ms is %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test("milliseconds of an answer are as exact as they matter", () => {
  expect([null, 0, 840.4, 1234, 61_000].map(latency)).toEqual(["–", "0 ms", "840 ms", "1.2 s", "1 m"]);
});

test("durations are written as Prometheus has them, one unit at a time", () => {
  expect(["90m", "4h", "2d", "1w", "1h30m", "h", "-1h", ""].map(readDuration)).toEqual([
    ...[5_400_000, 14_400_000, 172_800_000, 604_800_000],
    ...[null, null, null, null],
  ]);
});

test("a reason is told in words, its place in the tree left out, and an unknown one as it is", () => {
  expect(reasonText("never_fired")).toMatch(/beginning was never told/);
  expect(reasonText('oncall ({}/{severity="critical"}/0)')).toBe("oncall");
  expect(reasonText("filter: own_severity")).toBe("filter: the target does not want this severity");
  expect(reasonText("silenced by 6f1c")).toBe("silenced by 6f1c");
});

test("a recurrence is told in words, or as it is where there are none", () => {
  const time_zone = "Europe/Berlin";
  expect(recurrenceText({ rule: "FREQ=DAILY;BYHOUR=2", time_zone })).toBe("every day at 02:00 (Europe/Berlin)");
  expect(recurrenceText({ rule: "RRULE:FREQ=WEEKLY;BYDAY=SA,SU;BYHOUR=22;BYMINUTE=30", time_zone })).toBe(
    "every week on Sat, Sun at 22:30 (Europe/Berlin)",
  );
  expect(recurrenceText({ rule: "FREQ=MONTHLY;BYDAY=-1FR", time_zone })).toBe(
    "FREQ=MONTHLY;BYDAY=-1FR (Europe/Berlin)",
  );
});

test("a silence from an alert means all machines unless somebody says otherwise", () => {
  const rows = rowsFromLabels({ alertname: "X", instance: "a:9100", pod: "p-1", team: "t" });
  expect(rows.filter(({ on }) => on).map(({ name }) => name)).toEqual(["alertname", "team"]);
  expect(rowsFromLabels({})).toHaveLength(1);
});

test("no page writes markup from text, or a style that the policy refuses", () => {
  const folder = new URL("../../src/dashboard/", import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));
  expect(files.length).toBeGreaterThan(50);
  const bad = files.filter((name) =>
    /dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function\(/.test(
      readFileSync(new URL(name, folder), "utf8"),
    ),
  );
  expect(bad).toEqual([]);
});

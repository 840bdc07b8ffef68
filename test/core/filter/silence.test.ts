import { describe, expect, test } from "vitest";
import type { MatcherSpec } from "../../../src/core/alert/matcher.ts";
import { parseMatchers } from "../../../src/core/alert/matcher-parse.ts";
import {
  breadth,
  canUpdateInPlace,
  checkSilence,
  compileSilences,
  isActiveAt,
  type Silence,
  silenceState,
} from "../../../src/core/filter/silence.ts";

const T = Date.parse("2026-03-02T12:00:00Z");
const HOUR = 3_600_000;
const specs = (text: string): readonly MatcherSpec[] => {
  const parsed = parseMatchers(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value.map(({ name, operator, value }) => ({ name, operator, value }));
};
const silence = (matchers: string, over: Partial<Silence> = {}): Silence => ({
  id: "s1",
  matchers: specs(matchers),
  startsAt: T,
  endsAt: T + HOUR,
  updatedAt: T,
  createdBy: "ann",
  comment: "",
  recurrence: null,
  ...over,
});

describe("which alerts a silence mutes", () => {
  test.each<[matcher: string, matches: Record<string, string>[], not: Record<string, string>[]]>([
    ['foo="bar"', [{ foo: "bar" }], [{ foo: "Bar" }, {}]],
    ['foo="", x="1"', [{ x: "1" }], [{ foo: "bar", x: "1" }]],
    ['foo!=""', [{ foo: "bar" }], [{}]],
    ['foo!="bar"', [{ foo: "x" }, {}], [{ foo: "bar" }]],
    ['foo=~"ba."', [{ foo: "bar" }], [{ foo: "xbar" }, { foo: "bars" }, {}]],
    ['foo=~"ba"', [], [{ foo: "bar" }]],
    ['foo=~"a|b"', [{ foo: "a" }, { foo: "b" }], [{ foo: "ab" }, { foo: "xa" }]],
    ['foo=~".*"', [{ foo: "bar" }, {}], []],
    ['foo=~".+"', [{ foo: "bar" }], [{}]],
    ['foo!~"ba."', [{ foo: "x" }, {}], [{ foo: "bar" }]],
    ['foo!~".*"', [], [{ foo: "bar" }, {}]],
    ['foo="bar", env="p"', [{ foo: "bar", env: "p" }], [{ foo: "bar" }]],
  ])("%s", (matcher, matches, not) => {
    const { silencedBy } = compileSilences([silence(matcher)]);
    for (const labels of matches) expect(silencedBy(labels, T)).toEqual(["s1"]);
    for (const labels of not) expect(silencedBy(labels, T)).toEqual([]);
  });

  test("it begins at its start and is over at its end", () => {
    const one = silence('foo="bar"');
    expect([T - 1, T, T + HOUR - 1, T + HOUR].map((at) => silenceState(one, at))).toEqual([
      "pending",
      "active",
      "active",
      "expired",
    ]);
    expect(compileSilences([one]).silencedBy({ foo: "bar" }, T + HOUR)).toEqual([]);
  });

  test("of many, all that match are named", () => {
    const many = Array.from({ length: 200 }, (_, i) => silence(`team="t${i}"`, { id: `s${i}` }));
    const { silencedBy } = compileSilences([...many, silence('team=~"t1.*"', { id: "wide" })]);
    expect(silencedBy({ team: "t17" }, T)).toEqual(["s17", "wide"]);
  });
});

describe("a recurring silence", () => {
  // Every weekday from 22:00 in Berlin, for eight hours.
  const nightly = silence('foo="bar"', {
    startsAt: Date.parse("2026-03-02T21:00:00Z"),
    endsAt: Date.parse("2027-01-01T00:00:00Z"),
    recurrence: { rule: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", timeZone: "Europe/Berlin", durationSeconds: 8 * 3600 },
  });
  test.each<[at: string, active: boolean, why: string]>([
    ["2026-03-02T20:59:59Z", false, "before its first start"],
    ["2026-03-02T21:00:00Z", true, "at its start"],
    ["2026-03-03T04:59:59Z", true, "to the last second"],
    ["2026-03-03T05:00:00Z", false, "after eight hours"],
    ["2026-03-07T21:30:00Z", false, "not on a Saturday"],
    ["2026-07-01T20:00:00Z", true, "in summer it begins an hour earlier in UTC"],
    ["2026-07-01T19:59:00Z", false, "and not before"],
    ["2027-01-04T21:30:00Z", false, "not after its end"],
  ])("%s: %s (%s)", (at, active) => {
    expect(isActiveAt(nightly, Date.parse(at))).toBe(active);
  });
});

describe("a silence is checked when it is made", () => {
  const draft = (over: Partial<Silence> = {}) => checkSilence(silence('foo="bar"', over), T + 60_000);
  test.each<[sentence: string, over: Partial<Silence>, path: string | null]>([
    ["it may have begun already", {}, null],
    ["it needs a matcher", { matchers: [] }, "/matchers"],
    ["one that matches everything is refused", { matchers: specs('foo=~".*"') }, "/matchers"],
    ["one that only asks for an absent label too", { matchers: specs('foo=""') }, "/matchers"],
    ["its end must lie ahead", { endsAt: T }, "/endsAt"],
    ["its end must follow its start", { startsAt: T + 2 * HOUR }, "/endsAt"],
    [
      "a rule must be one",
      { recurrence: { rule: "EVERY DAY", timeZone: "UTC", durationSeconds: 60 } },
      "/recurrence/rule",
    ],
    [
      "a rhythm of seconds is none",
      { recurrence: { rule: "FREQ=SECONDLY", timeZone: "UTC", durationSeconds: 60 } },
      "/recurrence/rule",
    ],
    [
      "its zone must exist",
      { recurrence: { rule: "FREQ=DAILY", timeZone: "Mars/Base", durationSeconds: 60 } },
      "/recurrence/rule",
    ],
  ])("%s", (_, over, path) => {
    const checked = draft(over);
    expect(checked.ok ? null : checked.error[0]?.path).toBe(path);
    if (checked.ok) expect(checked.value.startsAt).toBe(T + 60_000);
  });

  test("an active one may move its end in place, but not its matchers or its start", () => {
    const old = silence('a="1", b="2"');
    const next = silence('b="2", a="1"', { endsAt: T + 9 * HOUR });
    expect(canUpdateInPlace(old, next, T + 1)).toBe(true);
    expect(canUpdateInPlace(old, { ...next, startsAt: T + 1 }, T + 1)).toBe(false);
    expect(canUpdateInPlace(old, silence('a="1"'), T + 1)).toBe(false);
    expect(canUpdateInPlace(old, next, T + 2 * HOUR)).toBe(false);
  });

  test("its breadth is the share of alerts it would mute", () => {
    expect(breadth(specs('env="p"'), [{ env: "p" }, { env: "p" }, { env: "d" }, {}])).toBe(0.5);
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseUtf8 } from "../../src/core/alert/matcher-utf8.ts";
import { type AlertRow, groupRows, ORDERS, rowOfCurrent } from "../../src/dashboard/alert-rows.ts";
import { addToFilter, matcherText, readChip, readFilter, splitFilter } from "../../src/dashboard/filter.ts";

const NOW = Date.parse("2026-11-28T03:00:00Z");

const rowOf = (name: string, severity: string, change: Partial<AlertRow> = {}): AlertRow => ({
  ...rowOfCurrent(
    {
      fingerprint: name.padEnd(16, "0"),
      labels: { alertname: name, severity },
      annotations: {},
      startsAt: "2026-11-28T02:00:00Z",
      endsAt: "2026-11-28T04:00:00Z",
      updatedAt: "2026-11-28T02:00:00Z",
      generatorURL: "",
      receivers: [{ name: "ops" }],
      status: { state: "active", silencedBy: [], inhibitedBy: [], mutedBy: [] },
    },
    new Map([["ops", ["slack", "pager"]]]),
  ),
  ...change,
});

const label = fc.string({ unit: "binary", minLength: 1, maxLength: 20 }).filter((text) => text.trim() !== "");
const value = fc.string({ unit: "binary", maxLength: 40 });

test("a condition made of any label is read as that label again, wherever it stands", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(label, value), { minLength: 1, maxLength: 5 }), (pairs) => {
      const conditions = pairs.map(([name, text]) => matcherText(name, "=", text));
      const filter = conditions.reduce(addToFilter, "");
      expect(splitFilter(filter)).toEqual([...new Set(conditions)]);
      for (const [at, chip] of readFilter(conditions.join(", ")).entries()) {
        expect(chip.problem).toBeNull();
        const parsed = parseUtf8(chip.matcher ?? "");
        expect(parsed.ok && parsed.value).toEqual([{ name: pairs[at][0], operator: "=", value: pairs[at][1] }]);
      }
    }),
  );
});

describe("a field of ours", () => {
  const row = rowOf("NodeDown", "critical", { suppressedBy: ["silence", "abc"], state: "suppressed" });
  test.each([
    ["@state=suppressed", true],
    ["@state!=suppressed", false],
    ['@severity=~"crit.*|warning"', true],
    ['@severity=~"crit"', false],
    ["@target=pager", true],
    ['@target!~"pag.*"', false],
    ["@receiver=ops", true],
    ["@suppressed_by=abc", true],
    ["@class=database", false],
    ["@class!=database", true],
    ["@age<2h", true],
    ["@age>90m", false],
  ])("%s", (text, holds) => {
    const chip = readChip(text);
    expect(chip).toMatchObject({ problem: null, matcher: null });
    expect(chip.test?.(row, NOW)).toBe(holds);
  });
});

test.each([
  ["@nope=1", /no such field/],
  ["@age=2h", /write @age<2h/],
  ["@state", /write @state=/],
  ['@state=~"("', /no regular expression/],
  ['severity=~"("', /no regular expression/],
  ["NodeDown", /alertname=~/],
  ['severity="critical', /no end/],
])("%s is kept, marked and explained", (text, problem) => {
  const [chip] = readFilter(text);
  expect(chip).toMatchObject({ text, problem: expect.stringMatching(problem), matcher: null, test: null });
});

test("the most urgent come first, in groups by their first", () => {
  const rows = [
    rowOf("B", "warning", { labels: { team: "x" } }),
    rowOf("C", "critical", { labels: {} }),
    rowOf("A", "critical", { labels: { team: "x" }, startsAt: NOW }),
  ].toSorted(ORDERS.urgency);
  expect(rows.map(({ name }) => name)).toEqual(["A", "C", "B"]);
  expect(groupRows(rows, "team").map(({ key, worst, rows: inside }) => [key, worst, inside.length])).toEqual([
    ["x", "critical", 2],
    ["", "critical", 1],
  ]);
});

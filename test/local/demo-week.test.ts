import { expect, test } from "vitest";
import { readConfig } from "../../src/core/route/config.ts";
import { documentOf, INCIDENT } from "../../src/local/demo-shop.ts";
import { alertOf, planEpisodes, planSteps } from "../../src/local/demo-week.ts";

const TO = Date.UTC(2026, 10, 28, 4);
const FROM = TO - 7 * 86_400_000;
const episodes = planEpisodes(FROM, TO, 1);
const steps = planSteps(episodes, TO);

test("the same seed gives the same week, another seed another one", () => {
  expect(planEpisodes(FROM, TO, 1)).toEqual(episodes);
  expect(planEpisodes(FROM, TO, 2)).not.toEqual(episodes);
});

test("every day has troubles, some go on, and the bad night and the undecided one are there", () => {
  const days = new Set(episodes.map(({ from }) => Math.floor((from - FROM) / 86_400_000)));
  expect(days.size).toBe(7);
  expect(episodes.filter(({ to }) => to === null).length).toBeGreaterThan(0);
  expect(episodes.filter(({ kind }) => kind.name === "PostgresDown")).toHaveLength(3);
  expect(episodes.filter(({ exact }) => exact).length).toBeGreaterThan(INCIDENT.length * 3);
});

test("each alert begins before it ends and again only after it has ended", () => {
  const open = new Map<string, string>();
  for (const { at, changes } of steps) {
    for (const change of changes) {
      expect(change.at).toBeLessThanOrEqual(at);
      const { labels } = alertOf(change) as { labels: object };
      const key = JSON.stringify(labels);
      expect(open.get(key) ?? "resolved").not.toBe(change.status);
      open.set(key, change.status);
    }
  }
  expect(steps.map(({ at }) => at)).toEqual(steps.map(({ at }) => at).toSorted((a, b) => a - b));
});

test.each([1, 2] as const)("version %i of the shop's routes is a document without a warning", (version) => {
  const read = readConfig(documentOf(version));
  expect(read).toMatchObject({ ok: true, value: { warnings: [] } });
});

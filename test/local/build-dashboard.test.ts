/** What is served must never be seen half written, however often it is built beside a running service. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { historyLink } from "../../src/core/publish/story.ts";
import { SAMPLES } from "../../src/core/publish/template-sample.ts";
import { ASSETS, buildDashboard } from "../../src/local/build-dashboard.ts";

const touched = (): Map<string, number> =>
  new Map(
    readdirSync(ASSETS, { recursive: true, encoding: "utf8" })
      .map((name) => [name, statSync(join(ASSETS, name))] as const)
      .filter(([, stat]) => stat.isFile())
      .map(([name, { ino, mtimeMs }]) => [name, ino + mtimeMs]),
  );

test("builds of the same source, one after the other or at once, leave every file as it is", async () => {
  await buildDashboard();
  const before = touched();
  expect(before.size).toBeGreaterThan(20);
  await Promise.all([buildDashboard(), buildDashboard(), buildDashboard()]);
  expect(touched()).toEqual(before);
});

test("what a notification links to is a page that is served", async () => {
  await buildDashboard();
  const notification = SAMPLES[0]!;
  const links = SAMPLES.map((sample) => new URL(historyLink(sample)));
  expect(links[0]!.searchParams.get("sel")).toBe(notification.alerts[0]!.fingerprint);
  expect(new Set(links.map(({ search }) => search.slice(0, 3)))).toEqual(new Set(["?se", "?q="]));
  for (const { pathname } of links)
    expect([pathname, existsSync(join(ASSETS, `${pathname}.html`))]).toEqual([pathname, true]);
});

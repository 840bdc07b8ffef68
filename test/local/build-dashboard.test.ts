/** What is served must never be seen half written, however often it is built beside a running service. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
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

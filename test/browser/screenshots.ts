/**
 * `npm run screenshots`: every screen of the demo, light and dark, 1440 and 360 wide, into `.build/screenshots`, to be
 * looked at. With `--url` and `--token` of a demo that runs already, or of any other run; words choose views by name.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Page } from "playwright-core";
import { ROOT } from "../../src/local/files.ts";
import { startInstance } from "../e2e/instance.ts";
import { launchChromium } from "./chromium.ts";
import { waitForContent } from "./screens.ts";
import { VIEWS, type View } from "./views.ts";
import { openWatched } from "./watched.ts";

const FOLDER = join(ROOT, ".build/screenshots");
/** A week has to happen first. */
const READY_WITHIN_MS = 600_000;
const HEIGHTS = { 1440: 900, 360: 740 } as const;
/** Longest page worth looking at. */
const MAX_HEIGHT = 4_000;

/** What is looked at as a whole: the dialog where one is open, else the page. */
const heightOf = (page: Page): Promise<number> =>
  page.evaluate(() => (document.querySelector("dialog[open]") ?? document.documentElement).scrollHeight);

const picture = async (page: Page, { name, path, run }: View, width: 1440 | 360, scheme: string): Promise<void> => {
  const viewport = { width, height: HEIGHTS[width] };
  await page.setViewportSize(viewport);
  // What a view has held back must not go on when nobody holds it any more.
  await page.goto("about:blank");
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await page.goto(path);
  try {
    if (!path.startsWith("/api/")) await waitForContent(page);
    await run?.(page);
    if (!path.startsWith("/api/")) await waitForContent(page);
  } catch (error) {
    console.log(`${name}: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`);
  }
  await page.setViewportSize({
    width,
    height: Math.min(MAX_HEIGHT, Math.max(viewport.height, await heightOf(page))),
  });
  // Charts are drawn anew at the new size.
  await page.waitForTimeout(300);
  await page.screenshot({ path: join(FOLDER, `${name.replaceAll(" ", "-")}-${width}-${scheme}.png`) });
};

const { values, positionals } = parseArgs({
  options: { url: { type: "string" }, token: { type: "string" } },
  allowPositionals: true,
});
const wanted = VIEWS.filter(({ name }) => positionals.length === 0 || positionals.some((word) => name.includes(word)));
const stateDir = mkdtempSync(join(tmpdir(), "screenshots-"));
const demo =
  values.url === undefined
    ? await startInstance({
        cwd: ROOT,
        command: [process.execPath, join(ROOT, "src/local/demo.ts")],
        env: { PORT: "0", STATE_DIR: stateDir },
        withinMs: READY_WITHIN_MS,
      })
    : null;
const url = values.url ?? demo?.url ?? "";
const token = values.token ?? demo?.adminToken ?? null;
const browser = await launchChromium();
if (positionals.length === 0) rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
for (const width of [1440, 360] as const) {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const signedOut of [false, true]) {
      const views = wanted.filter((view) => (view.signedOut ?? false) === signedOut);
      if (views.length === 0) continue;
      const viewport = { width, height: HEIGHTS[width] };
      const options = { viewport, colorScheme, reducedMotion: "reduce" } as const;
      const watched = await openWatched(browser, url, signedOut ? null : token, options);
      for (const view of views) await picture(watched.page, view, width, colorScheme);
      for (const problem of new Set(watched.problems)) console.log(problem);
      await watched.context.close();
    }
  }
}
await browser.close();
demo?.signal("SIGTERM");
await demo?.ended;
rmSync(stateDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 });
console.log(`The pictures are in ${FOLDER}`);

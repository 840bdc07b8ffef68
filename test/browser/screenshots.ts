/**
 * `npm run screenshots`: every screen of the demo, light and dark, 1440 and 360 wide, into `.build/screenshots`, to be
 * looked at. With `--url` and `--token` of a demo that runs already, or of any other run.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Page } from "playwright-core";
import { ROOT } from "../../src/local/files.ts";
import { startInstance } from "../e2e/instance.ts";
import { launchChromium } from "./chromium.ts";
import { SCREENS, waitForContent } from "./screens.ts";
import { openWatched } from "./watched.ts";

const FOLDER = join(ROOT, ".build/screenshots");
/** A week has to happen first. */
const READY_WITHIN_MS = 600_000;
const HEIGHTS = { 1440: 900, 360: 740 } as const;
/** Longest page worth looking at. */
const MAX_HEIGHT = 4_000;

/** An address with something in it to do before the picture is taken. */
const VIEWS: readonly (readonly [name: string, path: string, run?: (page: Page) => Promise<void>])[] = [
  ...SCREENS.map(({ title, path }) => [title, path === "/" ? "/?range=7d" : `${path}?range=7d`] as const),
  ["Alerts resolved", "/alerts?tab=resolved&range=7d"],
  ...(["details", "why", "deliveries", "classification", "related", "raw"] as const).map(
    (view) =>
      [
        `Alert ${view}`,
        `/alerts?tab=all&range=7d&view=${view}`,
        async (page: Page) => {
          await page.locator("table.alerts tbody a").first().click();
          await page.getByRole("dialog").getByRole("tab").first().waitFor();
        },
      ] as const,
  ),
  [
    "Silence form",
    "/alerts",
    async (page) => {
      await page.locator("table.alerts tbody a").first().click();
      await page
        .getByRole("dialog")
        .getByRole("button", { name: /^Silence/ })
        .click();
    },
  ],
  [
    "Routing tested",
    "/routing",
    async (page) => {
      await page.getByRole("button", { name: "Test the route" }).click();
    },
  ],
  [
    "Help",
    "/",
    async (page) => {
      await page.keyboard.press("?");
    },
  ],
];

const { values } = parseArgs({ options: { url: { type: "string" }, token: { type: "string" } } });
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
const browser = await launchChromium();
rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
for (const width of [1440, 360] as const) {
  for (const colorScheme of ["light", "dark"] as const) {
    const viewport = { width, height: HEIGHTS[width] };
    const { page, problems, context } = await openWatched(browser, url, values.token ?? demo?.adminToken ?? null, {
      viewport,
      colorScheme,
      reducedMotion: "reduce",
    });
    for (const [name, path, run] of VIEWS) {
      await page.setViewportSize(viewport);
      await page.goto(path);
      await waitForContent(page);
      try {
        await run?.(page);
        await waitForContent(page);
      } catch (error) {
        console.log(`${name}: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`);
      }
      const height = await page.evaluate(() => document.documentElement.scrollHeight);
      await page.setViewportSize({ width, height: Math.min(MAX_HEIGHT, Math.max(viewport.height, height)) });
      // Charts are drawn anew at the new size.
      await page.waitForTimeout(300);
      await page.screenshot({ path: join(FOLDER, `${name.replaceAll(" ", "-")}-${width}-${colorScheme}.png`) });
    }
    for (const problem of new Set(problems)) console.log(problem);
    await context.close();
  }
}
await browser.close();
demo?.signal("SIGTERM");
await demo?.ended;
rmSync(stateDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 });
console.log(`The pictures are in ${FOLDER}`);

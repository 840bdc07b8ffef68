/** Everything by the keyboard: move, open, close, silence, go from page to page; and letters that can be switched off. */
import type { Page } from "playwright-core";
import { SCREENS, waitForContent } from "./screens.ts";
import type { World } from "./world.ts";

const press = async (page: Page, ...keys: readonly string[]): Promise<void> => {
  for (const key of keys) await page.keyboard.press(key);
};

const expectPath = (page: Page, path: string): Promise<void> => page.waitForURL((url) => url.pathname === path);

/** Stops of the Tab key that are looked at on one page, in each direction. */
const STOPS = 60;

/** What has the focus and cannot be seen: outside of the window, under the bar on top, or without a mark. */
const unseenFocus = (page: Page): Promise<string | null> =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (element === null || element === document.body) return null;
    const { left, top, width, height } = element.getBoundingClientRect();
    const [x, y] = [left + Math.min(width, innerWidth) / 2, top + Math.min(height, innerHeight) / 2];
    const name = `${element.tagName} ${element.getAttribute("aria-label") ?? element.textContent?.trim().slice(0, 40)}`;
    const over = document.elementFromPoint(x, y);
    if (over === null) return `${name} is outside of the window`;
    const label = element.closest("label");
    if (!element.contains(over) && !over.contains(element) && label?.contains(over) !== true) {
      return `${name} is under ${over.tagName} ${over.className}`;
    }
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    return outlineStyle === "none" || outlineWidth === "0px" ? `${name} has no mark` : null;
  });

const walk = async (page: Page, key: "Tab" | "Shift+Tab"): Promise<void> => {
  for (let i = 0; i < STOPS; i++) {
    await press(page, key);
    const problem = await unseenFocus(page);
    if (problem !== null) throw new Error(`${page.url()}, stop ${i} of ${key}: ${problem}`);
  }
};

export const testKeyboard = async ({ visit }: World): Promise<void> => {
  await visit("filter, move, open, silence and close without a mouse; the focus comes back", async ({ page }) => {
    await page.goto("/alerts");
    await page.getByRole("link", { name: "CheckoutDown" }).waitFor();
    await press(page, "/");
    await page.keyboard.type('alertname="CheckoutDown"');
    await press(page, "Enter", "Escape");
    await page.getByRole("link", { name: "DiskAlmostFull" }).waitFor({ state: "hidden" });
    await page.getByRole("link", { name: "CheckoutDown" }).waitFor();
    await press(page, "j", "Enter");
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("heading", { name: "CheckoutDown" }).waitFor();
    await press(page, "s");
    await dialog.getByRole("form", { name: "New silence" }).waitFor();
    for (let i = 0; i < 80; i++) {
      await press(page, "Tab");
      const inside = await page.evaluate(
        () => document.activeElement === document.body || document.activeElement?.closest("dialog") !== null,
      );
      if (!inside) throw new Error("the focus has left the dialog");
    }
    await press(page, "Escape");
    await dialog.waitFor({ state: "hidden" });
  });
  await visit("what the Tab key leads to is seen, there and back, on every page", async ({ page }) => {
    for (const { path } of SCREENS) {
      await page.goto(path);
      await waitForContent(page);
      await walk(page, "Tab");
      await walk(page, "Shift+Tab");
    }
  });
  await visit("the row that is marked stays in sight", async ({ page }) => {
    await page.setViewportSize({ width: 1024, height: 360 });
    for (const path of ["/deliveries", "/incidents", "/dead-letters"]) {
      await page.goto(path);
      await page.locator("main table tbody tr").first().waitFor();
      const rows = await page.locator("main table tbody tr").count();
      for (let i = 0; i < rows; i++) await press(page, "j");
      const { top, bottom } = await page.locator("tr.cursor").evaluate((row) => row.getBoundingClientRect());
      if (top < 0 || bottom > 360) throw new Error(`${path}: it is at ${top}`);
    }
  });
  await visit("g and a letter go to every page", async ({ page }) => {
    await page.goto("/");
    await waitForContent(page);
    const ways = { a: "/alerts", i: "/incidents", t: "/targets", d: "/deliveries", x: "/dead-letters" };
    for (const [key, path] of Object.entries({
      ...ways,
      c: "/classification",
      r: "/routing",
      s: "/silences",
      e: "/settings",
      o: "/",
    })) {
      await press(page, "g", key);
      await expectPath(page, path);
      await waitForContent(page);
    }
  });
  await visit("? shows the keys; letters can be switched off", async ({ page }) => {
    await page.goto("/");
    await waitForContent(page);
    await press(page, "?");
    const dialog = page.getByRole("dialog", { name: "Keys" });
    await dialog.getByLabel("Single-letter keys").uncheck();
    await press(page, "Escape");
    await dialog.waitFor({ state: "hidden" });
    await press(page, "g", "a", "?");
    if (await dialog.isVisible()) throw new Error("a letter still acts");
    await expectPath(page, "/");
  });
  await visit("what is first in the order of the page leads past the navigation", async ({ page }) => {
    await page.goto("/targets");
    await waitForContent(page);
    await press(page, "Tab");
    await page.getByRole("link", { name: "Skip to content" }).and(page.locator(":focus")).waitFor();
    await press(page, "Enter", "Tab");
    const inMain = await page.evaluate(() => document.activeElement?.closest("main") !== null);
    if (!inMain) throw new Error("it leads elsewhere");
  });
};

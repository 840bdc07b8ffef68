/** Everything by the keyboard: move, open, close, silence, go from page to page; and letters that can be switched off. */
import type { Page } from "playwright-core";
import { waitForContent } from "./screens.ts";
import type { World } from "./world.ts";

const press = async (page: Page, ...keys: readonly string[]): Promise<void> => {
  for (const key of keys) await page.keyboard.press(key);
};

const expectPath = (page: Page, path: string): Promise<void> => page.waitForURL((url) => url.pathname === path);

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

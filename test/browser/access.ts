/** Signing in and out, and what a token that may only read does not see. */
import type { Page } from "playwright-core";
import { SCREENS, waitForContent } from "./screens.ts";
import type { World } from "./world.ts";

/** What only those who may operate or administer can do; words on buttons and links. */
const FORBIDDEN =
  /^(silence|send again|send (\d+|chosen) again|send all|discard|test$|new silence|end it|\+ 1 h|read now|change …|go back to it|send test alert|create a token|revoke|classify again|new token)/i;

const buttonsOf = async (page: Page): Promise<string[]> => {
  const names = await page.locator("main button:visible, dialog button:visible").allInnerTexts();
  return names.map((name) => name.trim()).filter((name) => FORBIDDEN.test(name));
};

const count = async (page: Page): Promise<string[]> => {
  const found: string[] = [];
  for (const { path } of SCREENS) {
    await page.goto(path);
    await waitForContent(page);
    found.push(...(await buttonsOf(page)).map((name) => `${path}: ${name}`));
  }
  await page.goto("/alerts");
  await page.getByRole("link", { name: "CheckoutDown" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("tab").first().waitFor();
  for (const tab of await dialog.getByRole("tab").all()) {
    await tab.click();
    await waitForContent(page);
    found.push(...(await buttonsOf(page)).map((name) => `alert, ${name}`));
  }
  return found;
};

export const testAccess = async ({ visit, adminToken, readToken, url }: World): Promise<void> => {
  await visit(
    "whoever comes is asked for a token once, and kept in a cookie that no script reads",
    async ({ page, context }) => {
      await page.goto("/alerts?tab=all");
      await page.getByLabel("Token").fill(adminToken);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: "Alerts" }).waitFor();
      const [cookie, ...others] = await context.cookies();
      if (others.length > 0 || cookie?.httpOnly !== true || cookie.sameSite !== "Strict") {
        throw new Error(`cookies: ${JSON.stringify([cookie, ...others].map((one) => ({ ...one, value: "" })))}`);
      }
      const seen = await page.evaluate(() => document.cookie + JSON.stringify(localStorage));
      if (seen.includes(adminToken)) throw new Error("a script can read the token");
      await page.reload();
      await page.getByRole("heading", { level: 1, name: "Alerts" }).waitFor();
      // A feed that is closed while it is being opened makes Chromium warn.
      await page.getByRole("button", { name: "live", exact: true }).waitFor();
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByLabel("Token").waitFor();
    },
    { token: null },
  );
  await visit(
    "a wrong token is refused with a sentence",
    async (watched) => {
      const { page } = watched;
      await page.goto("/");
      // Chromium itself notes every answer of 401 on the console.
      watched.networkDown = true;
      await page.getByLabel("Token").fill("wrong");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").getByText("not known").waitFor();
    },
    { token: null },
  );
  await visit("whoever may everything sees the buttons for it", async ({ page }) => {
    const found = await count(page);
    if (found.length < 8) throw new Error(`only ${found.join(", ")}`);
  });
  await visit(
    "a token that may only read sees no button it may not use",
    async ({ page }) => {
      const found = await count(page);
      if (found.length > 0) throw new Error(found.join("\n"));
    },
    { token: readToken },
  );
  await visit("another site can neither use the session nor put the dashboard in a frame", async (watched) => {
    const { page } = watched;
    const answer = await page.request.post("/webhook", {
      data: { alertname: "FromElsewhere" },
      headers: { origin: "https://evil.example", "sec-fetch-site": "cross-site", "x-alert-history": "dashboard" },
    });
    if (answer.status() !== 403) throw new Error(`a request from elsewhere is answered ${answer.status()}`);
    const headers = (await page.request.get("/")).headers();
    if (!headers["content-security-policy"]?.includes("frame-ancestors 'none'"))
      throw new Error(`${url} may be framed`);
  });
};

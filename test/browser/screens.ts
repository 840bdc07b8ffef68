/** Every screen loads from a cold start, shows what there is, and is without serious defects for assistive technology. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import type { World } from "./world.ts";

interface Screen {
  readonly path: string;
  readonly title: string;
  /** What has to be seen of the seeded data. */
  readonly shows: readonly string[];
}

export const SCREENS: readonly Screen[] = [
  { path: "/", title: "Overview", shows: ["Firing", "Alerts by severity", "CheckoutDown"] },
  { path: "/alerts", title: "Alerts", shows: ["CheckoutDown", "HighErrorRate", "critical"] },
  { path: "/incidents", title: "Incidents", shows: ["eu-west"] },
  { path: "/targets", title: "Targets", shows: ["billing", "pager"] },
  { path: "/deliveries", title: "Deliveries", shows: ["CheckoutDown", "delivered"] },
  { path: "/dead-letters", title: "Dead letters", shows: ["InvoiceQueueFull", "InvoiceJobFailed", "client error"] },
  { path: "/classification", title: "Classification", shows: ["fallback", "How sure it was"] },
  { path: "/routing", title: "Routing", shows: ['team="payments"', "pager"] },
  { path: "/silences", title: "Silences", shows: ["NoisyProbe", "The probe is being replaced"] },
  { path: "/settings", title: "Settings", shows: ["transparent", "Alertmanager"] },
];

/** Waits until the page is there, has asked for everything, and shows no placeholder any more. */
export const waitForContent = async (page: Page): Promise<void> => {
  await page.locator("main#content > *, main.sign-in").first().waitFor();
  await page.waitForFunction(() => document.querySelector(".loading") === null);
};

const violationsOf = async (page: Page): Promise<string[]> => {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html.slice(0, 150)).join(" | ")}`);
};

export const expectAccessible = async (page: Page): Promise<void> => {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const violations = await violationsOf(page);
    if (violations.length > 0) throw new Error(`${colorScheme}: ${violations.join("\n")}`);
  }
};

/** Nothing is wider than the screen, and no column so narrow that its words stand letter under letter. */
const expectReadable = async (page: Page): Promise<void> => {
  // On a busy machine the last of it may still be on its way into place.
  const fits = page.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth, null, {
    timeout: 10_000,
  });
  await fits.catch(async () => {
    const wide = await page.evaluate(() => [
      document.documentElement.scrollWidth - innerWidth,
      [...document.querySelectorAll("body *")]
        .filter((one) => one.getBoundingClientRect().right > innerWidth)
        .slice(0, 5)
        .map((one) => one.outerHTML.slice(0, 100)),
    ]);
    throw new Error(`the page is wider than the screen by ${wide.join(" px: ")}`);
  });
  const torn = await page.evaluate(() => {
    const found: string[] = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
      // A line may end between words and at a sign within one.
      const words = (node.nodeValue ?? "").split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
      // Ids may take some lines, and what only a reader of the screen hears has no width.
      if (words.length > 3 || words.some((word) => word.length > 24) || node.parentElement?.closest(".unseen") !== null)
        continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size;
      if (lines > Math.max(1, words.length)) found.push(`${words.join(" ")} in ${lines} lines`);
    }
    return found;
  });
  if (torn.length > 0) throw new Error(`torn apart: ${torn.slice(0, 10).join("; ")}`);
};

const NARROW = { options: { viewport: { width: 360, height: 740 } } };

/** What opens beside or over a page, by the page and what is pressed there. */
const OPENED: readonly (readonly [path: string, link: string | null])[] = [
  ["/deliveries", 'main table a[href*="job="]'],
  ["/targets", 'main table a[href*="sel=pager"]'],
  ["/incidents", 'main table a[href*="sel="]'],
  ["/silences?edit=new", null],
  ["/routing?version=1", null],
];

const open = async (page: Page, path: string, link: string | null): Promise<void> => {
  await page.goto(path);
  await waitForContent(page);
  if (link !== null) await page.locator(link).first().click();
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).waitFor();
  await waitForContent(page);
};

/** Shows each view of an alert, one after the other. */
const eachView = async (page: Page, look: () => Promise<void>): Promise<void> => {
  await page.goto("/alerts");
  await page.getByRole("link", { name: "CheckoutDown" }).click();
  const tabs = page.getByRole("dialog").getByRole("tab");
  await tabs.first().waitFor();
  for (const tab of await tabs.all()) {
    await tab.click();
    await waitForContent(page);
    await look();
  }
};

export const testScreens = async ({ visit }: World): Promise<void> => {
  for (const { path, title, shows } of SCREENS) {
    await visit(`${title} loads from a cold start, with data, in order for axe`, async ({ page }) => {
      await page.goto(path);
      await page.getByRole("heading", { level: 1, name: title, exact: true }).waitFor();
      await waitForContent(page);
      for (const text of shows) await page.getByText(text).locator("visible=true").first().waitFor();
      await expectAccessible(page);
    });
    await visit(
      `${title} fits 360 px`,
      async ({ page }) => {
        await page.goto(path);
        await waitForContent(page);
        await expectReadable(page);
      },
      NARROW,
    );
  }
  await visit(
    "what opens beside or over a page fits 360 px",
    async ({ page }) => {
      await eachView(page, () => expectReadable(page));
      for (const [path, link] of OPENED) {
        await open(page, path, link);
        await expectReadable(page);
      }
    },
    NARROW,
  );
  await visit("an alert beside the list is in order for axe in each of its views", async ({ page }) => {
    await eachView(page, () => expectAccessible(page));
  });
  await visit("what opens beside or over a page is in order for axe", async ({ page }) => {
    for (const [path, link] of OPENED) {
      await open(page, path, link);
      await expectAccessible(page);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "hidden" });
    }
  });
  for (const width of [768, 1024]) {
    await visit(
      `no page is wider than a screen of ${width} px`,
      async ({ page }) => {
        for (const { path } of SCREENS) {
          await page.goto(path);
          await waitForContent(page);
          const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          if (over > 0) throw new Error(`${path} is ${over} px wider`);
        }
      },
      { options: { viewport: { width, height: 800 } } },
    );
  }
  await visit("the API's documentation works under the same policy", async ({ page }) => {
    await page.goto("/api/docs");
    await page.getByText("/webhook/proxy").first().click();
    await page.getByRole("button", { name: "Try it out" }).click();
    await page.getByRole("button", { name: "Execute" }).waitFor();
  });
  await visit("a page whose part is gone says so, and comes once it is back", async (watched) => {
    const { page, context } = watched;
    const part = /\/assets\/dead-letters-/;
    // Chromium notes each request that fails.
    watched.networkDown = true;
    await page.goto("/");
    await waitForContent(page);
    await context.route(part, (route) => route.abort());
    await page.getByRole("link", { name: "Dead letters" }).first().click();
    await page.getByText("This page could not be loaded.").waitFor();
    await context.unroute(part);
    await page.getByRole("button", { name: "Load it again" }).click();
    await page.getByRole("heading", { level: 1, name: "Dead letters", exact: true }).waitFor();
  });
  await visit("an address that is none says so", async ({ page }) => {
    const answer = await page.request.get("/no-such-page");
    if (answer.status() !== 404) throw new Error(`it answers ${answer.status()}`);
  });
};

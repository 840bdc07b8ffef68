/** What is worth a picture: every page, what opens beside or over it, and long work on its way. */
import type { Page } from "playwright-core";
import { SCREENS } from "./screens.ts";

export interface View {
  readonly name: string;
  readonly path: string;
  /** Looked at by somebody who has not signed in. */
  readonly signedOut?: boolean;
  /** Done before the picture is taken. */
  readonly run?: (page: Page) => Promise<void>;
}

const firstLink = (selector: string) => async (page: Page) => {
  await page.locator(selector).first().click();
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).waitFor();
};

const firstAlert = firstLink("table.alerts tbody a");

/** One that a broken target and a route of its own make interesting. */
const TROUBLED = encodeURIComponent('cluster="ap-south", team="platform"');

/** A server that has sent the first ten again and takes its time over the rest. */
const sendAllAgain = async (page: Page): Promise<void> => {
  let asked = 0;
  await page.route("**/api/v1/dead-letters/replay", async (route) => {
    asked += 1;
    if (asked > 1) return;
    const none = { skipped_resolved: 0, skipped_already_replayed: 0, skipped_gone: 0 };
    await route.fulfill({ json: { matched: 10, replayed: 10, ...none, has_more: true } });
  });
  await page.getByRole("button", { name: /^Send all/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Send again" }).click();
  await page.getByText(/Sending again: 10/).waitFor();
};

export const VIEWS: readonly View[] = [
  ...SCREENS.map(({ title, path }) => ({ name: title, path: path === "/" ? "/?range=7d" : `${path}?range=7d` })),
  { name: "Alerts resolved", path: "/alerts?tab=resolved&range=7d" },
  { name: "Alerts grouped", path: "/alerts?tab=all&range=7d&group=cluster" },
  { name: "Alerts nothing found", path: `/alerts?q=${encodeURIComponent('alertname="Nowhere", severity=~"("')}` },
  ...["details", "why", "deliveries", "classification", "related", "raw"].map((view) => ({
    name: `Alert ${view}`,
    path: `/alerts?tab=all&range=7d&q=${TROUBLED}&view=${view}`,
    run: firstAlert,
  })),
  {
    name: "Alert why not",
    path: `/alerts?tab=all&range=7d&q=${TROUBLED}&view=why`,
    run: async (page) => {
      await firstAlert(page);
      await page.getByRole("button", { name: /why not elsewhere/ }).click();
      await page.getByRole("dialog").getByText("It counts as").waitFor();
    },
  },
  {
    name: "Silence form",
    path: "/alerts",
    run: async (page) => {
      await firstAlert(page);
      await page
        .getByRole("dialog")
        .getByRole("button", { name: /^Silence/ })
        .click();
      await page.getByText(/^Mutes \d+ of/).waitFor();
    },
  },
  { name: "Incident", path: "/incidents", run: firstLink('main table tr:has-text("PostgresDown") a[href*="sel="]') },
  { name: "Target", path: "/targets", run: firstLink('main table a[href*="sel=wall-display"]') },
  { name: "Delivery", path: "/deliveries?state=dead&range=7d", run: firstLink('main table a[href*="job="]') },
  { name: "Dead letters sent again", path: "/dead-letters", run: sendAllAgain },
  {
    name: "Routing tested",
    path: "/routing",
    run: async (page) => {
      await page.getByRole("button", { name: "Test the route" }).click();
      await page.getByText("It counts as").waitFor();
      await page.getByText("Step by step").click();
    },
  },
  { name: "Routing version", path: "/routing?version=2" },
  {
    name: "Routing change",
    path: "/routing",
    run: async (page) => {
      await page.getByRole("button", { name: "Change …" }).click();
      await page.locator("textarea").last().waitFor();
    },
  },
  { name: "Silence new", path: "/silences?edit=new" },
  {
    name: "Settings snippets",
    path: "/settings",
    run: async (page) => {
      for (const summary of await page.locator("summary").all()) await summary.click();
    },
  },
  {
    name: "Help",
    path: "/",
    run: async (page) => {
      await page.keyboard.press("?");
    },
  },
  { name: "Sign in", path: "/", signedOut: true },
  {
    name: "API docs",
    path: "/api/docs",
    run: async (page) => {
      await page.getByText("/webhook/proxy").first().waitFor();
    },
  },
];

/** What people do at 3 a.m., clicked through. */
import type { Page } from "playwright-core";
import { waitForContent } from "./screens.ts";
import { settled, type World } from "./world.ts";

const HOUR_MS = 3_600_000;

const firing = (name: string, labels: Readonly<Record<string, string>> = {}): object => ({
  status: "firing",
  labels: { alertname: name, severity: "critical", namespace: "shop", ...labels },
  annotations: { summary: `${name} in the shop` },
  startsAt: new Date(Date.now() - HOUR_MS).toISOString(),
});

const openAlert = async (page: Page, name: string): Promise<void> => {
  await page.goto("/alerts");
  await page.getByRole("link", { name }).click();
  await page.getByRole("dialog").getByRole("heading", { name }).waitFor();
};

const testLooking = async ({ visit, ingest }: World): Promise<void> => {
  await visit("find an alert by a filter and see why it went where it went", async ({ page }) => {
    await page.goto("/alerts");
    await waitForContent(page);
    await page.getByLabel("Filter").fill('team="payments", severity="critical"');
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "HighErrorRate" }).waitFor({ state: "hidden" });
    const { searchParams } = new URL(page.url());
    if (!searchParams.get("q")?.includes("payments"))
      throw new Error(`the filter is not in the address: ${page.url()}`);
    await page.getByRole("link", { name: "CheckoutDown" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("tab", { name: /why/i }).click();
    for (const text of ["route", "pager", "chat", "first message about it"]) {
      await dialog.getByText(text).locator("visible=true").first().waitFor();
    }
    // The address brings a colleague to the same view.
    await page.goto(page.url());
    await dialog.getByText("first message about it").locator("visible=true").first().waitFor();
    await page.goBack();
  });
  await visit("a filter that cannot be read is marked and explained, and filters nothing away", async ({ page }) => {
    await page.goto(`/alerts?q=${encodeURIComponent('severity=~"("')}`);
    await page
      .getByRole("alert")
      .getByText(/left out/)
      .waitFor();
    await page.getByRole("link", { name: "CheckoutDown" }).waitFor();
  });
  await visit("a new alert appears without a reload, and is announced", async ({ page }) => {
    await page.goto("/alerts");
    await page.getByRole("button", { name: /^live/ }).waitFor();
    await page.getByRole("link", { name: "CheckoutDown" }).waitFor();
    await page.evaluate(() => Object.assign(window, { sameDocument: true }));
    await ingest([firing("SeenLive")]);
    await page.getByRole("link", { name: "SeenLive" }).waitFor();
    if (!(await page.evaluate(() => "sameDocument" in window))) throw new Error("the page was loaded again");
    await page
      .locator("[role=status]", { hasText: /\d+ firing/ })
      .first()
      .waitFor({ state: "attached" });
  });
  await visit("while paused nothing moves, and what came meanwhile is counted", async ({ page }) => {
    await page.goto("/alerts");
    await page.getByRole("link", { name: "CheckoutDown" }).waitFor();
    await page.getByRole("button", { name: /^live/ }).click();
    await ingest([firing("SeenLater")]);
    await page.getByRole("button", { name: /paused.*new/ }).waitFor();
    if (await page.getByRole("link", { name: "SeenLater" }).isVisible()) throw new Error("it moved");
    await page.getByRole("button", { name: /paused.*new/ }).click();
    await page.getByRole("link", { name: "SeenLater" }).waitFor();
  });
};

const testActing = async ({ visit, api, ingest, receivers }: World): Promise<void> => {
  await visit("silence an alert: pre-filled, counted beforehand, suppressed afterwards", async ({ page }) => {
    await openAlert(page, "QueueBacklog");
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: /^Silence/ }).click();
    const form = page.getByRole("form", { name: "New silence" });
    await form.getByText(/Mutes 1 /).waitFor();
    await form.getByRole("button", { name: "4h" }).click();
    await form.getByLabel("Why").fill("Known, the vendor is on it");
    await form.getByRole("button", { name: "Silence", exact: true }).click();
    await page.goto("/alerts?tab=suppressed");
    await page.getByRole("link", { name: "QueueBacklog" }).waitFor();
    await page.goto("/silences");
    await page.getByRole("cell", { name: "Known, the vendor is on it" }).waitFor();
  });
  await visit("replay a dead letter once the other side is well again", async ({ page }) => {
    await page.goto("/dead-letters");
    const row = page.getByRole("row", { name: /InvoiceQueueFull/ });
    await row.getByText("no such channel").first().waitFor();
    receivers.answer("billing", 200);
    const before = receivers.taken("billing");
    await row.getByRole("button", { name: "Send again" }).click();
    await settled("the replay", async () => receivers.taken("billing") > before);
    receivers.answer("billing", 404);
  });
  await visit("switch the mode of classification, with a question before, and see it hold", async ({ page }) => {
    await page.goto("/settings");
    await page.getByRole("radio", { name: /^shadow/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Why").fill("trying the model");
    await dialog.getByRole("button", { name: "Switch" }).click();
    await settled("the mode", async () => (await api<{ mode: string }>("GET", "/enrichment/mode")).mode === "shadow");
    await page.reload();
    await page.getByRole("cell", { name: "trying the model", exact: true }).waitFor();
    await page.getByRole("radio", { name: /^shadow/, checked: true }).waitFor();
    await api("POST", "/enrichment/mode", { mode: "enriched", reason: "the test is over" });
  });
  await visit("test a route: the way taken, and why the others were not", async ({ page }) => {
    await page.goto("/routing");
    await page.getByLabel("Labels").fill('alertname="Any", severity="critical", team="billing"');
    await page.getByRole("button", { name: "Test the route" }).click();
    const tree = page.getByRole("table").filter({ hasText: "Receiver" });
    await tree.getByRole("row", { name: /billing.*matched/ }).waitFor();
    await tree.getByRole("row", { name: /payments.*but it is "billing"/ }).waitFor();
    await page.getByRole("row", { name: /^billing.*told/ }).waitFor();
  });
  await visit("send a test alert from the settings and find it", async ({ page }) => {
    await page.goto("/settings");
    await page.getByRole("button", { name: "Send test alert" }).click();
    await page.getByRole("status").getByText(/sent/i).waitFor();
    await page.goto("/alerts?tab=all");
    await page.getByRole("link", { name: "TestAlert" }).first().waitFor();
  });
  await visit("test a target from its row", async ({ page }) => {
    const before = receivers.taken("pager");
    await page.goto("/targets");
    await page
      .getByRole("row", { name: /^pager/ })
      .getByRole("button", { name: "Test" })
      .click();
    await page
      .getByRole("status")
      .getByText(/pager took the test alert/)
      .waitFor();
    if (receivers.taken("pager") !== before + 1) throw new Error("the receiver heard nothing");
  });
  await visit("end a silence", async ({ page }) => {
    await page.goto("/silences");
    await page
      .getByRole("row", { name: /NoisyProbe/ })
      .getByRole("button", { name: "End it" })
      .click();
    await page.getByRole("heading", { name: /Expired \(1\)/ }).waitFor();
  });
  await ingest([firing("AfterFlows")]);
};

/** The server goes away and comes back on the same state: the page says so, and goes on by itself. */
const testRestart = async ({ visit, stop, start, ingest }: World): Promise<void> => {
  await visit("a restart of the server is shown, survived, and nothing is missed", async (watched) => {
    const { page } = watched;
    await page.goto("/alerts");
    await page.getByRole("button", { name: "live", exact: true }).waitFor();
    await page.getByRole("link", { name: "CheckoutDown" }).waitFor();
    watched.networkDown = true;
    await stop();
    await page.getByRole("button", { name: /reconnecting|stale/ }).waitFor();
    await page.getByRole("link", { name: "CheckoutDown" }).waitFor();
    await start();
    await ingest([firing("WhileAway")]);
    await page.getByRole("button", { name: "live", exact: true }).waitFor();
    watched.networkDown = false;
    await page.getByRole("link", { name: "WhileAway" }).waitFor();
  });
};

export const testFlows = async (world: World): Promise<void> => {
  await testLooking(world);
  await testActing(world);
  await testRestart(world);
};

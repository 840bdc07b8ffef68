/**
 * What happens elsewhere appears by itself. Every timer that repeats is taken out of these pages, so that no poll can bring
 * what a push should; and requests are counted, so that a push brings no more than what it is about.
 */
import type { Page } from "playwright-core";
import { settled, type World } from "./world.ts";

const HOUR_MS = 3_600_000;
/** Changes that follow each other are asked for together; a page that has asked nothing for this long is calm. */
const CALM_MS = 3_000;

const withoutPolls = async (page: Page): Promise<void> => {
  await page.addInitScript(() => {
    Object.assign(window, { setInterval: () => 0 });
  });
};

/** Paths asked of the API since the page was calm. */
interface Asked {
  readonly of: (path: string) => number;
  readonly all: () => readonly string[];
}

/** Opens a page, waits until it is live and has all it asked for, and counts from then on. */
const openCalm = async (page: Page, path: string): Promise<Asked> => {
  const asked: string[] = [];
  let lastAt = Date.now();
  page.on("request", (request) => {
    if (!["fetch", "xhr"].includes(request.resourceType())) return;
    asked.push(new URL(request.url()).pathname);
    lastAt = Date.now();
  });
  await withoutPolls(page);
  await page.goto(path);
  await page.getByRole("button", { name: "live", exact: true }).waitFor();
  await settled("the page is calm", async () => Date.now() - lastAt > CALM_MS);
  asked.length = 0;
  return { of: (wanted) => asked.filter((one) => one === wanted).length, all: () => asked };
};

const firing = (name: string, labels: Readonly<Record<string, string>> = {}): object => ({
  status: "firing",
  labels: { alertname: name, severity: "warning", namespace: "shop", ...labels },
  annotations: { summary: `${name} in the shop` },
  startsAt: new Date(Date.now() - HOUR_MS).toISOString(),
});

const silence = (comment: string): object => ({
  matchers: [{ name: "alertname", value: "LiveProbe", isRegex: false, isEqual: true }],
  startsAt: new Date().toISOString(),
  endsAt: new Date(Date.now() + HOUR_MS).toISOString(),
  createdBy: "somebody else",
  comment,
});

const testDeliveries = async ({ visit, ingest, api, receivers }: World): Promise<void> => {
  await visit("live: a delivery and its result, with no poll", async ({ page }) => {
    const asked = await openCalm(page, "/deliveries");
    await ingest([firing("LiveDelivery", { team: "payments" })]);
    await page
      .getByRole("row", { name: /pager.*LiveDelivery/ })
      .getByText("delivered")
      .waitFor();
    if (asked.of("/publishing/targets/status") > 0) throw new Error(`asked: ${asked.all().join(" ")}`);
  });
  await visit("live: a dead letter, and that somebody discarded it", async ({ page }) => {
    receivers.answer("billing", 404);
    await openCalm(page, "/dead-letters");
    await ingest([firing("LiveDead", { team: "billing" })]);
    const row = page.getByRole("row", { name: /LiveDead/ });
    await row.waitFor();
    const { notifications } = await api<{ notifications: { id: string; alert_name: string }[] }>(
      "GET",
      "/api/v1/dead-letters",
    );
    const dead = notifications.find(({ alert_name }) => alert_name === "LiveDead");
    await api("DELETE", `/api/v1/dead-letters/${encodeURIComponent(dead?.id ?? "")}`);
    await row.waitFor({ state: "hidden" });
  });
  await visit("live: an attempt in the opened notification, each with the request that was sent", async ({ page }) => {
    receivers.answer("billing", 503);
    await ingest([firing("LiveRetry", { team: "billing" })]);
    await settled("it is tried again", async () => {
      const { notifications } = await api<{ notifications: { alert_name: string }[] }>(
        "GET",
        "/api/v1/notifications?state=retry",
      );
      return notifications.some(({ alert_name }) => alert_name === "LiveRetry");
    });
    await openCalm(page, "/deliveries");
    await page.getByRole("link", { name: "LiveRetry" }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("exactly as sent").waitFor();
    await dialog.getByText("LiveRetry in the shop").first().waitFor();
    receivers.answer("billing", 200);
    await dialog.getByText("delivered").first().waitFor({ timeout: 60_000 });
    await dialog.getByRole("button", { name: "Request of try 1" }).click();
    await dialog.getByRole("heading", { name: "What was sent with try 1" }).waitFor();
    receivers.answer("billing", 404);
  });
};

const testOperations = async ({ visit, api, ingest }: World): Promise<void> => {
  await visit("live: what a silence would mute, while it is still being written", async ({ page }) => {
    await ingest([firing("LiveSilenced", { instance: "node-a" })]);
    await openCalm(page, `/alerts?q=${encodeURIComponent('alertname="LiveSilenced"')}`);
    await page.getByRole("link", { name: "LiveSilenced" }).click();
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /^Silence/ })
      .click();
    const form = page.getByRole("form", { name: "New silence" });
    await form.getByText(/Mutes 1 /).waitFor();
    await ingest([firing("LiveSilenced", { instance: "node-b" })]);
    await form.getByText(/Mutes 2 /).waitFor();
  });
  await visit("live: a silence that is made and ended elsewhere", async ({ page }) => {
    await openCalm(page, "/silences");
    const { silenceID } = await api<{ silenceID: string }>("POST", "/api/v2/silences", silence("made by a script"));
    const row = page.getByRole("row", { name: /made by a script/ });
    await row.getByText("active").waitFor();
    await api("DELETE", `/api/v2/silence/${silenceID}`);
    await row.getByText("expired").waitFor();
  });
  await visit("live: a mode that is switched elsewhere, with who and why", async ({ page }) => {
    await openCalm(page, "/settings");
    await api("POST", "/enrichment/mode", { mode: "shadow", reason: "switched by a script" });
    await page.getByRole("radio", { name: /^shadow/, checked: true }).waitFor();
    await page.getByRole("cell", { name: "switched by a script", exact: true }).waitFor();
    await api("POST", "/enrichment/mode", { mode: "enriched", reason: "back again" });
    await page.getByRole("radio", { name: /^enriched/, checked: true }).waitFor();
  });
  await visit("live: the mode on the overview, asked for although it was asked a moment ago", async ({ page }) => {
    await openCalm(page, "/");
    const tile = page.getByRole("link", { name: /^Mode/ });
    await api("POST", "/enrichment/mode", { mode: "transparent", reason: "test" });
    await tile.getByText("transparent", { exact: true }).waitFor();
    await api("POST", "/enrichment/mode", { mode: "enriched", reason: "back again" });
    await tile.getByText("enriched", { exact: true }).waitFor();
  });
  await visit("live: a version of the configuration that is put in force elsewhere", async ({ page }) => {
    await openCalm(page, "/routing");
    const { document } = await api<{ document: string }>("GET", "/api/v1/config");
    await api("PUT", "/api/v1/config?note=put-by-a-script", `${document}\n# once more\n`);
    await page.getByText("put-by-a-script").first().waitFor();
  });
  await visit("live: a target that comes and goes; what is not about targets is not asked for", async ({ page }) => {
    const asked = await openCalm(page, "/targets");
    await api("POST", "/api/v2/silences", silence("of no interest here"));
    await api("POST", "/api/v1/targets", { name: "live-late", type: "webhook", url: "http://127.0.0.1:9/late" });
    const row = page.getByRole("row", { name: /^live-late/ });
    await row.waitFor();
    // Clusters are read in the background, and what they hold is about targets, too.
    const others = asked.all().filter((path) => !path.startsWith("/publishing/targets"));
    if (others.length > 0) throw new Error(`asked: ${others.join(" ")}`);
    await api("DELETE", "/api/v1/targets/live-late");
    await row.waitFor({ state: "hidden" });
  });
};

const testStorm = async ({ visit, ingest }: World): Promise<void> => {
  await visit("live: many alerts at once are asked for together", async ({ page }) => {
    const asked = await openCalm(page, `/alerts?q=${encodeURIComponent('alertname=~"LiveMany.*"')}`);
    const from = Date.now();
    const many = Array.from({ length: 60 }, (_, i) => firing(`LiveMany${i % 3}`, { instance: `node-${i}` }));
    for (let i = 0; i < many.length; i += 10) await ingest(many.slice(i, i + 10));
    await page.getByRole("link", { name: "Firing (60)" }).waitFor();
    const lists = asked.of("/api/v2/alerts");
    const seconds = (Date.now() - from) / 1000;
    // However slow the machine is: once in a second and a half, not with each push.
    if (lists > seconds / 1.5 + 2) throw new Error(`the list was asked for ${lists} times in ${seconds} s`);
    // Other pages look for an alert among few.
    await ingest(many.map((one) => ({ ...one, status: "resolved", endsAt: new Date().toISOString() })));
    await page.getByRole("link", { name: "Firing (0)" }).waitFor();
  });
};

const testTokens = async ({ visit, api }: World): Promise<void> => {
  const { token } = await api<{ token: string }>("POST", "/api/v1/tokens", { name: "leaves-soon", scopes: ["read"] });
  await visit(
    "live: a token that is revoked signs its pages out at once",
    async ({ page }) => {
      const asked = await openCalm(page, "/targets");
      await api("DELETE", "/api/v1/tokens/leaves-soon");
      await page.getByLabel("Token").waitFor();
      // It was told, and did not find out by a request that was refused.
      if (asked.all().some((path) => path !== "/api/v1/session")) throw new Error(`asked: ${asked.all().join(" ")}`);
    },
    { token },
  );
};

export const testLive = async (world: World): Promise<void> => {
  await testDeliveries(world);
  await testOperations(world);
  await testStorm(world);
  await testTokens(world);
};

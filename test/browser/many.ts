/** Five thousand alerts that fire at once: the list stays smooth, however far it is scrolled. */
import type { Page } from "playwright-core";
import { settled, type World } from "./world.ts";

const ALERTS = 5_000;
const PER_REQUEST = 250;
/** Above it a finger feels the page lag. */
const LONG_TASK_MS = 100;
/** A busy machine makes any task long once; a page that is slow makes one in every round. */
const ROUNDS = 4;
const HOUR_MS = 3_600_000;

const alertOf = (index: number): object => ({
  status: "firing",
  labels: {
    ...{ alertname: `Many${index % 40}`, severity: ["critical", "warning", "info"][index % 3], many: "yes" },
    ...{ namespace: `ns-${index % 25}`, instance: `node-${index}:9100`, job: "node", cluster: `c${index % 3}` },
  },
  annotations: { summary: `Number ${index} of many, with a summary as long as people write them` },
  startsAt: new Date(Date.now() - HOUR_MS - index * 1000).toISOString(),
});

/** Scrolls to the end and back as a wheel does; answers how long the longest task took. */
const longestWhileScrolling = (page: Page): Promise<{ longest: number; frames: number; drawn: number }> =>
  page.evaluate(async () => {
    const tasks: number[] = [];
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) tasks.push(entry.duration);
    });
    observer.observe({ type: "longtask" });
    const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
    const end = document.documentElement.scrollHeight - innerHeight;
    let frames = 0;
    let drawn = 0;
    for (const step of [0.02, -0.02]) {
      for (let i = 0; i < 50; i++) {
        scrollBy(0, end * step);
        await frame();
        frames += 1;
        drawn = Math.max(drawn, document.querySelectorAll("tbody tr").length);
      }
    }
    await frame();
    for (const entry of observer.takeRecords()) tasks.push(entry.duration);
    observer.disconnect();
    return { longest: Math.round(Math.max(0, ...tasks)), frames, drawn };
  });

export const testMany = async ({ visit, api, ingest, report }: World): Promise<void> => {
  await report.attempt(`${ALERTS} alerts fire`, async () => {
    for (let at = 0; at < ALERTS; at += PER_REQUEST) {
      await ingest(Array.from({ length: PER_REQUEST }, (_, i) => alertOf(at + i)));
    }
    await settled("all of them", async () => {
      const { active_alerts } = await api<{ active_alerts: number }>("GET", "/api/dashboard/overview");
      return active_alerts >= ALERTS;
    });
  });
  await visit(`a list of ${ALERTS} alerts scrolls without a task of more than ${LONG_TASK_MS} ms`, async ({ page }) => {
    await page.goto(`/alerts?q=${encodeURIComponent('many="yes"')}`);
    await page.locator("table.alerts tbody a").first().waitFor();
    const rows = Number(await page.locator("table.alerts").getAttribute("aria-rowcount"));
    if (rows < ALERTS) throw new Error(`only ${rows} rows`);
    const found: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const { longest, frames, drawn } = await longestWhileScrolling(page);
      if (drawn > 400) throw new Error(`${drawn} rows are drawn at once`);
      if (frames < 100) throw new Error(`only ${frames} frames`);
      found.push(longest);
      if (longest <= LONG_TASK_MS) break;
    }
    console.log(`     longest task of each round: ${found.join(", ")} ms`);
    if (Math.min(...found) > LONG_TASK_MS)
      throw new Error(`a long task in each of ${ROUNDS} rounds: ${found.join(", ")} ms`);
  });
  await visit("one more among so many appears at once, and the keyboard reaches the last", async ({ page }) => {
    await page.goto(`/alerts?q=${encodeURIComponent('many="yes"')}`);
    await page.locator("table.alerts tbody a").first().waitFor();
    for (let i = 0; i < 30; i++) await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByRole("heading", { level: 2 }).waitFor();
  });
};

/** The API's documentation at its address and the older ones: our own files under the same CSP, and something to try. */
import type { World } from "./world.ts";

const ADDRESSES = ["/api/docs", "/docs", "/redoc", "/api/redoc"];

export const testApiDocs = async ({ visit, url, adminToken }: World): Promise<void> => {
  for (const address of ADDRESSES) {
    await visit(
      `${address} shows the routes and asks nobody else`,
      async ({ page, context }) => {
        const asked: string[] = [];
        context.on("request", (request) => asked.push(request.url()));
        const response = await page.goto(address);
        const policy = response?.headers()["content-security-policy"] ?? "";
        if (!policy.includes("default-src 'none'") || /unsafe-(inline|eval)/.test(policy))
          throw new Error(`CSP: ${policy}`);
        await page.getByText("One endpoint for a company's alerts", { exact: false }).waitFor();
        await page.locator("#operations-default-get_history, [id*='get_history']").first().waitFor();
        const strangers = asked.filter((one) => !one.startsWith(url) && !one.startsWith("data:"));
        if (strangers.length > 0) throw new Error(`asked of others: ${strangers.join(", ")}`);
      },
      { token: null },
    );
  }
  await visit(
    "a route can be tried with a token, and its example is there",
    async ({ page }) => {
      await page.goto("/api/docs");
      await page.getByRole("button", { name: "Authorize" }).click();
      await page.locator(".modal-ux input").first().fill(adminToken);
      await page.locator(".modal-ux").getByRole("button", { name: "Apply credentials" }).click();
      await page.locator(".modal-ux").getByRole("button", { name: "Close" }).click();
      const health = page.locator("[id$='get_history_recent']").first();
      await health.locator(".opblock-summary").click();
      await health.getByRole("button", { name: "Try it out" }).click();
      await health.getByRole("button", { name: "Execute" }).click();
      await health.locator(".live-responses-table .response-col_status").first().waitFor();
      const status = await health.locator(".live-responses-table tbody .response-col_status").first().innerText();
      if (!status.startsWith("200")) throw new Error(`answered ${status}`);
      const webhook = page.locator("[id$='post_webhook']").first();
      await webhook.locator(".opblock-summary").click();
      await webhook.getByText("HighCPU", { exact: false }).first().waitFor();
    },
    { token: null },
  );
};

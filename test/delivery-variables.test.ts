/** The variables that say how deliveries are tried and judged are in force, in the real runtime. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BenchRuntime, build, call, startService } from "./bench/runtime.ts";
import { waitFor } from "./bench/statistics.ts";

let runtime: BenchRuntime;
beforeAll(async () => {
  const vars = {
    RETRY_BASE_SECONDS: "0.1",
    RETRY_CAP_SECONDS: "0.2",
    RETRY_MAX_ATTEMPTS: "3",
    BREAKER_FAILURES: "2",
    BREAKER_OPEN_SECONDS: "1",
    HEALTH_FAILURES: "2",
    LOG_LEVEL: "error",
  };
  runtime = await startService(build("src/worker/index.ts", "variables"), { vars });
}, 120_000);
afterAll(() => runtime.close());

interface Job {
  readonly attempts: readonly { readonly at: string }[];
}

test("attempts end at their number, the breaker opens at its own, and health goes by its limit", async () => {
  const url = "http://127.0.0.1:9/closed";
  await call(runtime, "POST", "/api/v1/targets", { name: "away", type: "webhook", url });
  await call(runtime, "POST", "/webhook", { alertname: "NobodyListens" });
  let job: Job | undefined;
  await waitFor("it is given up", 60_000, async () => {
    const query = "/api/v1/notifications?state=dead";
    [job] = ((await call(runtime, "GET", query)) as { notifications: Job[] }).notifications;
    return job !== undefined;
  });
  expect(job?.attempts).toHaveLength(3);
  // The second failure opened the breaker, so the third attempt waited for it.
  const [, second = 0, third = 0] = (job?.attempts ?? []).map(({ at }) => Date.parse(at));
  expect(third - second).toBeGreaterThanOrEqual(1_000);
  const probe = () => call(runtime, "POST", "/publishing/targets/health/away/check").catch(String);
  expect(await probe()).toMatchObject({ status: "degraded" });
  expect(await probe()).toContain('"status":"unhealthy"');
}, 120_000);

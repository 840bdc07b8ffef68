/**
 * The cost meter: what the platform would count per new alert, per duplicate and per end, each new alert and end
 * delivered to three targets, and what a million of them costs at list prices.
 */
import type { MadeAlert } from "./alerts.ts";
import { makeAlerts, resolve, webhookOf } from "./alerts.ts";
import type { Counts } from "./meter.ts";
import prices from "./prices.json" with { type: "json" };
import { type BenchRuntime, call, startService, TOKEN } from "./runtime.ts";
import { startSink } from "./sink.ts";
import { sleep, waitFor } from "./statistics.ts";

const TARGETS = 3;
/** Assumed, because the local runtime does not tell: a call keeps an object of 128 MB active this long. */
const OBJECT_SECONDS_PER_CALL = 0.01;
const OBJECT_GB = 0.128;

const post = async (runtime: BenchRuntime, alerts: readonly MadeAlert[]): Promise<void> => {
  const response = await fetch(`${runtime.url}/webhook`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}-ingest`, "content-type": "application/json" },
    body: webhookOf(alerts),
  });
  if (response.status !== 200) throw new Error(`/webhook: ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
};

const take = async (runtime: BenchRuntime): Promise<Counts> => (await call(runtime, "GET", "/__meter")) as Counts;

/** USD for a million of what was counted `units` times. CPU is what the runtime used, simulators included. */
export const pricePerMillion = (counts: Counts, cpuMs: number, units: number): number =>
  (counts.workerRequests * prices.worker_requests +
    cpuMs * prices.worker_cpu_ms +
    counts.objectRequests * prices.object_requests +
    counts.objectRequests * OBJECT_SECONDS_PER_CALL * OBJECT_GB * prices.object_gb_seconds +
    counts.objectRowsRead * prices.object_rows_read +
    counts.objectRowsWritten * prices.object_rows_written +
    counts.d1RowsRead * prices.d1_rows_read +
    counts.d1RowsWritten * prices.d1_rows_written +
    counts.queueOperations * prices.queue_operations) /
  units;

export interface CostRow {
  readonly what: string;
  readonly counts: Counts;
  readonly cpuMs: number;
  readonly units: number;
}

/** One alert per request, `everyMs` apart, or groups of many: the two ends of how alerts come in. */
const measure = async (script: string, perRequest: number, requests: number, everyMs: number): Promise<CostRow[]> => {
  const sink = await startSink();
  const runtime = await startService(script);
  for (let i = 0; i < TARGETS; i++) {
    await call(runtime, "POST", "/api/v1/targets", { name: `sink-${i}`, type: "webhook", url: `${sink.url}/${i}` });
  }
  const groups = Array.from({ length: requests }, () => makeAlerts(perRequest));
  const units = perRequest * requests;
  let expected = 0;
  const phase = async (what: string, told: number, of: (alerts: MadeAlert[]) => MadeAlert[]): Promise<CostRow> => {
    await sleep(6_000);
    await take(runtime);
    const cpuFrom = runtime.cpuMs() ?? 0;
    for (const group of groups) {
      const next = sleep(everyMs);
      await post(runtime, of(group));
      await next;
    }
    expected += units * told;
    await waitFor(`${what}: everything delivered`, 120_000, () => sink.arrivals.size >= expected);
    // Confirmations and results follow the last delivery; signs of life are written after five seconds.
    await sleep(8_000);
    // What the cron does for these alerts belongs to their price: the sweep's look, the hourly counts.
    await runtime.cron();
    await sleep(1_000);
    return { what, counts: await take(runtime), cpuMs: (runtime.cpuMs() ?? 0) - cpuFrom, units };
  };
  try {
    return [
      await phase("new", TARGETS, (group) => group),
      await phase("duplicate", 0, (group) => group),
      await phase("resolved", TARGETS, resolve),
    ];
  } finally {
    await runtime.close();
    sink.close();
  }
};

const figure = (value: number): string => value.toFixed(2).padStart(9);

const print = (title: string, rows: readonly CostRow[]): void => {
  console.log(`\n${title}`);
  console.log(
    "             worker   object    D1 rows    D1 rows   object rows  object rows    queue      CPU   USD per",
  );
  console.log(
    "             requests calls     read       written   read         written        ops        ms    million",
  );
  for (const { what, counts, cpuMs, units } of rows) {
    const { workerRequests, objectRequests, d1RowsRead, d1RowsWritten, objectRowsRead, objectRowsWritten } = counts;
    const cells = [workerRequests, objectRequests, d1RowsRead, d1RowsWritten, objectRowsRead, objectRowsWritten];
    const line = [...cells, counts.queueOperations, cpuMs].map((n) => figure(n / units)).join(" ");
    const rowsWritten = (d1RowsWritten + objectRowsWritten) / units;
    console.log(
      `${what.padEnd(10)} ${line} ${figure(pricePerMillion(counts, cpuMs, units))}   rows written ${rowsWritten.toFixed(2)}`,
    );
    if (process.env.BENCH_DETAIL !== undefined) {
      for (const [name, n] of Object.entries(counts.detail).sort())
        console.log(`    ${name.padEnd(40)} ${figure(n / units)}`);
    }
  }
};

/** Below the 10 requests/s that a webhook target is paced at, or what is delivered would be digests. */
export const benchCost = async (script: string): Promise<void> => {
  print("cost of one alert, 3 targets, one alert per request, 8 requests/s", await measure(script, 1, 200, 125));
  if (process.env.BENCH_QUICK !== undefined) return;
  print("cost of one alert, 3 targets, groups of 8 alerts, one group a second", await measure(script, 8, 25, 1_000));
};

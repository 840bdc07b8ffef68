/** From the moment a firing is sent to the moment its target has it; alone, and beside targets that never answer. */
import { makeAlerts, webhookOf } from "./alerts.ts";
import { type BenchRuntime, call, startService, TOKEN } from "./runtime.ts";
import { type Sink, startSink } from "./sink.ts";
import { percentile, sleep } from "./statistics.ts";

const WARM_UP_SECONDS = 4;
/** What has not come by then is counted as having taken for ever. */
const PATIENCE_MS = 30_000;

interface Scenario {
  readonly alertsPerSecond: number;
  readonly seconds: number;
  /** Targets that answer; each gets its share of the alerts, because a webhook target is paced at 10 requests/s. */
  readonly answering: number;
  /** Targets that get every alert and never answer. */
  readonly hanging: number;
}

const fire = async (runtime: BenchRuntime, sink: Sink, scenario: Scenario, seconds: number): Promise<number[]> => {
  const sent = new Map<string, number>();
  const posts: Promise<unknown>[] = [];
  const from = performance.now();
  for (let i = 0; i < scenario.alertsPerSecond * seconds; i++) {
    const wait = from + (i * 1000) / scenario.alertsPerSecond - performance.now();
    if (wait > 0) await sleep(wait);
    const share = i % scenario.answering;
    const alerts = makeAlerts(1, `namespace-${share}`);
    sent.set(`/ok-${share} ${alerts[0]?.labels.pod} firing`, performance.now());
    posts.push(
      fetch(`${runtime.url}/webhook`, {
        method: "POST",
        headers: { authorization: `Bearer ${TOKEN}-ingest`, "content-type": "application/json" },
        body: webhookOf(alerts),
      }).then((response) => response.arrayBuffer()),
    );
  }
  await Promise.all(posts);
  const end = Date.now() + PATIENCE_MS;
  while (Date.now() < end && [...sent.keys()].some((key) => !sink.arrivals.has(key))) await sleep(100);
  return [...sent].map(([key, at]) => (sink.arrivals.get(key) ?? Number.POSITIVE_INFINITY) - at);
};

const run = async (script: string, scenario: Scenario): Promise<number[]> => {
  const sink = await startSink();
  const runtime = await startService(script);
  const target = (name: string, more: object = {}) =>
    call(runtime, "POST", "/api/v1/targets", { name, type: "webhook", url: `${sink.url}/${name}`, ...more });
  try {
    for (let i = 0; i < scenario.answering; i++) {
      await target(`ok-${i}`, { filter_config: { namespaces: [`namespace-${i}`] } });
    }
    for (let i = 0; i < scenario.hanging; i++) await target(`hang-${i}`);
    await fire(runtime, sink, scenario, WARM_UP_SECONDS);
    return await fire(runtime, sink, scenario, scenario.seconds);
  } finally {
    await runtime.close();
    sink.close();
  }
};

const show = (what: string, latencies: readonly number[]): void => {
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(latencies, share).toFixed(0));
  console.log(`${what.padEnd(44)} p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms (${latencies.length} alerts)`);
};

export const benchDelivery = async (script: string): Promise<void> => {
  console.log("\nfiring to delivered");
  show("100 alerts/s, 12 targets", await run(script, { alertsPerSecond: 100, seconds: 15, answering: 12, hanging: 0 }));
  const few = { alertsPerSecond: 8, seconds: 40, answering: 1 };
  const alone = await run(script, { ...few, hanging: 0 });
  show("8 alerts/s, one target", alone);
  const beside = await run(script, { ...few, hanging: 3 });
  show("the same beside three that never answer", beside);
  console.log(`p99 beside them is ${(percentile(beside, 0.99) / percentile(alone, 0.99)).toFixed(2)} of that alone`);
};

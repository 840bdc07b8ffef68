/**
 * From the moment a firing is sent to the moment its target has it; then the same for one target while three others answer,
 * hang or are dead. Those runs go on side by side and are compared round by round, so that a busy machine is busy for all.
 */
import { makeAlerts, webhookOf } from "./alerts.ts";
import { type BenchRuntime, call, startService, TOKEN } from "./runtime.ts";
import { type Sink, startSink } from "./sink.ts";
import { median, percentile, sleep } from "./statistics.ts";

const WARM_UP_SECONDS = 4;
/** What has not come by then is counted as having taken for ever. */
const PATIENCE_MS = 30_000;
/** Rounds of the comparison: the first are about requests that hang, the later ones about open breakers. */
const ROUNDS = 9;
const ROUND_SECONDS = 8;

interface Load {
  readonly alertsPerSecond: number;
  readonly seconds: number;
  /** Targets that answer; each gets its share of the alerts, because a webhook target is paced at 10 requests/s. */
  readonly answering: number;
}

const fire = async (runtime: BenchRuntime, sink: Sink, load: Load): Promise<number[]> => {
  const sent = new Map<string, number>();
  const posts: Promise<unknown>[] = [];
  const from = performance.now();
  for (let i = 0; i < load.alertsPerSecond * load.seconds; i++) {
    const wait = from + (i * 1000) / load.alertsPerSecond - performance.now();
    if (wait > 0) await sleep(wait);
    const share = i % load.answering;
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

/** A service of its own, and what is to be called at its end. */
const start = async (script: string, targets: readonly (readonly [name: string, url: string, filter?: object])[]) => {
  const runtime = await startService(script);
  for (const [name, url, filter] of targets) {
    const definition = { name, type: "webhook", url, ...(filter === undefined ? {} : { filter_config: filter }) };
    await call(runtime, "POST", "/api/v1/targets", definition);
  }
  return runtime;
};

const show = (what: string, latencies: readonly number[]): void => {
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(latencies, share).toFixed(0));
  console.log(`${what.padEnd(44)} p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms (${latencies.length} alerts)`);
};

export const benchDelivery = async (script: string): Promise<void> => {
  console.log("\nfiring to delivered");
  const sink = await startSink();
  const answering = 12;
  const runtime = await start(
    script,
    Array.from({ length: answering }, (_, i) => [`ok-${i}`, `${sink.url}/ok-${i}`, { namespaces: [`namespace-${i}`] }]),
  );
  try {
    await fire(runtime, sink, { alertsPerSecond: 100, seconds: WARM_UP_SECONDS, answering });
    show("100 alerts/s, 12 targets", await fire(runtime, sink, { alertsPerSecond: 100, seconds: 15, answering }));
  } finally {
    await runtime.close();
    sink.close();
  }
};

const p99 = (latencies: readonly number[]): number => percentile(latencies, 0.99);

export const benchIsolation = async (script: string): Promise<void> => {
  console.log("\none target beside others");
  const sink = await startSink();
  // Nobody listens at port 9.
  const dead = "http://127.0.0.1:9/";
  // Under the same names, because targets are served by name: the one that is measured is the last in either.
  const beside = (...urls: readonly string[]) => urls.map((url, i) => [`neighbour-${i}`, url] as const);
  const settings = {
    alone: [],
    "beside three that answer": beside(...["side-0", "side-1", "side-2"].map((path) => `${sink.url}/${path}`)),
    "beside two that hang and one that is dead": beside(`${sink.url}/hang-0`, `${sink.url}/hang-1`, dead),
  };
  const names = Object.keys(settings) as (keyof typeof settings)[];
  const runtimes = new Map<string, BenchRuntime>();
  const rounds = new Map<string, number[][]>(names.map((name) => [name, []]));
  try {
    for (const name of names)
      runtimes.set(name, await start(script, [["ok-0", `${sink.url}/ok-0`], ...settings[name]]));
    for (let round = 0; round <= ROUNDS; round++) {
      await Promise.all(
        names.map(async (name, i) => {
          // One after the other within each eighth of a second, never at once.
          await sleep((i * 125) / names.length);
          const latencies = await fire(runtimes.get(name)!, sink, {
            alertsPerSecond: 8,
            seconds: ROUND_SECONDS,
            answering: 1,
          });
          // The first round warms up.
          if (round > 0) rounds.get(name)!.push(latencies);
        }),
      );
    }
    for (const name of names) show(`8 alerts/s, ${name}`, rounds.get(name)!.flat());
    const [alone, healthy, hanging] = names.map((name) => rounds.get(name)!);
    const ratio = (a: number[][], b: number[][]): string =>
      median(a.map((latencies, i) => p99(latencies) / p99(b[i]!))).toFixed(2);
    console.log(
      `p99 beside them, median of ${ROUNDS} rounds: ${ratio(hanging!, healthy!)} of that beside three that answer, ` +
        `${ratio(hanging!, alone!)} of that alone (three that answer: ${ratio(healthy!, alone!)})`,
    );
  } finally {
    for (const runtime of runtimes.values()) await runtime.close();
    sink.close();
  }
};

/**
 * Ingest against a bare Worker that only parses the same JSON: how many requests go through, and how late answers come
 * at a moderate rate. Rounds of both alternate, so that whatever else the machine does hits both.
 */
import { makeAlerts, webhookOf } from "./alerts.ts";
import { type Load, type LoadOptions, load } from "./load.ts";
import { type BenchRuntime, startBare, startService } from "./runtime.ts";
import { median } from "./statistics.ts";

const ROUNDS = 3;
const SECONDS = 5;
const CONNECTIONS = 16;

interface Compared {
  readonly ours: Load;
  readonly bare: Load;
}

const compare = async (
  service: BenchRuntime,
  bare: BenchRuntime,
  options: () => LoadOptions,
): Promise<readonly Compared[]> => {
  // Once unmeasured: compilers and caches are warm afterwards.
  await load(bare, { ...options(), seconds: 2 });
  await load(service, { ...options(), seconds: 2 });
  const rounds: Compared[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    rounds.push({ bare: await load(bare, options()), ours: await load(service, options()) });
  }
  return rounds;
};

const repeats = (perRequest: number): (() => LoadOptions) => {
  const bodies = Array.from({ length: 64 }, () => webhookOf(makeAlerts(perRequest)));
  let next = 0;
  return () => ({
    seconds: SECONDS,
    connections: CONNECTIONS,
    body: () => bodies[next++ % bodies.length] ?? "",
  });
};

const firstSeen = (perRequest: number): (() => LoadOptions) => {
  return () => ({ seconds: SECONDS, connections: CONNECTIONS, body: () => webhookOf(makeAlerts(perRequest)) });
};

const pick = (rounds: readonly Compared[], of: (load: Load) => number) => ({
  ours: median(rounds.map(({ ours }) => of(ours))),
  bare: median(rounds.map(({ bare }) => of(bare))),
  ratio: median(rounds.map(({ ours, bare }) => of(ours) / of(bare))),
});

const withBoth = async (
  service: string,
  bare: string,
  consumers: boolean,
  run: (service: BenchRuntime, bare: BenchRuntime) => Promise<void>,
): Promise<void> => {
  const runtimes = [await startService(service, { consumers }), await startBare(bare)] as const;
  try {
    await run(...runtimes);
  } finally {
    await Promise.all(runtimes.map((runtime) => runtime.close()));
  }
};

const report = (what: string, perRequest: number, rounds: readonly Compared[]): void => {
  const rate = pick(rounds, (l) => l.requestsPerSecond);
  const cpu = pick(rounds, (l) => l.cpuMsPerRequest);
  console.log(
    `${what.padEnd(44)} ${rate.ratio.toFixed(2)} of bare  (${(rate.ours * perRequest).toFixed(0)} against ${(rate.bare * perRequest).toFixed(0)} alerts/s; CPU per request ${cpu.ours.toFixed(2)} against ${cpu.bare.toFixed(2)} ms)`,
  );
};

/** The queue's consumers run elsewhere on the platform; here they would share the one thread, so they are off. */
export const benchIngest = async (service: string, bare: string): Promise<void> => {
  console.log("\ningest throughput against a bare Worker, 16 connections, consumers elsewhere");
  for (const perRequest of [1, 50]) {
    await withBoth(service, bare, false, async (s, b) => {
      report(`repeats, ${perRequest} per request`, perRequest, await compare(s, b, repeats(perRequest)));
    });
    await withBoth(service, bare, false, async (s, b) => {
      report(`first seen, ${perRequest} per request`, perRequest, await compare(s, b, firstSeen(perRequest)));
    });
  }
};

export const benchLatency = async (service: string, bare: string): Promise<void> => {
  console.log("\nanswer of /webhook at 200 requests/s, one new alert each, everything running");
  await withBoth(service, bare, true, async (s, b) => {
    const rounds = await compare(s, b, () => ({ ...firstSeen(1)(), rate: 200 }));
    const p99 = pick(rounds, (l) => l.p99Ms);
    const p50 = pick(rounds, (l) => l.p50Ms);
    console.log(
      `p99 ${p99.ratio.toFixed(2)} of bare (${p99.ours} against ${p99.bare} ms), p50 ${p50.ours} against ${p50.bare} ms`,
    );
  });
};

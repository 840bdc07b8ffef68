/** Load on a URL, and what came back. */
import autocannon from "autocannon";
import { type BenchRuntime, TOKEN } from "./runtime.ts";

export interface Load {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of the runtime per request. */
  readonly cpuMsPerRequest: number;
}

export interface LoadOptions {
  readonly seconds: number;
  readonly connections: number;
  /** Requests per second in all; absent: as many as go. */
  readonly rate?: number;
  /** The body of the next request. */
  readonly body: () => string;
}

/** Posts bodies to `/webhook`; throws when anything but 2xx came back. */
export const load = async (runtime: BenchRuntime, options: LoadOptions): Promise<Load> => {
  const cpuFrom = runtime.cpuMs() ?? 0;
  const result = await autocannon({
    url: `${runtime.url}/webhook`,
    connections: options.connections,
    duration: options.seconds,
    ...(options.rate === undefined ? {} : { overallRate: options.rate }),
    requests: [
      {
        method: "POST",
        headers: { authorization: `Bearer ${TOKEN}-ingest`, "content-type": "application/json" },
        setupRequest: (request) => ({ ...request, body: options.body() }),
      },
    ],
  });
  const good = result["2xx"];
  if (result.non2xx + result.errors > 0 || good === 0) {
    throw new Error(`${result.non2xx} answers were no 2xx, ${result.errors} requests failed, ${good} were good`);
  }
  return {
    requestsPerSecond: good / result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    cpuMsPerRequest: ((runtime.cpuMs() ?? 0) - cpuFrom) / good,
  };
};

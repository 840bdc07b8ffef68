/** The registry's object as tests handle it: time that goes on, variables that change, what lies on its disk. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, vi } from "vitest";
import type { Bindings } from "../../src/worker/env.ts";
import { registry } from "../../src/worker/registry.ts";
import { entry, exporter } from "./exporter.ts";

export const bindings = env as unknown as Bindings;
export const stub = () => env.REGISTRY.getByName("main");

/** Longer than any interval or wait, and less than what makes a whole reading due. */
export const STEP_MS = 6 * 60_000;
/** Far enough ahead that no real alarm goes off by itself. */
let now = Date.UTC(2036, 0, 1);

/** Sets the clock on by so much, and answers what it shows. */
export const goOn = (ms: number): number => {
  now += ms;
  vi.setSystemTime(now);
  return now;
};
export const startClock = (): void => void vi.useFakeTimers({ toFake: ["Date"], now });

/** Reads every cluster, a step later. Answers when that was. */
export const sync = async (): Promise<number> => {
  const at = goOn(STEP_MS);
  await registry(bindings).syncDue();
  return at;
};
export const names = async (): Promise<string[]> => (await registry(bindings).list()).map(({ target }) => target.name);
export const cluster = async (name: string) => {
  const found = (await registry(bindings).status()).clusters.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no cluster ${name}`);
  return found;
};
/** The object with other variables, until it is evicted. */
export const configure = (over: Partial<Record<keyof Bindings, string | undefined>>): Promise<void> =>
  runInDurableObject(stub(), (instance) => {
    const state = (instance as unknown as { state: { env: object } }).state;
    state.env = { ...env, ...over };
  });
export const onDisk = (): Promise<Record<string, never>> =>
  runInDurableObject(stub(), async (_, state) => (await state.storage.get("data")) as Record<string, never>);

/** The variable with each of its clusters changed. */
export const clustersWith = (change: (one: Record<string, unknown>) => Record<string, unknown>): string =>
  JSON.stringify((JSON.parse(bindings.CLUSTERS ?? "[]") as Record<string, unknown>[]).map(change));

/** Two clusters, read before each test: a, b and c of alpha are in force, and d of beta, which is off. Call once a file. */
export const twoClusters = () => {
  const [alpha, beta] = [exporter("alpha"), exporter("beta")];
  beforeEach(async () => {
    startClock();
    await configure({});
    alpha.serve([entry("a"), entry("b"), entry("c")]);
    beta.serve([entry("d", { enabled: false })]);
    await sync();
    // Whatever the last test left, these are in force: what most of its targets would go for is asked twice.
    await sync();
  });
  afterEach(() => vi.useRealTimers());
  return { alpha, beta };
};

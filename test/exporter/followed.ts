/** An API server and an exporter that follows it, anew for each test of a file. */
import { afterEach, beforeEach, expect } from "vitest";
import { eventually, type Running, run } from "./harness.ts";
import { KubernetesApi } from "./kubernetes-api.ts";

/** What every Secret holds where it does not matter what. */
export const data = (url = "https://hook.example.com/in") => ({ url });

export interface Followed {
  /** Of the running test. */
  readonly api: KubernetesApi;
  readonly start: (...args: Parameters<typeof run>) => Promise<Running>;
  /** Starts an exporter of the namespace `alerts`. */
  readonly follow: (env?: Record<string, string>, ...rest: [] | [Parameters<typeof run>[2]]) => Promise<Running>;
  readonly targets: () => ReturnType<Running["targets"]>;
  readonly names: () => Promise<string[]>;
  readonly seesNames: (wanted: readonly string[]) => Promise<void>;
  readonly isWatching: (count?: number) => Promise<void>;
  /** How often a list was asked for, pages counted. */
  readonly lists: () => URLSearchParams[];
}

/** Call once at the top of a test file. */
export const followedApi = (): Followed => {
  let api = new KubernetesApi();
  let running: Running | null = null;
  beforeEach(async () => {
    api = new KubernetesApi();
    await api.start();
  });
  afterEach(async () => {
    await running?.exporter.drain();
    running = null;
    await api.stop();
  });
  const start: Followed["start"] = async (...args) => {
    running = await run(...args);
    return running;
  };
  const targets: Followed["targets"] = () => {
    if (running === null) throw new Error("no exporter runs");
    return running.targets();
  };
  const names = async (): Promise<string[]> => (await targets()).targets.map(({ target }) => String(target.name));
  return {
    get api() {
      return api;
    },
    start,
    follow: (env = {}, ...rest) => start({ TARGET_NAMESPACES: "alerts", ...env }, () => api.kubeConfig(), ...rest),
    targets,
    names,
    seesNames: (wanted) => eventually(async () => expect(await names()).toEqual(wanted)),
    isWatching: (count = 1) => eventually(() => expect(api.openWatches).toBe(count)),
    lists: () => api.requests.map(({ query }) => query).filter((query) => query.get("watch") === null),
  };
};

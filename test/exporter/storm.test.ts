/** Whatever happens to the API server, in whatever order: what is served in the end is what is there. */
import { expect, test } from "vitest";
import { eventually, run } from "./harness.ts";
import { KubernetesApi, LABEL } from "./kubernetes-api.ts";

const STEPS = 150;
const NAMES = Array.from({ length: 12 }, (_, i) => `t-${i}`);
const NAMESPACES = ["one", "two"];

/** The same numbers for the same seed (mulberry32). */
const random = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
};

test.each([1, 2, 3, 4])("storm %i", async (seed) => {
  const next = random(seed);
  const pick = <T>(items: readonly T[]): T => items[next(items.length)] as T;
  const api = new KubernetesApi();
  await api.start();
  const wanted = new Map<string, string>();
  const put = (): void => {
    const [namespace, name] = [pick(NAMESPACES), pick(NAMES)];
    const isLabelled = next(4) > 0;
    const url = `https://hook.example.com/${namespace}/${next(1000)}`;
    const labels = isLabelled ? { labels: LABEL } : {};
    api.put({ namespace, name, ...labels, data: { url, name: `${namespace}-${name}` } });
    if (isLabelled) wanted.set(`${namespace}-${name}`, url);
    else wanted.delete(`${namespace}-${name}`);
  };
  const remove = (): void => {
    const [namespace, name] = [pick(NAMESPACES), pick(NAMES)];
    if (api.remove(namespace, name)) wanted.delete(`${namespace}-${name}`);
  };
  let isUp = true;
  const happenings: readonly (() => void | Promise<void>)[] = [
    ...[put, put, put, put, remove, remove],
    () => api.bookmark(),
    () => api.compact(),
    () => api.endWatches("closed"),
    () => api.endWatches("reset"),
    () => api.endWatches({ code: pick([410, 500, 403]) }),
    () => void Object.assign(api, { expiry: pick(["status", "event"]) }),
    () => void Object.assign(api, { expireNextPage: true }),
    () => void Object.assign(api, { listStatus: pick([null, 429, 500, 403]) }),
    () => void api.forbidden.add(pick(NAMESPACES)),
    () => api.forbidden.clear(),
    () => void Object.assign(api, { tokens: pick([null, ["token"], ["another"]]) }),
    async () => {
      await (isUp ? api.stop() : api.start());
      isUp = !isUp;
    },
  ];
  for (let i = 0; i < 8; i += 1) put();
  const running = await run({ TARGET_NAMESPACES: NAMESPACES.join(",") }, () => api.kubeConfig(), { relistMs: 5000 });
  try {
    for (let step = 0; step < STEPS; step += 1) {
      await pick(happenings)();
      if (next(3) === 0) await new Promise((resolve) => setTimeout(resolve, next(40)));
      const answer = await running.get("/targets");
      expect([200, 503]).toContain(answer.status);
    }
    if (!isUp) await api.start();
    Object.assign(api, { listStatus: null, tokens: null });
    api.forbidden.clear();
    await eventually(async () => {
      const { targets, complete } = await running.targets();
      expect(complete).toBe(true);
      expect(new Map(targets.map(({ target }) => [target.name, target.url]))).toEqual(wanted);
    });
  } finally {
    await running.exporter.drain();
    await api.stop();
  }
});

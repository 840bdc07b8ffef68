import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually, type Running, run } from "./harness.ts";
import { KubernetesApi, LABEL } from "./kubernetes-api.ts";

const data = (url = "https://hook.example.com/in") => ({ url });

let api: KubernetesApi;
let running: Running | null = null;
const start = async (...args: Parameters<typeof run>): Promise<Running> => {
  running = await run(...args);
  return running;
};
const follow = (env: Record<string, string> = {}, ...rest: [] | [Parameters<typeof run>[2]]) =>
  start({ TARGET_NAMESPACES: "alerts", ...env }, () => api.kubeConfig(), ...rest);
const names = async (): Promise<string[]> => {
  const { targets } = await (running as Running).targets();
  return targets.map(({ target }) => String(target.name));
};
const seesNames = (wanted: readonly string[]) => eventually(async () => expect(await names()).toEqual(wanted));
const isWatching = (count = 1) => eventually(() => expect(api.openWatches).toBe(count));

beforeEach(async () => {
  api = new KubernetesApi();
  await api.start();
});
afterEach(async () => {
  await running?.exporter.drain();
  running = null;
  await api.stop();
});

describe("changes", () => {
  test("a Secret added, changed, unlabelled, labelled and removed is followed", async () => {
    await follow();
    await isWatching();
    api.put({ namespace: "alerts", name: "a", labels: LABEL, data: data() });
    await seesNames(["a"]);
    api.put({
      namespace: "alerts",
      name: "a",
      labels: LABEL,
      data: { ...data(), name: "renamed" },
    });
    await seesNames(["renamed"]);
    api.put({ namespace: "alerts", name: "a", data: data() });
    await seesNames([]);
    api.put({ namespace: "alerts", name: "a", labels: LABEL, data: data() });
    await seesNames(["a"]);
    api.remove("alerts", "a");
    await seesNames([]);
    expect(api.requests.filter(({ query }) => query.get("watch") === null)).toHaveLength(1);
  });

  test("1000 Secrets come in pages, among 500 without the label that are never asked for", async () => {
    for (let at = 0; at < 1000; at += 1) {
      api.put({ namespace: "alerts", name: `t-${String(at).padStart(4, "0")}`, labels: LABEL, data: data() });
      if (at % 2 === 0) api.put({ namespace: "alerts", name: `u-${at}`, data: { url: "https://c4n4ry.example.com/" } });
    }
    const { get } = await follow();
    await eventually(async () => expect(await names()).toHaveLength(1000));
    const lists = api.requests.filter(({ query }) => query.get("watch") === null);
    expect(lists.map(({ query }) => query.get("limit"))).toEqual(["250", "250", "250", "250"]);
    expect(await (await get("/targets")).text()).not.toContain("c4n4ry");
  });

  test("every list and watch carries the selector", async () => {
    await follow({ TARGET_LABEL_SELECTORS: '["alert-history.io/publish-target=true","publishing-target=true"]' });
    await isWatching(2);
    api.endWatches("closed");
    await isWatching(2);
    expect(api.requests.length).toBeGreaterThanOrEqual(6);
    const selectors = new Set(api.requests.map(({ query }) => query.get("labelSelector")));
    expect(selectors).toEqual(new Set(["alert-history.io/publish-target=true", "publishing-target=true"]));
  });

  test("a Secret that two selectors match counts once, also when only one still matches", async () => {
    const both = { ...LABEL, "publishing-target": "true" };
    api.put({ namespace: "alerts", name: "a", labels: both, data: data() });
    api.put({ namespace: "alerts", name: "b", labels: { "publishing-target": "true" }, data: data() });
    await follow({ TARGET_LABEL_SELECTORS: "alert-history.io/publish-target=true;publishing-target=true" });
    await seesNames(["a", "b"]);
    await isWatching(2);
    api.put({ namespace: "alerts", name: "a", labels: LABEL, data: data("https://hook.example.com/second") });
    const read = async () => (await (running as Running).targets()).targets[0]?.target.url;
    await eventually(async () => expect(await read()).toBe("https://hook.example.com/second"));
    await seesNames(["a", "b"]);
  });

  test("a server that ignores selectors gets nothing unlabelled past us", async () => {
    api.ignoresSelectors = true;
    api.put({ namespace: "alerts", name: "a", labels: LABEL, data: data() });
    api.put({ namespace: "alerts", name: "c4n4ry", data: data() });
    const { get } = await follow();
    await isWatching();
    api.put({ namespace: "alerts", name: "c4n4ry-2", data: data() });
    api.put({ namespace: "alerts", name: "b", labels: LABEL, data: data() });
    await seesNames(["a", "b"]);
    expect(await (await get("/targets")).text()).not.toContain("c4n4ry");
  });
});

describe("failures", () => {
  test.each(["closed", "reset", { code: 500 }] as const)("watches that end (%j) go on, losing nothing", async (how) => {
    api.put({ namespace: "alerts", name: "a", labels: LABEL, data: data() });
    await follow();
    await isWatching();
    for (const name of ["b", "c", "d"]) {
      api.endWatches(how);
      api.put({ namespace: "alerts", name, labels: LABEL, data: data() });
      await eventually(async () => expect(await names()).toContain(name));
    }
    await seesNames(["a", "b", "c", "d"]);
  });

  test.each(["status", "event"] as const)(
    "a version too old (410 as %s) leads to a new list that finds what is gone",
    async (expiry) => {
      api.expiry = expiry;
      api.put({ namespace: "alerts", name: "a", labels: LABEL, data: data() });
      api.put({ namespace: "alerts", name: "b", labels: LABEL, data: data() });
      await follow();
      await isWatching();
      await seesNames(["a", "b"]);
      await api.stop();
      api.remove("alerts", "a");
      api.put({ namespace: "alerts", name: "c", labels: LABEL, data: data() });
      api.compact();
      await api.start();
      await seesNames(["b", "c"]);
    },
  );

  test("an expired page token leads to one whole list", async () => {
    for (let at = 0; at < 300; at += 1) api.put({ namespace: "alerts", name: `t-${at}`, labels: LABEL, data: data() });
    api.expireNextPage = true;
    await follow();
    await eventually(async () => expect(await names()).toHaveLength(300));
    expect(api.requests.filter(({ query }) => query.get("watch") === null)).toHaveLength(3);
  });

  test("after a bookmark the watch goes on from there", async () => {
    const { get } = await follow();
    await isWatching();
    api.compact();
    api.bookmark();
    const before = api.requests.length;
    await eventually(async () =>
      expect(await (await get("/metrics")).text()).toContain('watch_events_total{type="BOOKMARK"} 1'),
    );
    api.endWatches("closed");
    await eventually(() => expect(api.requests.length).toBeGreaterThan(before));
    await isWatching();
    expect(api.requests.filter(({ query }) => query.get("watch") === null)).toHaveLength(1);
  });

  test("while the API server is away the last targets are served, after a while as old", async () => {
    api.put({ namespace: "alerts", name: "a", labels: LABEL, data: data() });
    const { targets, get } = await follow({}, { staleMs: 5000 });
    await seesNames(["a"]);
    await isWatching();
    await api.stop();
    expect(await targets()).toMatchObject({ complete: true });
    await eventually(async () =>
      expect(await targets()).toMatchObject({
        complete: false,
        namespaces: [{ name: "alerts", status: "error", error: "ECONNREFUSED" }],
        targets: [{ secret: "a" }],
      }),
    );
    expect((await get("/readyz")).status).toBe(200);
    await api.start();
    await eventually(async () => expect(await targets()).toMatchObject({ complete: true }));
  });

  test("a stalled watch is made good by the next list", async () => {
    const { targets } = await follow({}, { relistMs: 300 });
    await isWatching();
    // The server goes on, but this connection has died without a word: nothing is sent on it any more.
    api.stall();
    api.put({ namespace: "alerts", name: "a", labels: LABEL, data: data() });
    await eventually(async () => expect((await targets()).targets).toHaveLength(1));
  });

  test("a rotated token is picked up after a 401", async () => {
    let token = "old";
    api.tokens = ["old"];
    api.put({ namespace: "alerts", name: "a", labels: LABEL, data: data() });
    await start({ TARGET_NAMESPACES: "alerts" }, () => api.kubeConfig(token));
    await isWatching();
    api.tokens = ["new"];
    api.endWatches("closed");
    await eventually(() => expect(api.requests.filter((request) => request.token === "old").length).toBeGreaterThan(2));
    token = "new";
    api.put({ namespace: "alerts", name: "b", labels: LABEL, data: data() });
    await seesNames(["a", "b"]);
  });
});

import { describe, expect, test } from "vitest";
import { data, followedApi } from "./followed.ts";
import { eventually } from "./harness.ts";
import { LABEL } from "./kubernetes-api.ts";

const cluster = followedApi();
const { start, follow, names, seesNames, isWatching } = cluster;

describe("changes", () => {
  test("a Secret added, changed, unlabelled, labelled and removed is followed", async () => {
    await follow();
    await isWatching();
    cluster.api.put({ namespace: "alerts", name: "a", labels: LABEL, data: data() });
    await seesNames(["a"]);
    cluster.api.put({
      namespace: "alerts",
      name: "a",
      labels: LABEL,
      data: { ...data(), name: "renamed" },
    });
    await seesNames(["renamed"]);
    cluster.api.put({ namespace: "alerts", name: "a", data: data() });
    await seesNames([]);
    cluster.api.put({ namespace: "alerts", name: "a", labels: LABEL, data: data() });
    await seesNames(["a"]);
    cluster.api.remove("alerts", "a");
    await seesNames([]);
    expect(cluster.lists()).toHaveLength(1);
  });

  test("1000 Secrets come in pages, among 500 without the label that are never asked for", async () => {
    for (let at = 0; at < 1000; at += 1) {
      cluster.api.put({ namespace: "alerts", name: `t-${String(at).padStart(4, "0")}`, labels: LABEL, data: data() });
      if (at % 2 === 0)
        cluster.api.put({ namespace: "alerts", name: `u-${at}`, data: { url: "https://c4n4ry.example.com/" } });
    }
    const { get } = await follow();
    await eventually(async () => expect(await names()).toHaveLength(1000));
    const lists = cluster.lists();
    expect(lists.map((query) => query.get("limit"))).toEqual(["250", "250", "250", "250"]);
    expect(await (await get("/targets")).text()).not.toContain("c4n4ry");
  });

  test("every list and watch carries the selector", async () => {
    await follow({ TARGET_LABEL_SELECTORS: '["alert-history.io/publish-target=true","publishing-target=true"]' });
    await isWatching(2);
    cluster.api.endWatches("closed");
    await isWatching(2);
    expect(cluster.api.requests.length).toBeGreaterThanOrEqual(6);
    const selectors = new Set(cluster.api.requests.map(({ query }) => query.get("labelSelector")));
    expect(selectors).toEqual(new Set(["alert-history.io/publish-target=true", "publishing-target=true"]));
  });

  test("a Secret that two selectors match counts once, also when only one still matches", async () => {
    const both = { ...LABEL, "publishing-target": "true" };
    cluster.api.put({ namespace: "alerts", name: "a", labels: both, data: data() });
    cluster.api.put({ namespace: "alerts", name: "b", labels: { "publishing-target": "true" }, data: data() });
    await follow({ TARGET_LABEL_SELECTORS: "alert-history.io/publish-target=true;publishing-target=true" });
    await seesNames(["a", "b"]);
    await isWatching(2);
    cluster.api.put({ namespace: "alerts", name: "a", labels: LABEL, data: data("https://hook.example.com/second") });
    const read = async () => (await cluster.targets()).targets[0]?.target.url;
    await eventually(async () => expect(await read()).toBe("https://hook.example.com/second"));
    await seesNames(["a", "b"]);
  });

  test("a server that ignores selectors gets nothing unlabelled past us", async () => {
    cluster.api.ignoresSelectors = true;
    cluster.api.put({ namespace: "alerts", name: "a", labels: LABEL, data: data() });
    cluster.api.put({ namespace: "alerts", name: "c4n4ry", data: data() });
    const { get } = await follow();
    await isWatching();
    cluster.api.put({ namespace: "alerts", name: "c4n4ry-2", data: data() });
    cluster.api.put({ namespace: "alerts", name: "b", labels: LABEL, data: data() });
    await seesNames(["a", "b"]);
    expect(await (await get("/targets")).text()).not.toContain("c4n4ry");
  });
});

describe("failures", () => {
  test.each(["closed", "reset", { code: 500 }] as const)("watches that end (%j) go on, losing nothing", async (how) => {
    cluster.api.put({ namespace: "alerts", name: "a", labels: LABEL, data: data() });
    await follow();
    await isWatching();
    for (const name of ["b", "c", "d"]) {
      cluster.api.endWatches(how);
      cluster.api.put({ namespace: "alerts", name, labels: LABEL, data: data() });
      await eventually(async () => expect(await names()).toContain(name));
    }
    await seesNames(["a", "b", "c", "d"]);
  });

  test.each(["status", "event"] as const)(
    "a version too old (410 as %s) leads to a new list that finds what is gone",
    async (expiry) => {
      cluster.api.expiry = expiry;
      cluster.api.put({ namespace: "alerts", name: "a", labels: LABEL, data: data() });
      cluster.api.put({ namespace: "alerts", name: "b", labels: LABEL, data: data() });
      await follow();
      await isWatching();
      await seesNames(["a", "b"]);
      await cluster.api.stop();
      cluster.api.remove("alerts", "a");
      cluster.api.put({ namespace: "alerts", name: "c", labels: LABEL, data: data() });
      cluster.api.compact();
      await cluster.api.start();
      await seesNames(["b", "c"]);
    },
  );

  test("an expired page token leads to one whole list", async () => {
    for (let at = 0; at < 300; at += 1)
      cluster.api.put({ namespace: "alerts", name: `t-${at}`, labels: LABEL, data: data() });
    cluster.api.expireNextPage = true;
    await follow();
    await eventually(async () => expect(await names()).toHaveLength(300));
    expect(cluster.lists()).toHaveLength(3);
  });

  test.each<[sentence: string, happening: () => void, pages: number]>([
    ["are of one version, and the changes between them are watched", () => undefined, 2],
    ["and begin anew where that version was compacted away", () => cluster.api.compact(), 3],
  ])("the pages of a list %s", async (_, happening, pages) => {
    const name = (at: number): string => `t-${String(at).padStart(3, "0")}`;
    const put = (at: number, url?: string): void =>
      cluster.api.put({ namespace: "alerts", name: name(at), labels: LABEL, data: data(url) });
    for (let at = 0; at < 300; at += 1) put(at);
    cluster.api.afterPage = () => {
      cluster.api.remove("alerts", name(0));
      cluster.api.remove("alerts", name(299));
      put(1, "https://hook.example.com/changed");
      put(300);
      happening();
    };
    const { targets } = await follow();
    const wanted = Array.from({ length: 299 }, (_, at) => name(at + 1)).map((one) =>
      one === name(299) ? name(300) : one,
    );
    await seesNames(wanted);
    await eventually(async () =>
      expect((await targets()).targets[0]?.target.url).toBe("https://hook.example.com/changed"),
    );
    expect(cluster.lists()).toHaveLength(pages);
  });

  test("after a bookmark the watch goes on from there", async () => {
    const { get } = await follow();
    await isWatching();
    cluster.api.compact();
    cluster.api.bookmark();
    const before = cluster.api.requests.length;
    await eventually(async () =>
      expect(await (await get("/metrics")).text()).toContain('watch_events_total{type="BOOKMARK"} 1'),
    );
    cluster.api.endWatches("closed");
    await eventually(() => expect(cluster.api.requests.length).toBeGreaterThan(before));
    await isWatching();
    expect(cluster.lists()).toHaveLength(1);
  });

  test("while the API server is away the last targets are served, after a while as old", async () => {
    cluster.api.put({ namespace: "alerts", name: "a", labels: LABEL, data: data() });
    const { targets, get } = await follow({}, { staleMs: 5000 });
    await seesNames(["a"]);
    await isWatching();
    await cluster.api.stop();
    expect(await targets()).toMatchObject({ complete: true });
    await eventually(async () =>
      expect(await targets()).toMatchObject({
        complete: false,
        namespaces: [{ name: "alerts", status: "error", error: "ECONNREFUSED" }],
        targets: [{ secret: "a" }],
      }),
    );
    expect((await get("/readyz")).status).toBe(200);
    await cluster.api.start();
    await eventually(async () => expect(await targets()).toMatchObject({ complete: true }));
  });

  test("a stalled watch is made good by the next list", async () => {
    const { targets } = await follow({}, { relistMs: 300 });
    await isWatching();
    // The server goes on, but this connection has died without a word: nothing is sent on it any more.
    cluster.api.stall();
    cluster.api.put({ namespace: "alerts", name: "a", labels: LABEL, data: data() });
    await eventually(async () => expect((await targets()).targets).toHaveLength(1));
  });

  test("a rotated token is picked up after a 401", async () => {
    let token = "old";
    cluster.api.tokens = ["old"];
    cluster.api.put({ namespace: "alerts", name: "a", labels: LABEL, data: data() });
    await start({ TARGET_NAMESPACES: "alerts" }, () => cluster.api.kubeConfig(token));
    await isWatching();
    cluster.api.tokens = ["new"];
    cluster.api.endWatches("closed");
    await eventually(() =>
      expect(cluster.api.requests.filter((request) => request.token === "old").length).toBeGreaterThan(2),
    );
    token = "new";
    cluster.api.put({ namespace: "alerts", name: "b", labels: LABEL, data: data() });
    await seesNames(["a", "b"]);
  });
});

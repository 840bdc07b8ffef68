import { describe, expect, test } from "vitest";
import { data, followedApi } from "./followed.ts";
import { eventually } from "./harness.ts";
import { LABEL } from "./kubernetes-api.ts";

const cluster = followedApi();
const { start, follow, seesNames, isWatching } = cluster;

describe("namespaces", () => {
  test("one that is forbidden is reported, the others go on, and it comes back by itself", async () => {
    for (const namespace of ["one", "two", "three"]) {
      cluster.api.put({ namespace, name: `t-${namespace}`, labels: LABEL, data: data() });
    }
    cluster.api.put({ namespace: "other", name: "c4n4ry", labels: LABEL, data: data() });
    cluster.api.forbidden.add("two");
    const { targets, get } = await follow({ TARGET_NAMESPACES: "one, two, three" });
    await eventually(async () => expect((await get("/readyz")).status).toBe(200));
    expect(await targets()).toMatchObject({
      complete: false,
      namespaces: [
        { name: "one", status: "ok" },
        { name: "two", status: "forbidden", error: "403" },
        { name: "three", status: "ok" },
      ],
      targets: [{ secret: "t-one" }, { secret: "t-three" }],
    });
    cluster.api.forbidden.clear();
    await seesNames(["t-one", "t-three", "t-two"]);
    expect(await targets()).toMatchObject({ complete: true });
  });

  test("one that never answers is told as an error after a while, and the others are served", async () => {
    cluster.api.put({ namespace: "one", name: "a", labels: LABEL, data: data() });
    cluster.api.failing.add("two");
    const { targets, get } = await follow({ TARGET_NAMESPACES: "one, two" }, { staleMs: 5000 });
    await eventually(() =>
      expect(cluster.api.requests.filter(({ path }) => path.includes("/two/")).length).toBeGreaterThan(1),
    );
    expect((await get("/readyz")).status).toBe(503);
    await eventually(async () => expect((await get("/readyz")).status).toBe(200));
    expect(await targets()).toMatchObject({
      complete: false,
      namespaces: [
        { name: "one", status: "ok" },
        { name: "two", status: "error", error: "500" },
      ],
      targets: [{ secret: "a" }],
    });
    cluster.api.failing.clear();
    await eventually(async () => expect(await targets()).toMatchObject({ complete: true }));
  });

  test("one that becomes forbidden is no longer served", async () => {
    cluster.api.put({ namespace: "alerts", name: "a", labels: LABEL, data: data() });
    const { targets } = await follow();
    await seesNames(["a"]);
    await isWatching();
    cluster.api.forbidden.add("alerts");
    cluster.api.endWatches("closed");
    await eventually(async () =>
      expect(await targets()).toMatchObject({ namespaces: [{ status: "forbidden" }], targets: [] }),
    );
  });

  test("all of them are one list", async () => {
    for (const namespace of ["b", "a"])
      cluster.api.put({ namespace, name: `t-${namespace}`, labels: LABEL, data: data() });
    const { targets } = await follow({ TARGET_NAMESPACES: "*" });
    await seesNames(["t-a", "t-b"]);
    expect((await targets()).namespaces).toEqual([{ name: "*", status: "ok" }]);
    expect(new Set(cluster.api.requests.map(({ path }) => path))).toEqual(new Set(["/api/v1/secrets"]));
  });

  test("without a choice it is default alone", async () => {
    cluster.api.put({ namespace: "default", name: "a", labels: LABEL, data: data() });
    await start({}, () => cluster.api.kubeConfig());
    await seesNames(["a"]);
    expect(new Set(cluster.api.requests.map(({ path }) => path))).toEqual(
      new Set(["/api/v1/namespaces/default/secrets"]),
    );
  });
});

describe("before the first list", () => {
  test("it is alive, not ready, and says 503 with Retry-After instead of an empty list", async () => {
    cluster.api.listStatus = 500;
    const { get } = await follow();
    expect((await get("/healthz")).status).toBe(200);
    expect((await get("/readyz")).status).toBe(503);
    const answer = await get("/targets");
    expect([answer.status, answer.headers.get("Retry-After")]).toEqual([503, "5"]);
    cluster.api.listStatus = null;
    await eventually(async () => expect((await get("/readyz")).status).toBe(200));
    expect((await get("/targets")).status).toBe(200);
  });
});

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

describe("namespaces", () => {
  test("one that is forbidden is reported, the others go on, and it comes back by itself", async () => {
    for (const namespace of ["one", "two", "three"]) {
      api.put({ namespace, name: `t-${namespace}`, labels: LABEL, data: data() });
    }
    api.put({ namespace: "other", name: "c4n4ry", labels: LABEL, data: data() });
    api.forbidden.add("two");
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
    api.forbidden.clear();
    await seesNames(["t-one", "t-three", "t-two"]);
    expect(await targets()).toMatchObject({ complete: true });
  });

  test("one that never answers is told as an error after a while, and the others are served", async () => {
    api.put({ namespace: "one", name: "a", labels: LABEL, data: data() });
    api.failing.add("two");
    const { targets, get } = await follow({ TARGET_NAMESPACES: "one, two" }, { staleMs: 5000 });
    await eventually(() => expect(api.requests.filter(({ path }) => path.includes("/two/")).length).toBeGreaterThan(1));
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
    api.failing.clear();
    await eventually(async () => expect(await targets()).toMatchObject({ complete: true }));
  });

  test("one that becomes forbidden is no longer served", async () => {
    api.put({ namespace: "alerts", name: "a", labels: LABEL, data: data() });
    const { targets } = await follow();
    await seesNames(["a"]);
    await isWatching();
    api.forbidden.add("alerts");
    api.endWatches("closed");
    await eventually(async () =>
      expect(await targets()).toMatchObject({ namespaces: [{ status: "forbidden" }], targets: [] }),
    );
  });

  test("all of them are one list", async () => {
    for (const namespace of ["b", "a"]) api.put({ namespace, name: `t-${namespace}`, labels: LABEL, data: data() });
    const { targets } = await follow({ TARGET_NAMESPACES: "*" });
    await seesNames(["t-a", "t-b"]);
    expect((await targets()).namespaces).toEqual([{ name: "*", status: "ok" }]);
    expect(new Set(api.requests.map(({ path }) => path))).toEqual(new Set(["/api/v1/secrets"]));
  });

  test("without a choice it is default alone", async () => {
    api.put({ namespace: "default", name: "a", labels: LABEL, data: data() });
    await start({}, () => api.kubeConfig());
    await seesNames(["a"]);
    expect(new Set(api.requests.map(({ path }) => path))).toEqual(new Set(["/api/v1/namespaces/default/secrets"]));
  });
});

describe("before the first list", () => {
  test("it is alive, not ready, and says 503 with Retry-After instead of an empty list", async () => {
    api.listStatus = 500;
    const { get } = await follow();
    expect((await get("/healthz")).status).toBe(200);
    expect((await get("/readyz")).status).toBe(503);
    const answer = await get("/targets");
    expect([answer.status, answer.headers.get("Retry-After")]).toEqual([503, "5"]);
    api.listStatus = null;
    await eventually(async () => expect((await get("/readyz")).status).toBe(200));
    expect((await get("/targets")).status).toBe(200);
  });
});

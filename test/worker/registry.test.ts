/** The registry in the real runtime: what it pulls, what it keeps when that fails, and what is on disk. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { HttpResponse } from "msw";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Bindings } from "../../src/worker/env.ts";
import { registry } from "../../src/worker/registry.ts";
import { entry, exporter } from "../support/exporter.ts";
import { type Received, watchOutside } from "../support/outside.ts";

watchOutside();
const alpha = exporter("alpha");
const beta = exporter("beta");
const bindings = env as unknown as Bindings;
const stub = () => env.REGISTRY.getByName("main");

/** Time goes on by more than any interval or wait, and less than what makes a whole reading due. */
const STEP_MS = 6 * 60_000;
let now = Date.UTC(2027, 0, 1);
const sync = async (): Promise<void> => {
  now += STEP_MS;
  vi.setSystemTime(now);
  await registry(bindings).syncDue();
};
const names = async (): Promise<string[]> => (await registry(bindings).list()).map(({ target }) => target.name);
const cluster = async (name: string) => {
  const found = (await registry(bindings).status()).clusters.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no cluster ${name}`);
  return found;
};
/** The object with other variables, until it is evicted. */
const configure = (over: Partial<Record<keyof Bindings, string | undefined>>): Promise<void> =>
  runInDurableObject(stub(), (instance) => {
    const state = (instance as unknown as { state: { env: object } }).state;
    state.env = { ...env, ...over };
  });
const onDisk = (): Promise<Record<string, never>> =>
  runInDurableObject(stub(), async (_, state) => (await state.storage.get("data")) as Record<string, never>);

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now });
  await configure({});
  alpha.serve([entry("a"), entry("b"), entry("c")]);
  beta.serve([entry("d", { enabled: false })]);
  await sync();
  // Whatever the last test left, these are in force: what most of its targets would go for is asked twice.
  await sync();
});
afterEach(() => vi.useRealTimers());

const otherwise = (answer: () => Response): ((request: Received) => Response) => answer;
const snapshot = (over: Record<string, unknown>): Response =>
  Response.json({
    version: 1,
    cluster: "alpha",
    generated_at: "2026-01-01T00:00:00Z",
    complete: true,
    namespaces: [{ name: "alerts", status: "ok" }],
    targets: [],
    invalid: [],
    ...over,
  });

describe("no failure of an exporter loses a target, and each says so", () => {
  test.each<[sentence: string, answer: () => Response, error: string]>([
    ["it cannot be reached", () => HttpResponse.error(), "unreachable"],
    ["it knows us no more", () => new Response("", { status: 401 }), "unauthorized"],
    ["it forbids", () => new Response("", { status: 403 }), "unauthorized"],
    ["its first list is not complete", () => new Response("", { status: 503 }), "not_ready"],
    ["it fails", () => new Response("c4n4ry", { status: 500 }), "http_error"],
    ["its path is gone", () => new Response("", { status: 404 }), "http_error"],
    ["it points elsewhere", () => Response.redirect("https://beta.exporter.test/targets"), "redirected"],
    ["it says nothing", () => new Response(""), "garbage"],
    ["it answers a page of a proxy", () => new Response("<html>c4n4ry</html>"), "garbage"],
    ["its JSON is cut off", () => new Response('{"version":1,"targets":[{"c4n4ry"'), "garbage"],
    ["it answers another document", () => Response.json([]), "garbage"],
    ["it answers a later version", () => snapshot({ version: 2 }), "garbage"],
    ["a target of it is no object", () => snapshot({ targets: ["c4n4ry"] }), "garbage"],
    ["it is another cluster's", () => snapshot({ cluster: "beta" }), "wrong_cluster"],
    ["it says unchanged without having been asked", () => new Response(null, { status: 304 }), "garbage"],
    ["it never ends", () => new Response("c4n4ry".repeat(1_000_000)), "too_large"],
    [
      "it holds more than can be kept",
      () => snapshot({ targets: Array.from({ length: 1001 }, (_, i) => ({ ...entry(`x${i}`), warnings: [] })) }),
      "too_many_targets",
    ],
    [
      "its definitions are larger than can be kept",
      () =>
        snapshot({
          targets: ["a", "b", "c", ...Array.from({ length: 80 }, (_, i) => `x${i}`)].map((name) => ({
            ...entry(name, { description: "x".repeat(30_000) }),
            warnings: [],
          })),
        }),
      "too_large",
    ],
    ["it lists nothing all at once", () => snapshot({}), "removal_held"],
  ])("%s", async (_, answer, error) => {
    alpha.answer = otherwise(answer);
    // Unchanged is a good answer where a tag was sent.
    if (error === "garbage") await configure({});
    const log = vi.spyOn(console, "warn");
    if (answer().status === 304) await runInDurableObject(stub(), forgetTag);
    await sync();
    expect(await names()).toEqual(["a", "b", "c", "d"]);
    expect(await cluster("alpha")).toMatchObject({ error, frozenSince: now, targets: 3 });
    expect(await cluster("beta")).toMatchObject({ error: null, frozenSince: null });
    const list = await registry(bindings).list();
    expect(list.map(({ discovered }) => discovered?.frozen?.since ?? null)).toEqual([now, now, now, null]);
    expect(JSON.stringify(log.mock.calls)).not.toContain("c4n4ry");
    log.mockRestore();

    alpha.serve([entry("a"), entry("b"), entry("c")]);
    await sync();
    expect(await cluster("alpha")).toMatchObject({ error: null, frozenSince: null, consecutiveFailures: 0 });
  });

  const forgetTag = (instance: unknown): void => {
    const object = instance as { clusters: Record<string, object> };
    object.clusters = { ...object.clusters, alpha: { ...object.clusters.alpha, etag: null } };
  };

  test.each<[sentence: string, over: Parameters<typeof configure>[0], error: string]>([
    ["CLUSTERS is gone", { CLUSTERS: undefined }, "not_configured"],
    ["CLUSTERS is empty text", { CLUSTERS: "" }, "not_configured"],
    ["CLUSTERS is no JSON", { CLUSTERS: "[{" }, "invalid_config"],
    ["its entry is broken", { CLUSTERS: '[{"name":"alpha","url":"https://x.example.com"}]' }, "invalid_config"],
    ["it is switched off", { CLUSTERS: clustersWith((one) => ({ ...one, enabled: false })) }, "disabled"],
    ["discovery is switched off", { TARGET_DISCOVERY_ENABLED: "false" }, "disabled"],
  ])("%s", async (_, over, error) => {
    await configure(over);
    await sync();
    await sync();
    expect(await names()).toEqual(["a", "b", "c", "d"]);
    expect(await cluster("alpha")).toMatchObject({ error, frozenSince: now - STEP_MS });
  });
});

function clustersWith(change: (one: Record<string, unknown>) => Record<string, unknown>): string {
  const { CLUSTERS } = env as unknown as { CLUSTERS: string };
  return JSON.stringify((JSON.parse(CLUSTERS) as Record<string, unknown>[]).map(change));
}

describe("what changes", () => {
  test("a cluster taken from the list goes, with its targets in the drift history", async () => {
    await configure({ CLUSTERS: clustersWith((one) => one).replace(/,\{"name":"beta".*\}/, "") });
    await sync();
    expect(await names()).toEqual(["a", "b", "c"]);
    const { results } = await env.DB.prepare(
      "SELECT kind, target, reason, open_alerts FROM target_drift WHERE cluster = 'beta' ORDER BY id DESC LIMIT 1",
    ).all();
    expect(results).toEqual([
      { kind: "removed", target: "d", reason: "the cluster is no longer configured", open_alerts: 0 },
    ]);
  });

  test("an unchanged snapshot is asked for by its tag, and every hour whole", async () => {
    const before = alpha.conditional();
    await sync();
    expect(alpha.conditional()).toBe(before + 1);
    now += 3_600_000;
    await sync();
    expect(alpha.conditional()).toBe(before + 1);
  });

  test("each request carries the token and the headers of its cluster, and no other's", async () => {
    await sync();
    expect(alpha.received.at(-1)?.headers).toMatchObject({
      authorization: "Bearer alpha-token",
      "cf-access-client-id": "alpha-access",
    });
    expect(beta.received.at(-1)?.headers).toMatchObject({ authorization: "Bearer beta-token" });
  });

  test("an interval is honoured", async () => {
    const asked = () => alpha.received.length;
    const before = asked();
    for (const seconds of [60, 60, 60, 60]) {
      now += seconds * 1000;
      vi.setSystemTime(now);
      await registry(bindings).syncDue();
    }
    expect(asked()).toBe(before);
    now += 60_000;
    vi.setSystemTime(now);
    await registry(bindings).syncDue();
    expect(asked()).toBe(before + 1);
  });

  test("a Secret our own policy refuses is invalid, and stays in force stale when it was valid", async () => {
    alpha.serve([entry("a", { url: "https://169.254.169.254/x" }), entry("b"), entry("c")]);
    await sync();
    const a = (await registry(bindings).list()).find(({ target }) => target.name === "a");
    expect([a?.target.url, a?.discovered?.staleSince]).toEqual(["https://127.0.0.1:1/a", now]);
    expect((await registry(bindings).status()).invalid).toMatchObject([{ secret: "a", reason: "blocked_host" }]);
  });

  test("a name in two clusters belongs to the first, a static one to itself, and the others are shown", async () => {
    beta.serve([entry("d"), entry("x", { name: "a", url: "https://127.0.0.1:1/other" })]);
    await sync();
    const url = async () => (await registry(bindings).get("a"))?.target.url;
    expect(await url()).toBe("https://127.0.0.1:1/a");
    expect((await registry(bindings).status()).invalid).toMatchObject([
      { cluster: "beta", secret: "x", reason: "duplicate_name", detail: "the name a belongs to alpha/alerts/a" },
    ]);
    const mine = (await registry(bindings).get("b"))?.target;
    if (mine === undefined) throw new Error("b is gone");
    await registry(bindings).put({ ...mine, name: "a", url: "https://127.0.0.1:1/static" }, now);
    expect(await url()).toBe("https://127.0.0.1:1/static");
    expect((await registry(bindings).status()).invalid.map(({ detail }) => detail)).toEqual([
      "the name a belongs to static",
      "the name a belongs to static",
    ]);
    await registry(bindings).remove("a");
    expect(await url()).toBe("https://127.0.0.1:1/a");
  });

  test("drift that D1 does not take is kept and told once", async () => {
    const table = "CREATE TABLE target_drift_away AS SELECT * FROM target_drift";
    await env.DB.batch([env.DB.prepare(table), env.DB.prepare("ALTER TABLE target_drift RENAME TO target_drift_kept")]);
    alpha.serve([entry("a"), entry("b"), entry("c"), entry("late")]);
    await sync();
    expect(await names()).toContain("late");
    await env.DB.prepare("ALTER TABLE target_drift_kept RENAME TO target_drift").run();
    await evictDurableObject(stub());
    await sync();
    await sync();
    const { results } = await env.DB.prepare("SELECT kind FROM target_drift WHERE target = 'late'").all();
    expect(results).toEqual([{ kind: "added" }]);
  });
});

describe("on disk", () => {
  test("all of it outlives an eviction", async () => {
    await registry(bindings).put((await registry(bindings).list())[0]!.target, now);
    const before = [await onDisk(), await registry(bindings).status()];
    await evictDurableObject(stub());
    now += 2000;
    vi.setSystemTime(now);
    expect(await names()).toEqual(["a", "b", "c", "d"]);
    expect([await onDisk(), await registry(bindings).status()]).toEqual(before);
    await registry(bindings).remove("a");
  });

  test("writes that come while an exporter is slow are not lost", async () => {
    let answered = false;
    alpha.answer = async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      answered = true;
      return snapshot({ targets: ["a", "b", "c", "e"].map((name) => ({ ...entry(name), warnings: [] })) });
    };
    const underWay = sync();
    const mine = (await registry(bindings).list())[0]!.target;
    for (let i = 0; i < 10; i++) await registry(bindings).put({ ...mine, name: `static-${i}` }, now);
    expect(answered).toBe(false);
    await underWay;
    await evictDurableObject(stub());
    now += 2000;
    vi.setSystemTime(now);
    expect(await names()).toEqual(["a", "b", "c", "d", "e", ...Array.from({ length: 10 }, (_, i) => `static-${i}`)]);
    for (let i = 0; i < 10; i++) await registry(bindings).remove(`static-${i}`);
  });

  test("a thousand targets fit into one value", async () => {
    const description = "d".repeat(300);
    alpha.serve(
      Array.from({ length: 990 }, (_, i) =>
        entry(`t-${i}`, { url: `https://hooks.slack.com/services/${crypto.randomUUID()}`, type: "slack", description }),
      ),
    );
    await sync();
    await sync();
    expect(await names()).toHaveLength(991);
    const bytes = JSON.stringify(await onDisk()).length;
    expect(bytes).toBeLessThan(1_600_000);
    await evictDurableObject(stub());
    now += 2000;
    vi.setSystemTime(now);
    expect(await names()).toHaveLength(991);
  });

  test("a new key takes over without a pause, then the old one can go", async () => {
    const old = bindings.ENCRYPTION_KEYS ?? "";
    const fresh = `k2:${btoa("f".repeat(32))}`;
    const both = { ...bindings, ENCRYPTION_KEYS: `${fresh},${old}` } as Bindings;
    const only = { ...bindings, ENCRYPTION_KEYS: fresh } as Bindings;
    const kids = async () => new Set(JSON.stringify(await onDisk()).match(/v1\.k\d\./g));
    await registry(bindings).put({ ...(await registry(bindings).list())[0]!.target, name: "mine" }, now);
    expect(await kids()).toEqual(new Set(["v1.k1."]));
    await configure({ ENCRYPTION_KEYS: both.ENCRYPTION_KEYS });
    now += 2000;
    vi.setSystemTime(now);
    const readable = async (from: Bindings) => (await registry(from).list()).map(({ target }) => target.name);
    expect(await readable(both)).toEqual(["a", "b", "c", "d", "mine"]);
    expect(await registry(both).reseal()).toEqual({ resealed: 5, failed: 0 });
    expect(await kids()).toEqual(new Set(["v1.k2."]));
    expect(await registry(both).reseal()).toEqual({ resealed: 0, failed: 0 });
    now += 2000;
    vi.setSystemTime(now);
    expect(await readable(only)).toEqual(["a", "b", "c", "d", "mine"]);

    // The old key alone opens nothing any more; what clusters hold comes back by itself with the next whole reading.
    await configure({});
    await registry(bindings).reseal();
    await sync();
    expect(await readable(bindings)).toEqual(["a", "b", "c", "d"]);
    await registry(bindings).remove("mine");
  });
});

/** The registry in the real runtime: what it pulls, what it keeps when that fails, and what is on disk. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { HttpResponse } from "msw";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { registry } from "../../src/worker/registry.ts";
import { entry, exporter, snapshot } from "../support/exporter.ts";
import { type Received, watchOutside } from "../support/outside.ts";
import { bindings, cluster, configure, goOn, names, startClock, stub, sync } from "../support/registry.ts";

watchOutside();
const alpha = exporter("alpha");
const beta = exporter("beta");

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

const otherwise = (answer: () => Response): ((request: Received) => Response) => answer;
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
    const now = await sync();
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

  test("it never answers, or never ends its answer", async () => {
    const hang = Promise.withResolvers<Response>();
    alpha.answer = () => hang.promise;
    const stalled = new TransformStream<Uint8Array, Uint8Array>();
    const writer = stalled.writable.getWriter();
    beta.answer = () => {
      void writer.write(new TextEncoder().encode('{"version":1,'));
      return new HttpResponse(stalled.readable, { headers: { "content-type": "application/json" } });
    };
    const now = await sync();
    expect(await names()).toEqual(["a", "b", "c", "d"]);
    for (const name of ["alpha", "beta"])
      expect(await cluster(name)).toMatchObject({ error: "timeout", frozenSince: now });
    // They stand in this process: left open, they would keep the object from being evicted.
    hang.resolve(HttpResponse.error());
    await writer.abort().catch(() => undefined);
  });

  test.each<[sentence: string, over: Record<string, unknown>, frozen: string[]]>([
    [
      "a namespace is forbidden",
      { complete: false, namespaces: [{ name: "alerts", status: "forbidden", error: "403" }] },
      ["a", "b", "c"],
    ],
    [
      "a namespace failed halfway",
      {
        complete: false,
        namespaces: [{ name: "alerts", status: "error" }],
        targets: [{ ...entry("a"), warnings: [] }],
      },
      ["a", "b", "c"],
    ],
    ["it is not complete and says no more", { complete: false, namespaces: [] }, ["a", "b", "c"]],
    [
      "only another namespace was seen",
      { complete: false, namespaces: [{ name: "other", status: "ok" }] },
      ["a", "b", "c"],
    ],
    [
      "it calls itself complete, and a namespace of it is not",
      { namespaces: [{ name: "alerts", status: "error" }] },
      ["a", "b", "c"],
    ],
  ])("%s", async (_, over, frozen) => {
    alpha.answer = otherwise(() => snapshot(over));
    const now = await sync();
    await sync();
    expect(await names()).toEqual(["a", "b", "c", "d"]);
    expect(await cluster("alpha")).toMatchObject({ error: null, namespaces: [{ since: now }] });
    const list = await registry(bindings).list();
    const found = list.filter(({ discovered }) => discovered?.frozen != null).map(({ target }) => target.name);
    expect(found).toEqual(frozen);
  });

  test("we have no key to encrypt what it changed", async () => {
    await configure({ ENCRYPTION_KEYS: undefined });
    alpha.serve([entry("a", { priority: 7 }), entry("b"), entry("c"), entry("new")]);
    const now = await sync();
    expect(await names()).toEqual(["a", "b", "c", "d"]);
    expect(await cluster("alpha")).toMatchObject({ error: "no_key", frozenSince: now });
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
    const now = await sync();
    await sync();
    expect(await names()).toEqual(["a", "b", "c", "d"]);
    expect(await cluster("alpha")).toMatchObject({ error, frozenSince: now });
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
    goOn(3_600_000);
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
      goOn(seconds * 1000);
      await registry(bindings).syncDue();
    }
    expect(asked()).toBe(before);
    goOn(60_000);
    await registry(bindings).syncDue();
    expect(asked()).toBe(before + 1);
  });

  test("a Secret our own policy refuses is invalid, and stays in force stale when it was valid", async () => {
    alpha.serve([entry("a", { url: "https://169.254.169.254/x" }), entry("b"), entry("c")]);
    const now = await sync();
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
    await registry(bindings).put({ ...mine, name: "a", url: "https://127.0.0.1:1/static" }, Date.now());
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

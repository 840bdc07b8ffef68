/** The registry in the real runtime: what it pulls, and what it keeps when that fails. */
import { runInDurableObject } from "cloudflare:test";
import { HttpResponse } from "msw";
import { describe, expect, test, vi } from "vitest";
import { registry } from "../../src/worker/registry.ts";
import { entry, snapshot } from "../support/exporter.ts";
import { type Received, watchOutside } from "../support/outside.ts";
import { bindings, cluster, clustersWith, configure, names, stub, sync, twoClusters } from "../support/registry.ts";

watchOutside();
const { alpha, beta } = twoClusters();

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

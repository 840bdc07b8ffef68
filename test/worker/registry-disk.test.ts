/** What the registry keeps: over an eviction, beside slow readings, within its size, under a new key. */
import { createExecutionContext as context, evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { app } from "../../src/worker/app.ts";
import { runCron } from "../../src/worker/cron/index.ts";
import { addVersion, readVersion } from "../../src/worker/db/config-versions.ts";
import type { Bindings } from "../../src/worker/env.ts";
import { registry } from "../../src/worker/registry.ts";
import { keepSealed, resealEverything } from "../../src/worker/reseal.ts";
import { entry, snapshot } from "../support/exporter.ts";
import { watchOutside } from "../support/outside.ts";
import { bindings, cluster, configure, goOn, names, onDisk, stub, sync, twoClusters } from "../support/registry.ts";

watchOutside();
const { alpha } = twoClusters();

describe("on disk", () => {
  test("all of it outlives an eviction", async () => {
    await registry(bindings).put((await registry(bindings).list())[0]!.target, Date.now());
    const before = [await onDisk(), await registry(bindings).status()];
    await evictDurableObject(stub());
    goOn(2000);
    expect(await names()).toEqual(["a", "b", "c", "d"]);
    expect([await onDisk(), await registry(bindings).status()]).toEqual(before);
    await registry(bindings).remove("a");
  });

  test("what most targets would go for waits for a second reading that says the same, also over an eviction", async () => {
    alpha.serve([entry("c")]);
    await sync();
    expect(await names()).toEqual(["a", "b", "c", "d"]);
    expect(await cluster("alpha")).toMatchObject({ error: "removal_held", heldRemovals: 2 });
    await evictDurableObject(stub());
    alpha.serve([entry("b")]);
    await sync();
    expect(await names()).toEqual(["a", "b", "c", "d"]);
    await evictDurableObject(stub());
    await sync();
    expect(await names()).toEqual(["b", "d"]);
    expect(await cluster("alpha")).toMatchObject({ error: null, heldRemovals: null, frozenSince: null });
  });

  test("nudges do not make that second reading come sooner", async () => {
    alpha.serve([]);
    const asked = alpha.received.length;
    for (const wait of [0, 2_000, 5_000, 50_000]) {
      goOn(wait);
      await registry(bindings).refresh("alpha");
      expect(await names()).toEqual(["a", "b", "c", "d"]);
    }
    expect(alpha.received.length - asked).toBe(4);
    goOn(3_000);
    await registry(bindings).refresh("alpha");
    expect(await names()).toEqual(["d"]);
  });

  test("writes that come while an exporter is slow are not lost", async () => {
    const slow = Promise.withResolvers<void>();
    alpha.answer = async () => {
      await slow.promise;
      return snapshot({ targets: ["a", "b", "c", "e"].map((name) => ({ ...entry(name), warnings: [] })) });
    };
    const underWay = sync();
    const mine = (await registry(bindings).list())[0]!.target;
    for (let i = 0; i < 10; i++) await registry(bindings).put({ ...mine, name: `static-${i}` }, Date.now());
    slow.resolve();
    await underWay;
    await evictDurableObject(stub());
    goOn(2000);
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
    goOn(2000);
    expect(await names()).toHaveLength(991);
  });

  test("a static target for which there is no room is refused, and what is there stays", async () => {
    const [mine] = await registry(bindings).list();
    if (mine === undefined) throw new Error("no target");
    const description = "x".repeat(40_000);
    const put = (i: number) => registry(bindings).put({ ...mine.target, name: `big-${i}`, description }, Date.now());
    const answers: string[] = [];
    for (let i = 0; i < 35; i++) {
      const answer = await put(i);
      answers.push(answer.ok ? "ok" : answer.error);
    }
    const kept = answers.indexOf("too_large");
    expect(kept).toBeGreaterThan(20);
    expect(new Set(answers.slice(kept))).toEqual(new Set(["too_large"]));
    // One that is there already may be put again.
    expect(await put(0)).toEqual({ ok: true, value: { replaced: true } });
    await evictDurableObject(stub());
    goOn(2000);
    expect((await names()).filter((name) => name.startsWith("big-"))).toHaveLength(kept);
    for (let i = 0; i < kept; i++) await registry(bindings).remove(`big-${i}`);
  });
});

describe("keys", () => {
  const old = bindings.ENCRYPTION_KEYS ?? "";
  const fresh = `k2:${btoa("f".repeat(32))}`;
  const having = (keys: string) => ({ ...bindings, ENCRYPTION_KEYS: keys }) as Bindings;
  const [both, only] = [having(`${fresh},${old}`), having(fresh)];
  const documents = async (): Promise<string[]> => {
    const { results } = await env.DB.prepare("SELECT document FROM config_versions").all<{ document: string }>();
    return results.map(({ document }) => document);
  };
  const kids = async () => new Set([JSON.stringify(await onDisk()), ...(await documents())].join().match(/v1\.k\d\./g));
  const readable = async (from: Bindings) => {
    goOn(2000);
    return (await registry(from).list()).flatMap(({ target, isWhole }) => (isWhole ? [target.name] : []));
  };
  const version = (text: string) => ({ text, secrets: { a: "s3cret" }, createdBy: "test", createdAt: 1, note: "" });

  test("a new one takes over without a pause, for targets and documents, then the old one can go", async () => {
    await registry(bindings).put({ ...(await registry(bindings).list())[0]!.target, name: "mine" }, Date.now());
    expect(await addVersion(bindings, 0, version("one"), 0)).toEqual({ ok: true, value: 1 });
    expect(await kids()).toEqual(new Set(["v1.k1."]));
    await configure({ ENCRYPTION_KEYS: both.ENCRYPTION_KEYS });
    expect(await readable(both)).toEqual(["a", "b", "c", "d", "mine"]);
    // Written while both are there: under the new one at once.
    expect(await addVersion(both, 1, version("two"), 0)).toEqual({ ok: true, value: 2 });
    expect(await kids()).toEqual(new Set(["v1.k1.", "v1.k2."]));
    expect(await resealEverything(both)).toEqual({ resealed: 6, failed: 0 });
    expect(await kids()).toEqual(new Set(["v1.k2."]));
    expect(await resealEverything(both)).toEqual({ resealed: 0, failed: 0 });
    expect(await readable(only)).toEqual(["a", "b", "c", "d", "mine"]);
    for (const [number, text] of [[1, "one"] as const, [2, "two"] as const])
      expect(await readVersion(only, number)).toMatchObject({ ok: true, value: { text, secrets: { a: "s3cret" } } });

    // The old key alone opens nothing any more; what clusters hold comes back by itself with the next whole reading.
    await configure({});
    expect(await resealEverything(bindings)).toEqual({ resealed: 0, failed: 7 });
    expect(await readVersion(bindings, 2)).toEqual({ ok: false, error: "unknown_key" });
    await expect(keepSealed(bindings)).rejects.toThrow("no key in ENCRYPTION_KEYS opens 7 definitions or documents");
    await sync();
    expect(await readable(bindings)).toEqual(["a", "b", "c", "d"]);
    await registry(bindings).remove("mine");
    await env.DB.prepare("DELETE FROM config_versions").run();
  });

  test("cron moves what is left", async () => {
    expect(await addVersion(bindings, 0, version("one"), 0)).toEqual({ ok: true, value: 1 });
    await configure({ ENCRYPTION_KEYS: both.ENCRYPTION_KEYS });
    await runCron(both, goOn(1000));
    expect(await kids()).toEqual(new Set(["v1.k2."]));
    expect(await readable(only)).toEqual(["a", "b", "c", "d"]);
    await env.DB.prepare("DELETE FROM config_versions").run();
  });

  test.each<[sentence: string, entry: string, rule: string]>([
    ["no base64", "k2:c4n4ry!", "must hold 32 bytes in base64"],
    ["a key of another length", `k2:${btoa("c4n4ry-16-bytes.")}`, "must hold 32 bytes in base64"],
    ["no id", btoa("f".repeat(32)), "must be kid:base64, the kid of letters, digits, - and _"],
    ["an id with a dot", `k.2:${btoa("f".repeat(32))}`, "must be kid:base64, the kid of letters, digits, - and _"],
    ["an id that is taken", `k1:${btoa("f".repeat(32))}`, "has the kid of an earlier entry"],
  ])("a wrong one beside a right one is told, and keeps nothing from being read: %s", async (_, wrong, rule) => {
    const index = rule.includes("earlier") ? 1 : 0;
    const keys = index === 1 ? `${old},${wrong}` : `${wrong},${old}`;
    await configure({ ENCRYPTION_KEYS: keys });
    expect(await readable(having(keys))).toEqual(["a", "b", "c", "d"]);
    alpha.serve([entry("a"), entry("b"), entry("c", { priority: 1 })]);
    await sync();
    expect(await cluster("alpha")).toMatchObject({ error: null });
    const told = `ENCRYPTION_KEYS/${index} ${rule}`;
    expect((await registry(having(keys)).status()).configErrors).toEqual([told]);
    const ask = (path: string, method: string) =>
      app.request(path, { method, headers: { authorization: "Bearer test-admin" } }, having(keys), context());
    const ready = await ask("/readyz", "GET");
    expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining(`${index} ${rule}`)]);
    const resealed = await ask("/publishing/targets/reseal", "POST");
    expect([resealed.status, await resealed.text()]).toEqual([503, expect.stringContaining(told)]);
  });
});

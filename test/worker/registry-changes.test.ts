/** What changes in the registry when clusters, their Secrets or the clock do. */
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { registry } from "../../src/worker/registry.ts";
import { entry } from "../support/exporter.ts";
import { watchOutside } from "../support/outside.ts";
import { bindings, clustersWith, configure, goOn, names, stub, sync, twoClusters } from "../support/registry.ts";

watchOutside();
const { alpha, beta } = twoClusters();

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

import { env, exports } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { forgetSettings } from "../../src/worker/settings.ts";

const get = (path: string, headers: Record<string, string> = {}) =>
  exports.default.fetch(new Request(`https://alerts.test${path}`, { headers }));

describe("health", () => {
  test("liveness asks nobody and needs no token", async () => {
    const response = await get("/healthz");
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: "ok", service: "alert-history" });
  });

  test("readiness asks D1, a shard and the registry, and shows them only to whom may read", async () => {
    const open = await get("/readyz");
    expect(open.status).toBe(200);
    expect(await open.json()).not.toHaveProperty("dependencies");
    const known = await get("/readyz", { authorization: "Bearer test-admin" });
    expect(await known.json()).toMatchObject({
      status: "ready",
      dependencies: { database: { ok: true }, shard: { ok: true }, registry: { ok: true } },
    });
  });

  test("a configuration that cannot be read is told, and readiness comes back with the next that can", async () => {
    await env.DB.prepare("INSERT INTO config_versions VALUES (1, 'sealed by nobody', 0, 'test', '')").run();
    forgetSettings();
    const broken = await get("/readyz");
    expect(broken.status).toBe(503);
    expect(await broken.json()).toMatchObject({
      detail: "version 1 of the configuration cannot be read, so an earlier one or none is in force",
    });
    await env.DB.prepare("DELETE FROM config_versions").run();
    forgetSettings();
    expect((await get("/readyz")).status).toBe(200);
  });

  test.each([
    ["no token", {}, 401],
    ["an unknown token", { authorization: "Bearer nope" }, 401],
    ["a token without the scope", { "x-api-key": "test-ingest" }, 403],
    ["Bearer", { authorization: "Bearer test-admin" }, 200],
    ["Basic with any user", { authorization: `Basic ${btoa("anyone:test-admin")}` }, 200],
    ["X-API-Key", { "x-api-key": "test-admin" }, 200],
  ])("a guarded route with %s", async (_, headers, status) => {
    expect((await get("/api/v1/targets", headers as Record<string, string>)).status).toBe(status);
  });

  test("a path answers the same with a trailing slash, never by a redirect", async () => {
    expect((await get("/healthz/")).status).toBe(200);
    expect((await get("/-/healthy")).status).toBe(200);
  });

  test("a wrong method names the right ones; an unknown path is 404", async () => {
    const wrong = await exports.default.fetch(new Request("https://alerts.test/history", { method: "DELETE" }));
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    expect((await get("/nowhere")).status).toBe(404);
  });
});

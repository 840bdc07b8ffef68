import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { app } from "../../src/worker/app.ts";
import { SCOPES, type Scope } from "../../src/worker/auth.ts";
import type { Bindings } from "../../src/worker/env.ts";
import { ALIASES } from "../../src/worker/paths.ts";
import { get, post } from "../support/api.ts";
import { exporter } from "../support/exporter.ts";
import { watchOutside } from "../support/outside.ts";

watchOutside();
const bindings = env as unknown as Bindings;
exporter("alpha");
exporter("beta");

interface Operation {
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly "x-scope"?: string;
  readonly security?: readonly object[];
  readonly requestBody?: { readonly required?: boolean };
  readonly parameters?: readonly { readonly in: string; readonly required?: boolean }[];
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: object; readonly securitySchemes: object };
}

const document = app.getOpenAPI31Document({
  openapi: "3.1.0",
  info: { title: "", version: "" },
}) as unknown as Document;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, path, operation })),
);
/** Open by contracts 2, or guarded by their own means: a session is made with a token, a live feed with a session. */
const OPEN = ["GET /healthz", "GET /readyz", "GET /api/openapi.json", "POST /api/v1/session"].concat(
  // Answers 204 to nobody.
  "GET /api/v1/session",
);

test("the document is served as OpenAPI 3.1 to anybody", async () => {
  const { status, json } = await get("/api/openapi.json");
  expect(status).toBe(200);
  expect(json.openapi).toBe("3.1.0");
  const served = json as unknown as Document;
  expect(Object.keys(served.paths).sort()).toEqual(Object.keys(document.paths).sort());
  expect(served.components.schemas).toHaveProperty("Problem");
  const groups = Object.values(served.paths).flatMap((one) => Object.values(one).map(({ tags }) => tags?.[0]));
  expect(groups.filter((group) => group === undefined || group === "Other")).toEqual([]);
  expect(JSON.stringify(served)).not.toMatch(/"\$ref":"#\/components\/schemas\/undefined"/);
});

test("every route of the application is in the document, and no other", () => {
  const routed = new Set(
    app.routes
      .filter(({ method, path }) => method !== "ALL" && !path.endsWith("*"))
      .map(({ method, path }) => `${method} ${path.replace(/:([a-zA-Z_]+)(\{[^}]*\})?/g, "{$1}")}`),
  );
  expect(operations.map(({ name }) => name).filter((name) => !routed.has(name))).toEqual([]);
  expect([...routed].filter((name) => !operations.some((operation) => operation.name === name))).toEqual([]);
});

describe("each operation", () => {
  test.each(operations.map(({ name, operation }) => [name, operation] as const))("%s", (name, operation) => {
    expect(operation.summary ?? "").not.toBe("");
    expect(Object.keys(operation.responses).length).toBeGreaterThan(0);
    if (OPEN.includes(name)) expect(operation["x-scope"]).toBeUndefined();
    else expect(SCOPES).toContain(operation["x-scope"]);
  });
});

describe("without a token", () => {
  const guarded = operations.filter(({ operation }) => operation["x-scope"] !== undefined);
  test.each(guarded.map(({ name }) => [name]))("%s answers 401", async (name) => {
    const [method = "", path = ""] = name.split(" ");
    const response = await exports.default.fetch(
      new Request(`https://alerts.test${path.replace(/\{[^}]+\}/g, "x")}`, {
        method,
        ...(method === "GET" ? {} : { body: "{}", headers: { "content-type": "application/json" } }),
      }),
    );
    await response.arrayBuffer();
    expect(response.status).toBe(401);
  });
});

const ask = async (name: string, headers: Record<string, string>, path = pathOf(name)) => {
  const method = name.split(" ")[0] ?? "";
  const response = await exports.default.fetch(
    new Request(`https://alerts.test${path}`, {
      method,
      headers: { "content-type": "application/json", ...headers },
      ...(["GET", "HEAD", "DELETE"].includes(method) ? {} : { body: "{}" }),
    }),
  );
  return { status: response.status, headers: response.headers, text: await response.text() };
};
const pathOf = (name: string): string => (name.split(" ")[1] ?? "").replace(/\{[^}]+\}/g, "x");

describe("a token without the scope", () => {
  /** The most that a token may do and still not this. */
  const WITHOUT: Readonly<Record<string, readonly Scope[]>> = {
    ingest: ["operate"],
    read: ["ingest"],
    operate: ["read", "ingest"],
    admin: ["operate", "ingest"],
  };
  const tokens = new Map<string, string>();
  beforeAll(async () => {
    for (const [scope, scopes] of Object.entries(WITHOUT)) {
      const { json } = await post("/api/v1/tokens", { name: `without-${scope}`, scopes });
      tokens.set(scope, String(json.token));
    }
  });
  const guarded = operations.flatMap(({ name, operation }) =>
    operation["x-scope"] === undefined ? [] : [[name, operation["x-scope"]] as const],
  );
  test.each(guarded)("%s answers 403, since it needs %s", async (name, scope) => {
    const { status, headers, text } = await ask(name, { authorization: `Bearer ${tokens.get(scope) ?? ""}` });
    expect([status, headers.get("content-type")]).toEqual([403, "application/problem+json"]);
    expect(JSON.parse(text)).toMatchObject({ type: "/problems/forbidden", status: 403 });
  });
});

describe("an older address answers as the one it stands for", () => {
  test.each([
    ["POST /proxy/webhook", "/webhook/proxy"],
    ["POST /proxy/targets/refresh", "/publishing/targets/refresh"],
    ["GET /webhook/health", "/healthz"],
    ["GET /health", "/healthz"],
    ["GET /-/healthy", "/healthz"],
    ["GET /-/ready", "/readyz"],
    ["GET /api/v1/publishing/stats", "/publishing/stats"],
    ["GET /api/v2/publishing/queue/status", "/publishing/queue/status"],
    ["GET /api/v2/history", "/history"],
    ["GET /api/v2/history/top", "/history/top"],
    ["GET /api/v2/report", "/report"],
    ["GET /api/v2/classification/stats", "/classification/stats"],
    ["GET /api/v2/enrichment/mode", "/enrichment/mode"],
  ])("%s", async (name, canonical) => {
    const known = operations.find((one) => one.name === `${name.split(" ")[0]} ${canonical}`);
    expect(known).toBeDefined();
    for (const headers of [{}, { authorization: "Bearer nobody" }, { authorization: "Bearer test-ingest" }]) {
      const [older, newer] = [await ask(name, headers), await ask(name, headers, canonical)];
      expect(older.status).toBe(newer.status);
      expect(older.headers.get("location")).toBeNull();
    }
    const admin = await ask(name, { authorization: "Bearer test-admin" });
    expect([401, 403, 404]).not.toContain(admin.status);
  });

  test("every alias has a case above", () => {
    const asked = ["/proxy/webhook", "/proxy/targets/refresh", "/health", "/-/ready", "/api/v1/publishing/x"].concat([
      "/api/v2/history",
      "/docs",
    ]);
    expect(ALIASES.filter(([from]) => !asked.some((path) => from.test(path))).map(([from]) => from.source)).toEqual([]);
  });
});

describe("what holds for every route", () => {
  const JSON_BODIES = operations.filter(({ operation }) => operation.requestBody?.required === true);
  test.each(JSON_BODIES.map(({ name }) => [name]))("%s takes JSON only: 415", async (name) => {
    const { status, text } = await ask(name, { authorization: "Bearer test-admin", "content-type": "text/plain" });
    expect(status).toBe(415);
    const body = JSON.parse(text) as { type?: string } | string;
    if (name.includes(" /api/v2/")) expect(typeof body).toBe("string");
    else expect(body).toMatchObject({ type: "/problems/unsupported-media-type" });
  });

  const GETS = operations.filter(({ name, path }) => name.startsWith("GET ") && !path.includes("{"));
  test.each(GETS.filter(({ path }) => path !== "/api/v1/live").map(({ path }) => [path]))(
    "HEAD %s is GET without a body, an unknown parameter and a trailing slash are ignored",
    async (path) => {
      const auth = { authorization: "Bearer test-admin" };
      const got = await ask(`GET ${path}`, auth, `${path}?what_is_this=1`);
      const head = await ask(`HEAD ${path}`, auth);
      expect([head.status, head.text]).toEqual([got.status, ""]);
      expect((await ask(`GET ${path}`, auth, `${path}/`)).status).toBe(got.status);
      expect(got.status).toBe(200);
      expect(Object.fromEntries(got.headers)).toMatchObject({
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
      });
      expect(got.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
      expect(got.headers.get("access-control-allow-origin")).toBeNull();
      if (got.headers.get("content-type")?.includes("json")) {
        expect(got.headers.get("content-security-policy")).toBe("default-src 'none'");
      }
    },
  );

  const paths = [...new Set(operations.map(({ path }) => path))];
  test.each(paths.map((path) => [path]))("%s answers a wrong method with 405 and the right ones", async (path) => {
    const taken = operations.filter((one) => one.path === path).map(({ name }) => name.split(" ")[0] ?? "");
    const { status, headers } = await ask(`PATCH ${path}`, { authorization: "Bearer test-admin" });
    expect(status).toBe(405);
    const allowed = headers.get("allow")?.split(", ") ?? [];
    for (const method of taken) expect(allowed).toContain(method);
  });

  const broken = operations.filter(
    ({ operation, name }) => name.startsWith("POST ") && operation.requestBody?.required,
  );
  test.each(broken.map(({ name }) => [name]))("%s says that a broken body is invalid", async (name) => {
    const response = await exports.default.fetch(
      new Request(`https://alerts.test${pathOf(name)}`, {
        method: "POST",
        headers: { authorization: "Bearer test-admin", "content-type": "application/json" },
        body: '{"alerts": [{"invalid": }]}',
      }),
    );
    const body = (await response.json()) as { type?: string; detail?: string } | string;
    expect(response.status).toBe(400);
    if (name.includes(" /api/v2/")) expect(body).toMatch("invalid");
    else expect(body).toMatchObject({ type: "/problems/malformed-body", detail: expect.stringContaining("invalid") });
  });

  test("an error of ours is a problem, and a JSON string where Alertmanager's clients ask", async () => {
    await bindings.DB.exec("ALTER TABLE silences RENAME TO silences_away; ALTER TABLE events RENAME TO events_away");
    const auth = { authorization: "Bearer test-admin" };
    const [theirs, ours] = [await ask("GET /api/v2/silences", auth), await ask("GET /history", auth)];
    await bindings.DB.exec("ALTER TABLE silences_away RENAME TO silences; ALTER TABLE events_away RENAME TO events");
    expect([theirs.status, typeof JSON.parse(theirs.text)]).toEqual([500, "string"]);
    expect([ours.status, JSON.parse(ours.text).type]).toEqual([500, "/problems/internal"]);
    expect(ours.text).not.toContain("no such table");
  });

  test("a request id is taken over where it is one", async () => {
    expect((await ask("GET /healthz", { "x-request-id": "abc-1.2_3" })).headers.get("x-request-id")).toBe("abc-1.2_3");
    expect((await ask("GET /healthz", { "x-request-id": "no spaces" })).headers.get("x-request-id")).toMatch(
      /^[0-9a-f-]{36}$/,
    );
  });

  test("a preflight from another site is given nothing", async () => {
    const { headers } = await ask("OPTIONS /history", {
      origin: "https://evil.example",
      "access-control-request-method": "GET",
    });
    expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});

import { describe, expect, test } from "vitest";
import { app } from "../../src/worker/app.ts";
import { SCOPES } from "../../src/worker/auth.ts";
import { get } from "../support/api.ts";

interface Operation {
  readonly summary?: string;
  readonly "x-scope"?: string;
  readonly security?: readonly object[];
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
    const { exports } = await import("cloudflare:workers");
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

describe("an example that needs nothing but the address", () => {
  const plain = operations.filter(
    ({ name, path, operation }) =>
      name.startsWith("GET ") &&
      !path.includes("{") &&
      !(operation.parameters ?? []).some((parameter) => parameter.required === true),
  );
  test.each(plain.map(({ name, path, operation }) => [name, path, operation] as const))(
    "%s answers as documented",
    async (_, path, operation) => {
      const { status } = await get(path);
      expect(Object.keys(operation.responses)).toContain(String(status));
    },
  );
});

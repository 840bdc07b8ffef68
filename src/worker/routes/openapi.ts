/** `/api/openapi.json`: the document of exactly the routes there are, from the schemas that validate. */
import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { SCOPES } from "../auth.ts";
import type { AppEnv } from "../http.ts";
import { exampleOf } from "./examples.ts";
import { VERSION } from "./health.ts";
import { GROUP_NAMES, groupOf } from "./openapi-groups.ts";

const PATH = "/api/openapi.json";

/** Every protected route can answer these; the document says it once. */
const PROBLEMS = {
  401: "No valid token",
  403: "The token lacks the scope",
  500: "The request failed here",
  503: "Not now; come again",
} as const;

const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number(),
    detail: z.string(),
    instance: z.string(),
    request_id: z.string().nullable(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .openapi("Problem");

const describe = (app: OpenAPIHono<AppEnv>) => {
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    tags: GROUP_NAMES,
    info: {
      title: "Alert History",
      version: VERSION,
      description: [
        "One endpoint for a company's alerts. Errors are problems (RFC 9457) unless a route says otherwise.",
        `A token travels as \`Authorization: Bearer\`, as the password of Basic, or as \`X-API-Key\`. Scopes: ${SCOPES.join(", ")};`,
        "admin includes operate, operate includes read, ingest is included only in admin.",
      ].join(" "),
    },
  });
  for (const [path, operations] of Object.entries(document.paths ?? {})) {
    for (const [method, operation] of Object.entries(operations as Record<string, Operation>)) {
      operation.tags = [groupOf(path)];
      addExample(method, path, operation);
      if (operation["x-scope"] === undefined) continue;
      for (const [status, description] of Object.entries(PROBLEMS)) {
        operation.responses[status] ??= {
          description,
          content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
        };
      }
    }
  }
  return document;
};

/** Puts the example where a reader can try it: at each parameter and at the body. */
const addExample = (method: string, path: string, operation: Operation): void => {
  const example = exampleOf(method, path);
  if (example === null) return;
  const given: Readonly<Record<string, string>> = { ...example.query, ...example.params };
  for (const parameter of operation.parameters ?? []) {
    const value = given[parameter.name];
    if (value !== undefined) parameter.example = value;
  }
  if (example.body === undefined) return;
  // Bodies that are read within limits of their own are described here only.
  operation.requestBody ??= { content: {} };
  const type = example.headers?.["content-type"] ?? "application/json";
  operation.requestBody.content[type] = { schema: {}, ...operation.requestBody.content[type], example: example.body };
};

interface Parameter {
  readonly name: string;
  readonly in: string;
  example?: string;
}

interface Operation {
  readonly "x-scope"?: string;
  tags?: string[];
  parameters?: Parameter[];
  requestBody?: { readonly content: Record<string, { example?: unknown; schema?: object }> };
  readonly responses: Record<string, { description: string; content?: object }>;
}

/** Adds the document to an application whose other routes are all there. */
export const addApiDocument = (app: OpenAPIHono<AppEnv>): void => {
  app.openAPIRegistry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer" });
  app.openAPIRegistry.register("Problem", Problem);
  app.openAPIRegistry.registerPath({
    method: "get",
    path: PATH,
    summary: "This document",
    responses: { 200: { description: "OpenAPI 3.1", content: { "application/json": { schema: z.looseObject({}) } } } },
  });
  let made: string | null = null;
  app.get(PATH, (c) => {
    made ??= JSON.stringify(describe(app));
    return c.body(made, 200, { "content-type": "application/json" });
  });
};

/**
 * The example of every route, executed against the running Worker: the documented status, and a body that the schema in
 * the document accepts. A route without an example fails.
 */
import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type * as z from "zod";
import { app } from "../../src/worker/app.ts";
import { commitEvents, type Decided } from "../../src/worker/db/events.ts";
import { joinIncidents } from "../../src/worker/db/incidents.ts";
import type { Bindings } from "../../src/worker/env.ts";
import { EXAMPLES, exampleOf } from "../../src/worker/routes/examples.ts";
import { eventually, get, post, remove, send } from "../support/api.ts";
import { exporter } from "../support/exporter.ts";
import { receiver, watchOutside } from "../support/outside.ts";

watchOutside();
exporter("alpha");
exporter("beta");
receiver("hooks.example.com").answer = () => new Response("{}");
receiver("broken.example.com").answer = () => new Response("gone", { status: 404 });
const bindings = env as unknown as Bindings;

interface Route {
  readonly method: string;
  readonly path: string;
  readonly responses: Readonly<Record<string, { readonly content?: Record<string, { readonly schema: z.ZodType }> }>>;
}
const ROUTES = app.openAPIRegistry.definitions.flatMap((definition) =>
  definition.type === "route" ? [definition.route as unknown as Route] : [],
);
const nameOf = ({ method, path }: Route): string => `${method.toUpperCase()} ${path}`;

const onCall = { name: "on-call", type: "webhook", url: "https://hooks.example.com/alerts" };
const silence = () => post("/api/v2/silences", EXAMPLES["POST /api/v2/silences"]?.body as object);
const deadLetters = async (): Promise<string[]> =>
  ((await get("/api/v1/dead-letters")).json as unknown as { notifications: { id: string }[] }).notifications.map(
    ({ id }) => id,
  );
const takeDeadLetter = async () => ({ id: (await deadLetters())[0] ?? "none" });
const deliveredIds = async (): Promise<string[]> => {
  const { json } = await get("/api/v1/notifications?target=on-call&state=delivered");
  return (json as unknown as { notifications: { id: string }[] }).notifications.map(({ id }) => id);
};
const delivered = async () => ({ id: (await deliveredIds())[0] ?? "none" });

/** Ids that the Worker makes up: what stands in the example, as it really is here. */
const REAL: Readonly<Record<string, () => Promise<Record<string, string>>>> = {
  "GET /api/v2/silence/{id}": async () => ({ id: String((await silence()).json.silenceID) }),
  "DELETE /api/v2/silence/{id}": async () => ({ id: String((await silence()).json.silenceID) }),
  "GET /api/v1/receipts/{id}": async () => ({ id: String((await send({ alertname: "Receipt" })).json.receipt_id) }),
  "GET /api/v1/incidents/{id}": async () => {
    const { json } = await get("/api/v1/incidents");
    return { id: (json as unknown as { incidents: { id: string }[] }).incidents[0]?.id ?? "none" };
  },
  "GET /api/v1/notifications/{id}": delivered,
  "GET /api/v1/notifications/{id}/request": delivered,
  "GET /publishing/queue/jobs/{id}": delivered,
  "POST /publishing/dlq/{id}/replay": takeDeadLetter,
  "DELETE /api/v1/dead-letters/{id}": takeDeadLetter,
};

/** What has to be there before, where another example may have taken it away. */
const BEFORE: Readonly<Record<string, () => Promise<unknown>>> = {
  "GET /publishing/targets/{name}": () => post("/api/v1/targets", onCall),
  "GET /publishing/targets/health/{name}": () => post("/api/v1/targets", onCall),
  "POST /publishing/targets/health/{name}/check": () => post("/api/v1/targets", onCall),
  "DELETE /api/v1/tokens/{name}": () => post("/api/v1/tokens", { name: "grafana", scopes: ["read"] }),
  "POST /api/v1/tokens": () => remove("/api/v1/tokens/grafana"),
  "DELETE /proxy/filters/rules/{name}": () =>
    post("/proxy/filters/rules", EXAMPLES["POST /proxy/filters/rules"]?.body as object),
  "POST /proxy/filters/rules": () => remove("/proxy/filters/rules/no_lab"),
  "POST /publishing/targets/refresh": () =>
    runInDurableObject(bindings.REGISTRY.getByName("main"), (object) => {
      Object.assign(object, { lastManualAt: 0 });
    }),
};

const twoOfOneCluster = (): Decided[] =>
  ["1", "2"].map(
    (n) =>
      ({
        event: {
          fingerprint: `000000000000000${n}`,
          ...{ seq: 1, kind: "new", status: "firing", previousStatus: null, annotations: {}, startsAt: Date.now() },
          labels: { alertname: `Together${n}`, cluster: "east" },
          ...{ endsAt: null, generatorURL: "", receivedAt: Date.now(), expired: false, episodeSeq: 1, receiptId: null },
          ...{ source: null, format: "generic", upstream: null, sourceFingerprint: null },
        },
        decision: {
          ...{ severity: "warning", classification: null, mode: "transparent", configVersion: null },
          ...{ trace: [], notifications: [], groups: [], storms: [] },
        },
      }) as unknown as Decided,
  );

beforeAll(async () => {
  await post("/api/v1/targets", onCall);
  await post("/api/v1/targets", { name: "broken", type: "webhook", url: "https://broken.example.com/" });
  await send(EXAMPLES["POST /webhook"]?.body as object);
  await send({ alertname: "AnotherDead" });
  await eventually(deadLetters, (ids) => ids.length >= 2);
  await eventually(deliveredIds, (ids) => ids.length >= 2);
  const pair = twoOfOneCluster();
  const correlation = { labels: ["cluster"], withinMs: 600_000 };
  await bindings.DB.batch([
    ...commitEvents(bindings.DB, pair, [], [], Date.now()),
    ...joinIncidents(bindings.DB, pair, correlation),
  ]);
  const document = EXAMPLES["PUT /api/v1/config"]?.body as string;
  const put = await exports.default.fetch(
    new Request("https://alerts.test/api/v1/config", {
      method: "PUT",
      headers: { authorization: "Bearer test-admin" },
      body: document,
    }),
  );
  expect(put.status, await put.text()).toBe(200);
});

describe("the example of", () => {
  test.each(ROUTES.map((route) => [nameOf(route), route] as const))("%s", async (name, route) => {
    const example = exampleOf(route.method, route.path);
    if (example === null) throw new Error("there is none in src/worker/routes/examples.ts");
    await BEFORE[name]?.();
    const params: Record<string, string> = { ...example.params, ...(await REAL[name]?.()) };
    const path = route.path.replace(/\{([^}]+)\}/g, (_, part: string) => encodeURIComponent(params[part] ?? ""));
    const query = new URLSearchParams(example.query ?? {}).toString();
    const body = name === "POST /api/v1/session" ? { token: "test-admin" } : example.body;
    const response = await exports.default.fetch(
      new Request(`https://alerts.test${path}${query === "" ? "" : `?${query}`}`, {
        method: route.method.toUpperCase(),
        headers: {
          authorization: "Bearer test-admin",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...example.headers,
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      }),
    );
    response.webSocket?.accept();
    response.webSocket?.close();
    const text = response.status === 101 ? "" : await response.text();
    expect(response.status, text).toBe(example.status);
    const documented = route.responses[String(example.status)];
    expect(documented, "the status is documented").toBeDefined();
    const schema = documented?.content?.["application/json"]?.schema;
    if (schema === undefined) return;
    const parsed = schema.safeParse(JSON.parse(text));
    expect(parsed.error?.issues, text.slice(0, 2000)).toBeUndefined();
  });

  test("nothing that is no route", () => {
    const names = ROUTES.map(nameOf);
    expect(Object.keys(EXAMPLES).filter((name) => !names.includes(name))).toEqual([]);
  });
});

test("the document shows the examples", async () => {
  const { json } = await get("/api/openapi.json");
  const paths = json.paths as unknown as Record<string, Record<string, { requestBody?: { content: object } }>>;
  expect(paths["/webhook"]?.post?.requestBody?.content).toMatchObject({
    "application/json": { example: EXAMPLES["POST /webhook"]?.body },
  });
  expect(JSON.stringify(paths["/history/{fingerprint}"])).toContain('"example":"bbf38a17b6294e0a"');
});

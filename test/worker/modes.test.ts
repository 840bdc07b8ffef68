import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually, get, post, remove, send } from "../support/api.ts";
import { receiver, watchOutside } from "../support/outside.ts";

watchOutside();
receiver("sink.example.com");

beforeAll(async () => {
  await post("/api/v1/targets", { name: "sink", type: "webhook", url: "https://sink.example.com/hook" });
});
afterEach(() => remove("/enrichment/mode"));

const traceOf = async (alertname: string): Promise<{ stage: string; decision: string; reason: string }[]> => {
  const sent = await send({ alertname });
  const [{ fingerprint }] = sent.json.alerts as unknown as [{ fingerprint: string }];
  const { json } = await eventually(
    () => get(`/api/v1/alerts/${fingerprint}/trace`),
    ({ status }) => status === 200,
  );
  return (json.events as unknown as { trace: never[] }[])[0]!.trace;
};

describe("the enrichment mode", () => {
  test("is the default until one is stored, and again once that is dropped", async () => {
    expect((await get("/enrichment/mode")).json).toEqual({ mode: "enriched", source: "default" });
    const set = await post("/enrichment/mode", { mode: "transparent", reason: "the model is being moved" });
    expect([set.status, set.json]).toMatchObject([
      200,
      { mode: "transparent", source: "stored", previous_mode: "enriched" },
    ]);
    expect(set.headers.get("x-enrichment-mode")).toBe("transparent");
    expect((await remove("/enrichment/mode")).json).toEqual({ mode: "enriched", source: "default" });
  });

  test.each<[name: string, body: object]>([
    ["an unknown word", { mode: "magic" }],
    ["nothing", {}],
    ["a field nobody knows", { mode: "shadow", since: "now" }],
  ])("refuses %s with 422", async (_, body) => {
    expect((await post("/enrichment/mode", body)).status).toBe(422);
  });

  test("leaves behind who switched it and why", async () => {
    await post("/enrichment/mode", { mode: "shadow", reason: "trying a new prompt" });
    const row = await env.DB.prepare("SELECT * FROM audit WHERE action = 'enrichment.mode' ORDER BY id DESC").first();
    expect(row).toMatchObject({ actor: "admin", subject: "shadow" });
    expect(JSON.parse(String(row?.["detail"]))).toEqual({
      from: "enriched",
      to: "shadow",
      reason: "trying a new prompt",
    });
  });

  test("decides from the next alert on whether anybody is asked, and stands in the headers of ingest", async () => {
    await post("/enrichment/mode", { mode: "transparent" });
    expect((await traceOf("ModeOff")).find(({ stage }) => stage === "classify")).toMatchObject({ reason: "off" });
    expect((await send({ alertname: "ModeHeader" })).headers.get("x-enrichment-mode")).toBe("transparent");
    await remove("/enrichment/mode");
    expect((await traceOf("ModeOn")).find(({ stage }) => stage === "classify")).toMatchObject({ reason: "fallback" });
  });

  test("has statistics of its switches and of what was decided in each", async () => {
    await post("/enrichment/mode", { mode: "transparent" });
    await traceOf("ModeCounted");
    const { json } = await get("/enrichment/stats");
    expect(json).toMatchObject({ current_mode: "transparent", source: "stored", last_switch_from: "enriched" });
    expect(Number(json.total_switches)).toBeGreaterThan(2);
    expect((json.alerts_by_mode as unknown as Record<string, number>)["transparent"]).toBeGreaterThan(0);
  });
});

describe("filter rules", () => {
  const rule = { name: "no_lab", action: "deny", conditions: { matchers: ['env="lab"'] } };
  const rules = async () => (await get("/proxy/filters/rules")).json.rules as unknown as Record<string, unknown>[];

  test("are those present at start until an operator adds or replaces one", async () => {
    expect((await rules()).map(({ name, origin }) => [name, origin])).toContainEqual([
      "block_noise_alerts",
      "built_in",
    ]);
    expect((await post("/proxy/filters/rules", rule)).status).toBe(201);
    expect((await post("/proxy/filters/rules", { ...rule, priority: 5 })).status).toBe(200);
    expect((await rules()).find(({ name }) => name === "no_lab")).toMatchObject({
      priority: 5,
      origin: "stored",
      hits: 0,
    });
  });

  test("hold for the next alert, and count what they did", async () => {
    const sent = await send({ labels: { alertname: "LabDown", env: "lab" } });
    const [{ fingerprint }] = sent.json.alerts as unknown as [{ fingerprint: string }];
    const { json } = await eventually(
      () => get(`/api/v1/alerts/${fingerprint}/trace`),
      ({ status }) => status === 200,
    );
    const steps = (json.events as unknown as { trace: object[] }[])[0]!.trace;
    expect(steps).toContainEqual(expect.objectContaining({ stage: "filter", decision: "deny", reason: "no_lab" }));
    expect((await rules()).find(({ name }) => name === "no_lab")).toMatchObject({ hits: 1 });
  });

  test.each<[name: string, change: object, path: string]>([
    ["no condition", { conditions: {} }, "/conditions"],
    ["an unknown condition", { conditions: { colour: "red" } }, "/conditions"],
    ["a pattern that looks around", { conditions: { alert_name_pattern: "(?=x)" } }, "/conditions/alert_name_pattern"],
    ["an action nobody knows", { action: "mute" }, "/action"],
    ["a name with a blank", { name: "no lab" }, "/name"],
  ])("with %s are refused with 422 and the place", async (_, change, path) => {
    const answer = await post("/proxy/filters/rules", { ...rule, ...change });
    expect([answer.status, answer.json.errors]).toMatchObject([422, [{ path }]]);
  });

  test("go as they came; those present at start are switched off, not removed", async () => {
    expect((await remove("/proxy/filters/rules/no_lab")).status).toBe(200);
    expect((await remove("/proxy/filters/rules/no_lab")).status).toBe(404);
    expect((await remove("/proxy/filters/rules/block_noise_alerts")).status).toBe(404);
    expect((await rules()).map(({ name }) => name)).not.toContain("no_lab");
  });
});

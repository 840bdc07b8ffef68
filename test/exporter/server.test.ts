import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TARGET_DEFECTS } from "../../src/core/route/target.ts";
import { eventually, type Running, run, TOKEN } from "./harness.ts";
import { KubernetesApi, LABEL } from "./kubernetes-api.ts";

/** In every value of every Secret, valid or not. */
const CANARY = "c4n4ry";
const HOOK = `https://hook.example.com/${CANARY}`;
const KEY = CANARY.padEnd(32, "k");

/** One Secret for each reason of contracts 9.4. */
const BROKEN: Readonly<Record<(typeof TARGET_DEFECTS)[number], Readonly<Record<string, string>>>> = {
  invalid_name: { name: `${CANARY}.name`, url: HOOK },
  duplicate_name: { name: "good-slack", url: HOOK },
  missing_url: { type: "slack", description: CANARY },
  invalid_url: { url: `${CANARY}` },
  insecure_url: { url: `http://${CANARY}.example.com/` },
  blocked_host: { url: `https://10.0.0.1/${CANARY}` },
  unknown_type: { type: CANARY, url: HOOK },
  unknown_format: { format: CANARY, url: HOOK },
  incompatible_format: { type: "slack", format: "teams", url: HOOK },
  missing_routing_key: { type: "pagerduty", description: CANARY },
  missing_token: { type: "rootly", description: CANARY },
  missing_channel: { type: "telegram", "bot-token": CANARY },
  invalid_json: { config: `{"url": "${HOOK}` },
  invalid_headers: { url: HOOK, headers: `X-A=1,${CANARY}` },
  invalid_value: { url: HOOK, priority: CANARY },
  too_large: { url: HOOK, metadata: CANARY.repeat(20_000) },
};

let api: KubernetesApi;
let running: Running;
beforeAll(async () => {
  api = new KubernetesApi();
  await api.start();
  const put = (name: string, data: Record<string, string>, labels = LABEL) =>
    api.put({ namespace: "alerts", name, labels, data });
  put("good-slack", { type: "slack", url: HOOK, "unknown-key": CANARY, "webhook-url": `${HOOK}/2` });
  put("good-pagerduty", { type: "pagerduty", "routing-key": KEY, url: "https://events.pagerduty.com/" });
  put("good-headers", {
    config: JSON.stringify({ url: HOOK, api_key: CANARY, headers: { "X-A": CANARY } }),
    "header-x-a": "b",
  });
  for (const [reason, data] of Object.entries(BROKEN)) put(`z-${reason.replaceAll("_", "-")}`, data);
  api.put({ namespace: "alerts", name: `${CANARY}-unlabelled`, data: { url: HOOK } });
  running = await run({ TARGET_NAMESPACES: "alerts", CLUSTER: "prod-eu" }, () => api.kubeConfig(CANARY));
  await eventually(async () => expect((await running.get("/readyz")).status).toBe(200));
});
afterAll(async () => {
  await running.exporter.drain();
  await api.stop();
});

describe("GET /targets", () => {
  test("holds the valid targets whole, in order, and what their authors should know", async () => {
    const snapshot = await running.targets();
    expect(snapshot).toMatchObject({
      version: 1,
      cluster: "prod-eu",
      complete: true,
      namespaces: [{ name: "alerts", status: "ok" }],
    });
    expect(snapshot.targets.map(({ secret, warnings }) => [secret, warnings])).toEqual([
      ["good-headers", ["headers of the flat keys differs and is ignored"]],
      ["good-pagerduty", ["url: the path was replaced by /v2/enqueue"]],
      ["good-slack", ["url of the flat keys differs and is ignored", "the unknown key unknown_key is ignored"]],
    ]);
    expect(snapshot.targets[1]).toMatchObject({
      namespace: "alerts",
      resource_version: "102",
      target: { type: "pagerduty", routing_key: KEY, url: "https://events.pagerduty.com/v2/enqueue" },
    });
  });

  test("lists each invalid Secret with the reason of contracts 9.4", async () => {
    const { invalid } = await running.targets();
    const reasons = Object.fromEntries(invalid.map(({ secret, reason }) => [secret, reason]));
    expect(reasons).toEqual(
      Object.fromEntries(TARGET_DEFECTS.map((reason) => [`z-${reason.replaceAll("_", "-")}`, reason])),
    );
  });

  test.each([
    ["no token", {}],
    ["another token", { Authorization: `Bearer ${TOKEN}x` }],
    ["an empty token", { Authorization: "Bearer " }],
    ["another scheme", { Authorization: `Basic ${Buffer.from(`u:${TOKEN}`).toString("base64")}` }],
  ])("is refused with %s", async (_sentence, headers: Record<string, string>) => {
    const answer = await fetch(`${running.url}/targets`, { headers });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("WWW-Authenticate")).toContain("Bearer");
    expect(await answer.text()).not.toContain("alerts");
  });

  test("is answered 304 to its own tag, in either strength, until something changes", async () => {
    const first = await running.get("/targets");
    const etag = first.headers.get("ETag") ?? "";
    expect(first.headers.get("Cache-Control")).toBe("no-store");
    for (const tag of [etag, etag.replace("W/", ""), `"other", ${etag}`]) {
      const again = await running.get("/targets", { "If-None-Match": tag });
      expect([again.status, await again.text(), again.headers.get("ETag")]).toEqual([304, "", etag]);
    }
    expect((await running.get("/targets", { "If-None-Match": '"other"' })).status).toBe(200);
    api.put({ namespace: "alerts", name: "later", labels: LABEL, data: { url: HOOK } });
    await eventually(async () => expect((await running.get("/targets", { "If-None-Match": etag })).status).toBe(200));
    api.remove("alerts", "later");
    await eventually(async () => expect((await running.get("/targets", { "If-None-Match": etag })).status).toBe(304));
  });

  test("without the right token its tag is worth nothing", async () => {
    const etag = (await running.get("/targets")).headers.get("ETag") ?? "";
    expect((await fetch(`${running.url}/targets`, { headers: { "If-None-Match": etag } })).status).toBe(401);
  });
});

describe("the other routes", () => {
  test.each([
    ["GET", "/healthz", 200],
    ["GET", "/readyz", 200],
    ["GET", "/metrics", 200],
    ["HEAD", "/targets", 200],
    ["GET", "/targets/", 200],
    ["GET", "/targets?x=1", 200],
    ["POST", "/targets", 405],
    ["DELETE", "/healthz", 405],
    ["GET", "/", 404],
    ["GET", "/targets/good-slack", 404],
    ["GET", "/__proto__", 404],
  ])("%s %s is %i", async (method, path, status) => {
    const answer = await fetch(running.url + path, { method, headers: { Authorization: `Bearer ${TOKEN}` } });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
    expect(answer.headers.get("Allow")).toBe(status === 405 ? "GET, HEAD" : null);
  });

  test("/metrics counts what there is", async () => {
    const text = await (await running.get("/metrics")).text();
    expect(text).toContain("alert_history_exporter_targets 3\n");
    expect(text).toContain(`alert_history_exporter_invalid_secrets ${TARGET_DEFECTS.length}\n`);
    expect(text).toContain('alert_history_exporter_namespace_ok{namespace="alerts"} 1\n');
    expect(text).toMatch(/alert_history_exporter_http_requests_total\{path="\/targets",status="401"\} \d+\n/);
    expect(text).toMatch(/alert_history_exporter_sync_age_seconds\{namespace="alerts",selector="[^"]+"\} [\d.]+\n/);
    for (const line of text.trimEnd().split("\n")) {
      expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [\d.e+-]+)$/);
    }
  });
});

test("no value of a Secret, no token and no unlabelled Secret is anywhere but in the targets themselves", async () => {
  api.endWatches({ code: 500 });
  await eventually(() => expect(running.logs.join("")).toContain("cannot be read"));
  api.forbidden.add("alerts");
  await eventually(async () => expect(await running.targets()).toMatchObject({ complete: false }));
  api.forbidden.clear();
  await eventually(async () => expect(await running.targets()).toMatchObject({ complete: true }));

  const { targets, ...rest } = await running.targets();
  const described = targets.map(({ target: _secret, ...description }) => description);
  const answers = ["/metrics", "/healthz", "/readyz", "/nothing"].map(async (path) => (await running.get(path)).text());
  const everything = [
    JSON.stringify(rest),
    JSON.stringify(described),
    ...running.logs,
    ...(await Promise.all(answers)),
  ];
  expect(everything.join("\n")).not.toContain(CANARY);
  expect(everything.join("\n")).not.toContain(TOKEN);
  expect(JSON.stringify(targets)).not.toContain("unlabelled");
  expect(running.logs.length).toBeGreaterThan(5);
});

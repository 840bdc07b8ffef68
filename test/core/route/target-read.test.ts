import { describe, expect, test } from "vitest";
import type { Target } from "../../../src/core/route/target.ts";
import { readTarget, readTargetWithWarnings, type TargetReadOptions } from "../../../src/core/route/target-read.ts";

const options: TargetReadOptions = { parseUrl: (text) => URL.parse(text) };
const KEY = "0123456789abcdef0123456789ABCDEF";
const HOOK = "https://hook.example.com/in";
const WHSEC = "whsec_YWxlcnQtcm91dGVyLWV4YW1wbGUta2V5LTAx";

const read = (json: Record<string, unknown>, extra: Partial<TargetReadOptions> = {}): Target => {
  const result = readTarget({ name: "ops", ...json }, { ...options, ...extra });
  if (!result.ok) throw new Error(`${result.error.reason}: ${result.error.detail}`);
  return result.value;
};
test("a URL alone is a webhook with every default", () => {
  expect(read({ url: HOOK })).toEqual({
    name: "ops",
    type: "webhook",
    format: "webhook",
    url: HOOK,
    enabled: true,
    priority: 100,
    sendResolved: true,
    timeoutSeconds: 10,
    retryWindowSeconds: 86_400,
    per: null,
    headers: {},
    filter: { severity: [], namespaces: [], excludeNoise: false, minConfidence: null, alertNamePattern: null },
    credentials: {},
    options: {},
    description: "",
    metadata: {},
  });
});

describe("type and format follow from each other", () => {
  test.each<[string, Record<string, unknown>, string, string]>([
    ["type alone", { type: "teams", url: HOOK }, "teams", "teams"],
    ["format alone", { format: "discord", url: HOOK }, "discord", "discord"],
    ["alertmanager is a webhook with that format", { type: "alertmanager", url: HOOK }, "webhook", "alertmanager"],
    [
      "webhook with the alertmanager format",
      { type: "webhook", format: "alertmanager", url: HOOK },
      "webhook",
      "alertmanager",
    ],
    [
      "a template for a chat",
      { type: "slack", format: "template", template: "{}", bot_token: "xoxb-1", channel: "C1" },
      "slack",
      "template",
    ],
    ["a template is a webhook", { type: "template", template: "{}", url: HOOK }, "webhook", "template"],
    ["both, equal", { type: "slack", format: "slack", url: HOOK }, "slack", "slack"],
    ["case does not matter", { type: "Slack", url: HOOK }, "slack", "slack"],
  ])("%s", (_sentence, json, type, format) => {
    expect(read(json)).toMatchObject({ type, format });
  });
});

describe("the URL", () => {
  test.each<[string, Record<string, unknown>, string]>([
    ["of Rootly has a default", { type: "rootly", api_key: "k" }, "https://api.rootly.com/v1"],
    ["of PagerDuty has a default", { type: "pagerduty", routing_key: KEY }, "https://events.pagerduty.com/v2/enqueue"],
    [
      "of PagerDuty without a path becomes the events API",
      { type: "pagerduty", routing_key: KEY, url: "https://events.eu.pagerduty.com" },
      "https://events.eu.pagerduty.com/v2/enqueue",
    ],
    [
      "of PagerDuty at /v2/events becomes the events API",
      { type: "pagerduty", routing_key: KEY, url: "https://events.pagerduty.com/v2/events" },
      "https://events.pagerduty.com/v2/enqueue",
    ],
    [
      "of PagerDuty with its own path stays",
      { type: "pagerduty", routing_key: KEY, url: "https://pd.example.com/proxy" },
      "https://pd.example.com/proxy",
    ],
    ["of a Slack bot has a default", { type: "slack", bot_token: "xoxb-1", channel: "C1" }, "https://slack.com/api"],
    ["of Telegram has a default", { type: "telegram", bot_token: "1:a", channel: "-100" }, "https://api.telegram.org"],
    ["of Opsgenie has a default", { type: "opsgenie", api_key: "k" }, "https://api.opsgenie.com"],
    [
      "of Opsgenie is a base, also where the whole path is given",
      { type: "opsgenie", api_key: "k", url: "https://api.atlassian.com/jsm/ops/integration/v2/alerts" },
      "https://api.atlassian.com/jsm/ops/integration",
    ],
    [
      "of a base loses its last slash",
      { type: "rootly", api_key: "k", url: "https://rootly.example.com/v1/" },
      "https://rootly.example.com/v1",
    ],
    [
      "of a webhook keeps its query and last slash",
      { url: "https://hook.example.com/a/?b=c" },
      "https://hook.example.com/a/?b=c",
    ],
    [
      "loses blanks around it and its fragment",
      { url: " https://HOOK.example.com/a#b\n" },
      "https://hook.example.com/a",
    ],
  ])("%s", (_sentence, json, url) => {
    expect(read(json).url).toBe(url);
  });

  test("a replaced PagerDuty path is told", () => {
    const json = { name: "pd", type: "pagerduty", routing_key: KEY, url: "https://events.pagerduty.com/" };
    expect(readTargetWithWarnings(json, options)).toMatchObject({
      ok: true,
      value: { warnings: ["url: the path was replaced by /v2/enqueue"] },
    });
  });
});

describe("Authorization, in order of precedence", () => {
  const all = { auth_header: "Custom x", api_key: "k1", auth_token: "k2", token: "k3", username: "u", password: "p" };
  const without = (...keys: string[]) => Object.fromEntries(Object.entries(all).filter(([key]) => !keys.includes(key)));
  test.each<[string, Record<string, unknown>, string]>([
    ["the header itself", { ...all, headers: { authorization: "Own y" } }, "Own y"],
    ["auth_header as it is", all, "Custom x"],
    ["api_key as Bearer", without("auth_header"), "Bearer k1"],
    ["auth_token as Bearer", without("auth_header", "api_key"), "Bearer k2"],
    ["token as Token", without("auth_header", "api_key", "auth_token"), "Token k3"],
    ["user name and password as Basic", { username: "u", password: "p" }, "Basic dTpw"],
    ["Basic in UTF-8", { username: "ü", password: "pä" }, `Basic ${Buffer.from("ü:pä").toString("base64")}`],
    ["a user name alone", { username: "key" }, "Basic a2V5Og=="],
    ["a Bearer that says so already", { api_key: "Bearer k" }, "Bearer k"],
  ])("%s", (_sentence, json, wanted) => {
    expect(read({ url: HOOK, ...json }).headers).toEqual({ Authorization: wanted });
  });

  test.each<[string, Record<string, unknown>]>([
    ["api_key", { api_key: "key1" }],
    ["auth_token", { auth_token: "key1" }],
    ["token", { token: "key1" }],
    ["auth_header", { auth_header: "Bearer key1" }],
    ["GenieKey", { auth_header: "GenieKey key1" }],
    ["the header itself", { headers: { Authorization: "Bearer key1" } }],
  ])("Rootly and Opsgenie keep the bare key, given as %s", (_sentence, json) => {
    for (const type of ["rootly", "opsgenie"]) {
      expect(read({ type, ...json })).toMatchObject({ headers: {}, credentials: { apiKey: "key1" } });
    }
  });
});

describe("what only some formats have", () => {
  test("PagerDuty's key may sit in the headers and is never sent as one", () => {
    const target = read({ type: "pagerduty", headers: { routing_key: KEY, "X-Team": "a" } });
    expect(target).toMatchObject({ headers: { "X-Team": "a" }, credentials: { routingKey: KEY } });
  });
  test("a webhook may have a header of that name", () => {
    expect(read({ url: HOOK, headers: { routing_key: "a" } }).headers).toEqual({ routing_key: "a" });
  });
  test("Rootly's ids, and an incident unless the target says otherwise", () => {
    const ids = { severity_ids: { critical: "s1" }, service_ids: ["a"], environment_ids: "b, c", group_ids: ["d"] };
    expect(read({ type: "rootly", api_key: "k", ...ids }).options).toEqual({
      rootlyKind: "incident",
      severityIds: { critical: "s1" },
      serviceIds: ["a"],
      environmentIds: ["b", "c"],
      groupIds: ["d"],
    });
    expect(read({ type: "rootly", api_key: "k", kind: "alert" }).options).toEqual({ rootlyKind: "alert" });
  });
  test("Telegram's chat id may be a number", () => {
    expect(read({ type: "telegram", bot_token: "12:ab", channel: -100123, thread_id: 7 })).toMatchObject({
      credentials: { botToken: "12:ab" },
      options: { channel: "-100123", threadId: "7" },
    });
  });
  test("a template with its content type", () => {
    const json = {
      format: "template",
      url: HOOK,
      template: "a={{ status }}",
      content_type: "application/json; charset=utf-8",
    };
    expect(read(json).options).toEqual({ template: "a={{ status }}", contentType: "application/json; charset=utf-8" });
  });
  test("former routing keys, one or several", () => {
    const former = read({ type: "pagerduty", routing_key: KEY, former_routing_keys: `${KEY}, ${KEY}` });
    expect(former.credentials).toEqual({ routingKey: KEY, formerRoutingKeys: [KEY, KEY] });
  });
  test("signing keys, one or several", () => {
    expect(read({ url: HOOK, signing_secret: WHSEC }).credentials).toEqual({ signingSecrets: [WHSEC] });
    expect(read({ url: HOOK, signing_secrets: `${WHSEC}, ${WHSEC}` }).credentials.signingSecrets).toHaveLength(2);
  });
});

describe("values", () => {
  test.each([
    ["true", true],
    ["TRUE", true],
    ["1", true],
    ["yes", true],
    ["on", true],
    [true, true],
    [1, true],
    ["false", false],
    ["0", false],
    ["no", false],
    ["Off", false],
    [false, false],
    [0, false],
  ])("enabled %j is %j", (value, wanted) => {
    expect(read({ url: HOOK, enabled: value }).enabled).toBe(wanted);
  });
  test("numbers may be text; blank and null are absent", () => {
    const json = {
      url: HOOK,
      priority: " 7 ",
      timeout_seconds: "2.5",
      retry_window_seconds: 3600,
      enabled: "",
      send_resolved: null,
    };
    expect(read(json)).toMatchObject({
      priority: 7,
      timeoutSeconds: 2.5,
      retryWindowSeconds: 3600,
      enabled: true,
      sendResolved: true,
    });
  });
  test("per", () => {
    expect(read({ url: HOOK, per: "group" }).per).toBe("group");
  });
  test("filters, severities read as the label is", () => {
    const filter_config = {
      severity: ["Critical", "error", "noise"],
      namespaces: "prod, stage",
      exclude_noise: "yes",
      min_confidence: "0.7",
      alert_name_pattern: "Kube.*",
    };
    expect(read({ url: HOOK, filter_config }).filter).toEqual({
      severity: ["critical", "warning", "noise"],
      namespaces: ["prod", "stage"],
      excludeNoise: true,
      minConfidence: 0.7,
      alertNamePattern: "Kube.*",
    });
  });
  test("metadata and headers survive hostile names", () => {
    const json = JSON.parse(
      `{"url":"${HOOK}","metadata":{"__proto__":"a","n":1,"deep":{"x":[1]}},"headers":{"__proto__":"b"}}`,
    );
    const target = read(json);
    expect(Object.entries(target.metadata)).toEqual([
      ["__proto__", "a"],
      ["n", "1"],
      ["deep", '{"x":[1]}'],
    ]);
    expect(Object.entries(target.headers)).toEqual([["__proto__", "b"]]);
  });
  test("an unknown key is told and ignored", () => {
    const result = readTargetWithWarnings({ name: "a", url: HOOK, send_resovled: false, "a b": 1 }, options);
    expect(result).toMatchObject({
      ok: true,
      value: { warnings: ["the unknown key send_resovled is ignored", "an unknown key is ignored"] },
    });
  });
  test("the address policy is the caller's", () => {
    expect(
      read({ url: "http://127.0.0.1:8787/" }, { allowHttpHosts: ["127.0.0.1:8787"], allowPrivate: true }).url,
    ).toBe("http://127.0.0.1:8787/");
  });
});

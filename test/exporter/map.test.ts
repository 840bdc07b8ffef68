import { describe, expect, test } from "vitest";
import type { Target } from "../../src/core/route/target.ts";
import { base64, HOOK, json, KEY, map } from "./mapping.ts";

describe("every flat key of contracts 9.3", () => {
  const rows: readonly (readonly [string, Record<string, string>, Partial<Target>])[] = [
    ["name", { name: "a" }, { name: "a" }],
    ["target-name", { "target-name": "a" }, { name: "a" }],
    ["no name: that of the Secret", {}, { name: "from-secret" }],
    ["type", { type: "teams" }, { type: "teams", format: "teams" }],
    ["target-type", { "target-type": "discord" }, { type: "discord" }],
    ["format", { format: "alertmanager" }, { type: "webhook", format: "alertmanager" }],
    ["target-format", { "target-format": "alertmanager" }, { format: "alertmanager" }],
    ["url", { url: "https://other.example.com/" }, { url: "https://other.example.com/" }],
    ["webhook-url", { url: "", "webhook-url": "https://other.example.com/" }, { url: "https://other.example.com/" }],
    ["enabled", { enabled: "off" }, { enabled: false }],
    ["send-resolved", { "send-resolved": "no" }, { sendResolved: false }],
    ["priority", { priority: "5" }, { priority: 5 }],
    ["timeout", { timeout: "3" }, { timeoutSeconds: 3 }],
    ["retry-window-seconds", { "retry-window-seconds": "60" }, { retryWindowSeconds: 60 }],
    ["per", { per: "group" }, { per: "group" }],
    ["headers as pairs", { headers: "X-A=1, X-B=a=b" }, { headers: { "X-A": "1", "X-B": "a=b" } }],
    ["headers as lines", { headers: "X-A: 1\nX-B: a:b, c\n" }, { headers: { "X-A": "1", "X-B": "a:b, c" } }],
    ["headers as one line", { headers: "X-A: a,b=c" }, { headers: { "X-A": "a,b=c" } }],
    ["headers as JSON", { headers: json({ "X-A": "1" }) }, { headers: { "X-A": "1" } }],
    ["headers as JSON in base64", { headers: base64(json({ "X-A": "1" })) }, { headers: { "X-A": "1" } }],
    ["header-<Name>", { "header-X-Team": "a", header_Y: "b" }, { headers: { "X-Team": "a", Y: "b" } }],
    ["auth-header", { "auth-header": "Custom x" }, { headers: { Authorization: "Custom x" } }],
    ["api-key", { "api-key": "k" }, { headers: { Authorization: "Bearer k" } }],
    ["auth-token", { "auth-token": "k" }, { headers: { Authorization: "Bearer k" } }],
    ["token", { token: "k" }, { headers: { Authorization: "Token k" } }],
    ["username and password", { username: "u", password: "p" }, { headers: { Authorization: "Basic dTpw" } }],
    [
      "api-key before token and password",
      { "api-key": "k", token: "t", username: "u", password: "p" },
      { headers: { Authorization: "Bearer k" } },
    ],
    ["routing-key", { type: "pagerduty", "routing-key": KEY, url: "" }, { credentials: { routingKey: KEY } }],
    [
      "bot-token, channel",
      { type: "slack", "bot-token": "xoxb-1", channel: "C1", url: "" },
      { credentials: { botToken: "xoxb-1" }, options: { channel: "C1" }, url: "https://slack.com/api" },
    ],
    ["chat-id", { type: "telegram", "bot-token": "1:a", "chat-id": "-5", url: "" }, { options: { channel: "-5" } }],
    [
      "severity-ids, service-ids, environment-ids, team-ids",
      {
        ...{ type: "rootly", url: "", "api-key": "k", "severity-ids": "critical=s1,warning=s2" },
        ...{ "service-ids": "a,b", "environment-ids": "c", "team-ids": "d" },
      },
      {
        credentials: { apiKey: "k" },
        options: {
          rootlyKind: "incident",
          severityIds: { critical: "s1", warning: "s2" },
          ...{ serviceIds: ["a", "b"], environmentIds: ["c"], groupIds: ["d"] },
        },
      },
    ],
    ["description", { description: "for the night" }, { description: "for the night" }],
    ["metadata", { metadata: json({ team: "a" }) }, { metadata: { team: "a" } }],
    ["template", { format: "template", template: "{{ status }}" }, { options: { template: "{{ status }}" } }],
  ];
  test.each(rows)("%s", (_key, data, wanted) => {
    const { target, warnings } = map({ url: HOOK, ...data });
    expect(target).toMatchObject(wanted);
    expect(warnings).toEqual([]);
  });

  test.each([
    ["filter-severity", "filter-namespaces"],
    ["severity", "namespaces"],
  ])("filters by %s and %s", (severity, namespaces) => {
    const data = { [severity]: "critical,warning", [namespaces]: "prod, stage", "exclude-noise": "1" };
    const more = { "min-confidence": "0.8", "alert-name-pattern": "Kube.*" };
    expect(map({ url: HOOK, ...data, ...more }).target.filter).toEqual({
      severity: ["critical", "warning"],
      namespaces: ["prod", "stage"],
      excludeNoise: true,
      minConfidence: 0.8,
      alertNamePattern: "Kube.*",
    });
  });

  test("keys have no case, and dashes are underscores", () => {
    const { target } = map({ URL: HOOK, Send_Resolved: "false", TARGET_NAME: "a", "Min-Confidence": "1" });
    expect(target).toMatchObject({ name: "a", sendResolved: false, filter: { minConfidence: 1 } });
  });

  test("a token that is base64 of JSON stays as it is: a Grafana key looks like that", () => {
    const key = base64(json({ k: "x", n: "grafana", id: 1 }));
    expect(map({ url: HOOK, "api-key": key }).target.headers).toEqual({ Authorization: `Bearer ${key}` });
  });

  test("line breaks at the end of values, as shells leave them, are no part of them", () => {
    expect(map({ url: `${HOOK}\n`, "api-key": "k\n" }).target).toMatchObject({
      url: HOOK,
      headers: { Authorization: "Bearer k" },
    });
  });
});

describe("labels fill what keys left open", () => {
  const labels = {
    "alert-history.io/target-name": "from-label",
    "alert-history.io/target-type": "teams",
    "alert-history.io/target-format": "teams",
    "alert-history.io/priority": "7",
    "app.kubernetes.io/name": "other",
  };
  test("each of them", () => {
    const { target, warnings } = map({ url: HOOK }, labels);
    expect(target).toMatchObject({ name: "from-label", type: "teams", format: "teams", priority: 7 });
    expect(warnings).toEqual([]);
  });
  test("and no more than that", () => {
    const { target, warnings } = map({ url: HOOK, name: "a", priority: "1", type: "teams" }, labels);
    expect(target).toMatchObject({ name: "a", priority: 1 });
    expect(warnings).toEqual([
      "name of the labels differs and is ignored",
      "priority of the labels differs and is ignored",
    ]);
  });
});

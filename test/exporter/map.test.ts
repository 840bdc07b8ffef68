import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Target, TargetDefect } from "../../src/core/route/target.ts";
import { mapSecret } from "../../src/exporter/map.ts";
import { readSecret, type SecretRecord } from "../../src/exporter/secret.ts";

const options = { parseUrl: (text: string) => URL.parse(text) };
const KEY = "0123456789abcdef0123456789abcdef";
const HOOK = "https://hook.example.com/in";
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const json = (value: unknown): string => JSON.stringify(value);

const secret = (stringData: Record<string, string>, labels: Record<string, string> = {}): SecretRecord => {
  const read = readSecret({ metadata: { name: "from-secret", namespace: "alerts", labels }, stringData }, "default");
  if (read === null) throw new Error("not a Secret");
  return read;
};
const map = (stringData: Record<string, string>, labels: Record<string, string> = {}) => {
  const read = mapSecret(secret(stringData, labels), options);
  if (!read.ok) throw new Error(`${read.error.reason}: ${read.error.detail}`);
  return read.value;
};
const defect = (stringData: Record<string, string>): TargetDefect => {
  const read = mapSecret(secret(stringData), options);
  if (read.ok) throw new Error("it was read");
  return read.error;
};

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

describe("the three forms", () => {
  const definition = { name: "a", url: HOOK, headers: { "X-A": "1" }, filter_config: { severity: ["critical"] } };
  const wanted = { name: "a", url: HOOK, headers: { "X-A": "1" }, filter: { severity: ["critical"] } };

  test.each([
    ["config", { config: json(definition) }],
    ["config in base64 once more", { config: base64(json(definition)) }],
    ["target.json", { "target.json": json(definition) }],
    ["target.json in base64 once more", { "target.json": `${base64(json(definition))}\n` }],
  ])("%s", (_form, data) => {
    const { target, warnings } = map(data);
    expect(target).toMatchObject(wanted);
    expect(warnings).toEqual([]);
  });

  test("config is the base, target.json fills its gaps, flat keys those of both", () => {
    const { target, warnings } = map({
      config: json({ name: "from-config", headers: { "X-A": "config" } }),
      "target.json": json({ name: "from-json", url: HOOK, headers: { "x-a": "json", "X-B": "json" } }),
      "header-X-B": "flat",
      "header-X-C": "flat",
      priority: "3",
    });
    expect(target).toMatchObject({
      name: "from-config",
      url: HOOK,
      priority: 3,
      headers: { "X-A": "config", "X-B": "json", "X-C": "flat" },
    });
    expect(warnings).toEqual([
      "name of target.json differs and is ignored",
      "headers of target.json differs and is ignored",
      "headers of the flat keys differs and is ignored",
    ]);
  });

  test("what two forms state alike is no conflict", () => {
    expect(
      map({ config: json({ url: HOOK, enabled: true, priority: 5 }), enabled: "true", priority: "5" }).warnings,
    ).toEqual([]);
  });

  test("the base's credential is not overruled by one of higher precedence in another form", () => {
    const { target, warnings } = map({ config: json({ url: HOOK, token: "base" }), "auth-header": "Custom flat" });
    expect(target.headers).toEqual({ Authorization: "Token base" });
    expect(warnings).toEqual(["auth_header of the flat keys differs and is ignored"]);
  });

  test("a user name in one form and the password in another belong together", () => {
    expect(map({ config: json({ url: HOOK, username: "u" }), password: "p" }).target.headers).toEqual({
      Authorization: "Basic dTpw",
    });
  });

  test("two keys for one field: the plain one wins, whatever their order", () => {
    for (const data of [
      { "webhook-url": "https://b.example.com/", url: HOOK },
      { url: HOOK, "webhook-url": "https://b.example.com/" },
    ]) {
      const { target, warnings } = map(data);
      expect([target.url, warnings]).toEqual([HOOK, ["url of the flat keys differs and is ignored"]]);
    }
  });

  test("a key nobody knows is told", () => {
    expect(map({ url: HOOK, "sned-resolved": "no", "filter-severities": "x" }).warnings).toEqual([
      "the unknown key filter_severities is ignored",
      "the unknown key sned_resolved is ignored",
    ]);
    expect(map({ config: json({ url: HOOK, filter_config: { severities: [] } }) }).warnings).toEqual([
      "the unknown key filter_config.severities is ignored",
    ]);
  });
});

describe("what a Secret alone can have wrong", () => {
  test.each<[string, string, Record<string, string>]>([
    ["config that is no JSON", "invalid_json", { config: "c4n4ry" }],
    ["config that is a list", "invalid_json", { config: '["c4n4ry"]' }],
    ["config that is base64 of no object", "invalid_json", { config: base64('"c4n4ry"') }],
    [
      "target.json that is broken, though config is not",
      "invalid_json",
      { config: json({ url: HOOK }), "target.json": '{"c4n4ry"' },
    ],
    ["metadata that is broken", "invalid_json", { url: HOOK, metadata: '{"c4n4ry"' }],
    ["headers that are neither", "invalid_headers", { url: HOOK, headers: "c4n4ry" }],
    ["headers of which a part is none", "invalid_headers", { url: HOOK, headers: "A=b,c4n4ry" }],
    ["headers that are broken JSON", "invalid_headers", { url: HOOK, headers: '{"c4n4ry"' }],
    ["more than 64 KiB", "too_large", { url: HOOK, other: "c4n4ry".repeat(11_000) }],
    ["nothing at all", "missing_url", {}],
  ])("%s: %s", (_sentence, reason, data) => {
    const found = defect(data);
    expect(found.reason).toBe(reason);
    expect(found.detail).not.toContain("c4n4ry");
  });

  test("bytes that are no text", () => {
    const data = { url: base64(HOOK), token: Buffer.from([0xff, 0xfe, 0x00]).toString("base64") };
    const read = readSecret({ metadata: { name: "a" }, data }, "default");
    expect(read && mapSecret(read, options)).toEqual({
      ok: false,
      error: { reason: "invalid_value", detail: "token is no UTF-8 text" },
    });
  });
});

test("whatever is in a Secret, it is a target or a reason, and no value gets into a message", () => {
  const key = fc.oneof(
    fc.constantFrom("config", "target.json", "url", "headers", "metadata", "token", "name", "__proto__", "constructor"),
    fc.stringMatching(/^[-._a-zA-Z0-9]{1,12}$/),
  );
  const value = fc.oneof(fc.string(), fc.json(), fc.json().map(base64), fc.constant(HOOK));
  fc.assert(
    fc.property(fc.dictionary(key, value), fc.string({ minLength: 8 }), (data, extra) => {
      const canary = `c4n4ry${base64(extra)}`;
      const read = mapSecret(secret({ ...data, password: canary, "api-key": canary }), options);
      expect(json(read.ok ? read.value.warnings : read.error)).not.toContain("c4n4ry");
    }),
    { numRuns: 1000 },
  );
});

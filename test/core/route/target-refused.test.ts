import { describe, expect, test } from "vitest";
import { FORMATS } from "../../../src/core/route/target.ts";
import { readTarget, type TargetReadOptions } from "../../../src/core/route/target-read.ts";

const options: TargetReadOptions = { parseUrl: (text) => URL.parse(text) };
const HOOK = "https://hook.example.com/in";

const reason = (json: unknown): string => {
  const result = readTarget(json, options);
  return result.ok ? "read" : result.error.reason;
};

const CANARY = "c4n4ry";
describe("refused, with the reason of contracts 9.4, and without a value in the detail", () => {
  const rows: readonly (readonly [string, string, unknown])[] = [
    ["no object", "invalid_json", [CANARY]],
    ["text", "invalid_json", CANARY],
    ["nothing", "invalid_json", null],
    ["more than 64 KiB", "too_large", { name: "a", url: HOOK, description: CANARY.repeat(11_000) }],
    ["no name", "invalid_name", { url: HOOK }],
    ["a name in capitals", "invalid_name", { name: CANARY.toUpperCase(), url: HOOK }],
    ["a name with a dot", "invalid_name", { name: `${CANARY}.b`, url: HOOK }],
    ["a name of 64", "invalid_name", { name: "a".repeat(64), url: HOOK }],
    ["a name ending in a dash", "invalid_name", { name: "a-", url: HOOK }],
    ...["refresh", "status", "health"].map(
      (name) => ["a name of a route", "invalid_name", { name, url: HOOK }] as const,
    ),
    ["no URL for a webhook", "missing_url", { name: "a" }],
    ...["slack", "teams", "discord"].map((type) => [`no URL for ${type}`, "missing_url", { name: "a", type }] as const),
    ["no URL at all", "invalid_url", { name: "a", url: CANARY }],
    ["another scheme", "invalid_url", { name: "a", url: `ftp://${CANARY}.example/` }],
    ["user information", "invalid_url", { name: "a", url: `https://${CANARY}@example.com/` }],
    ["an address in disguise, though public", "invalid_url", { name: "a", url: "https://0x08080808/" }],
    [
      "a bot token with an incoming webhook",
      "invalid_url",
      { name: "a", type: "slack", bot_token: CANARY, channel: "C", url: "https://hooks.slack.com/services/T/B/x" },
    ],
    ["plain http", "insecure_url", { name: "a", url: `http://${CANARY}.example/` }],
    ["a private address", "blocked_host", { name: "a", url: `https://10.0.0.1/${CANARY}` }],
    ["an unknown type", "unknown_type", { name: "a", type: CANARY, url: HOOK }],
    ["an unknown format", "unknown_format", { name: "a", format: CANARY, url: HOOK }],
    ["a format of another type", "incompatible_format", { name: "a", type: "slack", format: "pagerduty", url: HOOK }],
    [
      "a template for an API",
      "incompatible_format",
      { name: "a", type: "rootly", format: "template", template: "x", api_key: CANARY },
    ],
    [
      "alertmanager with another format",
      "incompatible_format",
      { name: "a", type: "alertmanager", format: "webhook", url: HOOK },
    ],
    ["no routing key", "missing_routing_key", { name: "a", type: "pagerduty" }],
    [
      "a former routing key that is none",
      "invalid_value",
      { name: "a", type: "pagerduty", routing_key: "k".repeat(32), former_routing_keys: [CANARY] },
    ],
    ["a short routing key", "invalid_value", { name: "a", type: "pagerduty", routing_key: CANARY }],
    ["no Rootly key", "missing_token", { name: "a", type: "rootly" }],
    ["a Rootly key as Basic", "missing_token", { name: "a", type: "rootly", username: CANARY, password: CANARY }],
    ["no Opsgenie key", "missing_token", { name: "a", type: "opsgenie" }],
    ["no Telegram token", "missing_token", { name: "a", type: "telegram", channel: CANARY }],
    ["a Slack channel without a token", "missing_token", { name: "a", type: "slack", channel: CANARY, url: HOOK }],
    ["a Slack token without a channel", "missing_channel", { name: "a", type: "slack", bot_token: CANARY }],
    ["a Telegram token without a chat", "missing_channel", { name: "a", type: "telegram", bot_token: CANARY }],
    [
      "a Telegram token that would change the path",
      "invalid_value",
      { name: "a", type: "telegram", bot_token: `${CANARY}/../x`, channel: "1" },
    ],
    [
      "a token with a line break",
      "invalid_value",
      { name: "a", type: "slack", bot_token: `${CANARY}\nx`, channel: "1" },
    ],
    ["headers that are no object", "invalid_headers", { name: "a", url: HOOK, headers: CANARY }],
    ["a header name with a blank", "invalid_headers", { name: "a", url: HOOK, headers: { [`${CANARY} x`]: "1" } }],
    [
      "a header value with a line break",
      "invalid_headers",
      { name: "a", url: HOOK, headers: { X: `${CANARY}\r\nY: 1` } },
    ],
    ["a header value beyond Latin-1", "invalid_headers", { name: "a", url: HOOK, headers: { X: `${CANARY}✓` } }],
    ["a header value that is an object", "invalid_headers", { name: "a", url: HOOK, headers: { X: { [CANARY]: 1 } } }],
    ["a header value above 4 KiB", "invalid_headers", { name: "a", url: HOOK, headers: { X: CANARY.repeat(700) } }],
    [
      "101 headers",
      "invalid_headers",
      { name: "a", url: HOOK, headers: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`X-${i}`, CANARY])) },
    ],
    ["one header twice", "invalid_headers", { name: "a", url: HOOK, headers: { "X-A": CANARY, "x-a": CANARY } }],
    ["the host header", "invalid_headers", { name: "a", url: HOOK, headers: { Host: CANARY } }],
    ["a header of the signature", "invalid_headers", { name: "a", url: HOOK, headers: { "Webhook-Id": CANARY } }],
    ["a boolean that is none", "invalid_value", { name: "a", url: HOOK, enabled: CANARY }],
    ["a priority of 0", "invalid_value", { name: "a", url: HOOK, priority: 0 }],
    ["a priority of 1001", "invalid_value", { name: "a", url: HOOK, priority: 1001 }],
    ["half a priority", "invalid_value", { name: "a", url: HOOK, priority: "1.5" }],
    ["a priority in hex", "invalid_value", { name: "a", url: HOOK, priority: "0x10" }],
    ["a timeout of 31 s", "invalid_value", { name: "a", url: HOOK, timeout_seconds: 31 }],
    ["a timeout with a unit", "invalid_value", { name: "a", url: HOOK, timeout_seconds: "10s" }],
    ["a retry window above a week", "invalid_value", { name: "a", url: HOOK, retry_window_seconds: 604_801 }],
    ["a per that is neither", "invalid_value", { name: "a", url: HOOK, per: CANARY }],
    ["a password without a user", "invalid_value", { name: "a", url: HOOK, password: CANARY }],
    ["a user name with a colon", "invalid_value", { name: "a", url: HOOK, username: `${CANARY}:x`, password: "p" }],
    ["a URL that is no text", "invalid_value", { name: "a", type: "slack", url: { [CANARY]: 1 } }],
    ["a list of objects", "invalid_value", { name: "a", type: "rootly", api_key: "k", service_ids: [{ [CANARY]: 1 }] }],
    ["metadata that is a list", "invalid_value", { name: "a", url: HOOK, metadata: [CANARY] }],
    ["a filter that is text", "invalid_value", { name: "a", url: HOOK, filter_config: CANARY }],
    ["an unknown severity", "invalid_value", { name: "a", url: HOOK, filter_config: { severity: CANARY } }],
    ["a confidence above 1", "invalid_value", { name: "a", url: HOOK, filter_config: { min_confidence: 1.1 } }],
    [
      "a broken pattern",
      "invalid_value",
      { name: "a", url: HOOK, filter_config: { alert_name_pattern: `${CANARY}(` } },
    ],
    [
      "a pattern with look-ahead",
      "invalid_value",
      { name: "a", url: HOOK, filter_config: { alert_name_pattern: `(?=${CANARY})` } },
    ],
    [
      "a pattern above 500",
      "invalid_value",
      { name: "a", url: HOOK, filter_config: { alert_name_pattern: "a".repeat(501) } },
    ],
    ["a template format without one", "invalid_value", { name: "a", url: HOOK, format: "template" }],
    [
      "a content type with a line break",
      "invalid_value",
      { name: "a", url: HOOK, format: "template", template: "x", content_type: `text/plain\n${CANARY}` },
    ],
    ["a signing key without its prefix", "invalid_value", { name: "a", url: HOOK, signing_secret: CANARY }],
    ["a signing key of 8 bytes", "invalid_value", { name: "a", url: HOOK, signing_secret: "whsec_MTIzNDU2Nzg=" }],
    [
      "a signing key of 65 bytes",
      "invalid_value",
      { name: "a", url: HOOK, signing_secret: `whsec_${Buffer.alloc(65).toString("base64")}` },
    ],
  ];
  test.each(rows)("%s: %s", (_sentence, wanted, json) => {
    const result = readTarget(json, options);
    expect(result).toMatchObject({ ok: false, error: { reason: wanted } });
    expect(JSON.stringify(result).toLowerCase()).not.toContain(CANARY);
  });
  test("an unknown type is told every word that is read as one", () => {
    const result = readTarget({ name: "a", type: CANARY, url: HOOK }, options);
    if (result.ok) throw new Error("it was read");
    const words = result.error.detail.replace("type must be one of ", "").split(", ");
    expect(words).toEqual([...FORMATS]);
    expect(words.filter((type) => reason({ name: "a", type, url: HOOK }) === "unknown_type")).toEqual([]);
  });
  test("a value at each bound is read", () => {
    for (const key of [24, 64]) {
      expect(reason({ name: "a", url: HOOK, signing_secret: `whsec_${Buffer.alloc(key).toString("base64")}` })).toBe(
        "read",
      );
    }
    expect(
      reason({
        name: "a".repeat(63),
        url: HOOK,
        priority: 1000,
        timeout_seconds: 30,
        headers: { X: "x".repeat(4096) },
      }),
    ).toBe("read");
  });
});

import { describe, expect, test } from "vitest";
import { errorText, redact, secretsOf } from "../../../src/core/publish/redact.ts";
import { targetOf } from "../../contract/targets.ts";

const target = targetOf({
  format: "webhook",
  type: "webhook",
  url: "https://hooks.example.com/in/9f8e7d6c5b4a?sig=s3cr3t%2Fvalue",
  headers: { Authorization: "Bearer tok-en-1234567", "X-Env": "prod" },
  credentials: { apiKey: 'quo"ted-key', signingSecrets: ["whsec_c2lnbmluZy1rZXk="] },
});
const secrets = secretsOf(target);

describe("secrets of a target", () => {
  test.each([
    ["the URL", "POST https://hooks.example.com/in/9f8e7d6c5b4a?sig=s3cr3t%2Fvalue failed", "POST *** failed"],
    ["its path and query", "no such route /in/9f8e7d6c5b4a?sig=s3cr3t%2Fvalue", "no such route ***"],
    ["one part of its path", "unknown hook 9f8e7d6c5b4a", "unknown hook ***"],
    ["a header", "bad header Bearer tok-en-1234567", "bad header ***"],
    ["a token without its scheme", "bad token tok-en-1234567.", "bad token ***."],
    ["a signing key without its prefix", "key c2lnbmluZy1rZXk= is old", "key *** is old"],
    ["a key as JSON writes it", '{"key":"quo\\"ted-key"}', '{"key":"***"}'],
    ["short ordinary words stay", "prod is in maintenance", "prod is in maintenance"],
    [
      "the host stays: it is shown everywhere",
      "hooks.example.com does not answer",
      "hooks.example.com does not answer",
    ],
  ])("%s", (_, text, expected) => expect(redact(text, secrets)).toBe(expected));
});

describe("credentials of anybody", () => {
  test.each([
    ["a Slack token", "token xoxb-123-456-abc is revoked", "token *** is revoked"],
    ["a Telegram token in a path", "GET /bot123456:AAbb-cc_dd/getMe", "GET /***/getMe"],
    ["a Slack webhook", "https://hooks.slack.com/services/T0/B0/x is gone", "https://*** is gone"],
    ["a Discord webhook", "at /api/webhooks/123/abc-def now", "at *** now"],
    ["a signature in a query", "url?api-version=1&sig=abcdef123 refused", "url?api-version=1&*** refused"],
  ])("%s", (_, text, expected) => expect(redact(text, [])).toBe(expected));
});

test("the kept text is short, on one piece, and has no control characters", () => {
  const text = errorText(`\u0000\u001b[31m${"é".repeat(2000)}`, []);
  expect(text).toHaveLength(500);
  expect(text.endsWith("...")).toBe(true);
  expect(errorText("  \n ", [])).toBe("");
});

test("a secret that stands where the text is cut does not show its beginning", () => {
  const secret = "abcdefghijklmnopqrstuvwxyz";
  expect(errorText(`${"x".repeat(490)}${secret}`, [secret])).toBe(`${"x".repeat(490)}***`);
});

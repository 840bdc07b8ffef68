/** Signatures after Standard Webhooks, checked by the package that receivers use. */
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { signStandardWebhook } from "../../src/worker/sign.ts";
import { createSink } from "../support/sinks/sink.ts";
import { createWebhook } from "../support/sinks/webhook.ts";
import { requestOf, stepFor } from "./deliver.ts";
import { SITUATIONS } from "./notifications.ts";
import { SIGNING_KEY, targetOf } from "./targets.ts";

const OLD_KEY = `whsec_${btoa("the-key-before-the-rotation")}`;
const nowSeconds = (): number => Math.floor(Date.now() / 1000);

const signed = targetOf({
  format: "webhook",
  type: "webhook",
  url: "https://sink.example.com/hook",
  credentials: { signingSecrets: [SIGNING_KEY, OLD_KEY] },
});

const stepNamed = (name: string) => stepFor(signed, SITUATIONS[name]!);

describe("signStandardWebhook", () => {
  test("gives the check value of targets.md section 9", async () => {
    const body = '{"type":"alert.firing","data":{}}';
    const headers = await signStandardWebhook([SIGNING_KEY], "ntf_01", 1_767_225_600, body);
    expect(headers).toEqual({
      "webhook-id": "ntf_01",
      "webhook-timestamp": "1767225600",
      "webhook-signature": "v1,lKbWK0Gd5RK2BY5zLiP1E50WZDL13ebWMo9Zgm8coVM=",
    });
  });

  test.each([
    ["the new key", SIGNING_KEY],
    ["the old key during a rotation", OLD_KEY],
  ])("verifies with %s", async (_, key) => {
    const { request } = stepNamed("right-to-left text and emoji");
    const headers = await signStandardWebhook(request.signWith ?? [], "ntf_02", nowSeconds(), request.body);
    expect(new Webhook(key).verify(request.body, { ...headers })).toMatchObject({
      type: "alert.firing",
      data: { status: "firing" },
    });
  });

  test("one changed blank is refused", async () => {
    const { request } = stepNamed("firing");
    const headers = await signStandardWebhook(request.signWith ?? [], "ntf_03", nowSeconds(), request.body);
    expect(() => new Webhook(SIGNING_KEY).verify(`${request.body} `, { ...headers })).toThrow("No matching signature");
  });

  test("a key that is not base64 throws: it should not have passed when the target was read", async () => {
    await expect(signStandardWebhook(["whsec_***"], "ntf_04", 1, "{}")).rejects.toThrow();
  });
});

describe("the webhook format", () => {
  test("wants signing with every key of the target, and names no key in what it sends", () => {
    const { request } = stepNamed("firing");
    expect(request.signWith).toEqual([SIGNING_KEY, OLD_KEY]);
    expect(request.body).not.toContain("whsec_");
    expect(JSON.stringify(request.headers)).not.toContain("whsec_");
  });

  test("is taken by a receiver that demands signatures, and only once per notification", async () => {
    const sink = createSink(createWebhook(SIGNING_KEY));
    const step = stepNamed("firing");
    const request = requestOf(step);
    expect(sink.handle(request).status).toBe(401);
    for (const attempt of [0, 1]) {
      const headers = await signStandardWebhook(
        step.request.signWith ?? [],
        "ntf_05",
        nowSeconds() + attempt,
        request.body,
      );
      expect(sink.handle({ ...request, headers: { ...request.headers, ...headers } }).status).toBe(200);
    }
    expect(sink.provider.received.size).toBe(1);
    expect(sink.provider.repeats).toHaveLength(1);
  });
});

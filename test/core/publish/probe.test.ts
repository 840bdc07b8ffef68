import { describe, expect, test } from "vitest";
import { probeOutcome, probeRequest } from "../../../src/core/publish/probe.ts";
import type { TargetFormat } from "../../../src/core/route/target.ts";

const url = "https://hook.example.com:8443/services/s3cret?key=s3cret";

describe("a probe", () => {
  test.each<[TargetFormat, method: string, orConnect: boolean]>([
    ["webhook", "HEAD", true],
    ["alertmanager", "HEAD", true],
    ["template", "HEAD", true],
    ["slack", "GET", false],
    ["pagerduty", "GET", false],
    ["rootly", "GET", false],
  ])("of %s asks %s of the host's root alone", (format, method, orConnect) => {
    const request = probeRequest({ format, url, credentials: {} });
    expect(request).toEqual({ method, url: "https://hook.example.com:8443/", orConnect });
  });

  test("of a Slack bot asks the method Slack has for it", () => {
    const bot = { format: "slack" as const, url: "https://slack.com/api", credentials: { botToken: "xoxb-s3cret" } };
    expect(probeRequest(bot)).toEqual({ method: "GET", url: "https://slack.com/api/api.test", orConnect: false });
  });

  test("counts any answer below 500 and a connection as reached", () => {
    const answer = (status: number) => probeOutcome({ kind: "answer", status, headers: {}, body: "" });
    for (const status of [200, 301, 401, 404, 405, 499]) expect(answer(status)).toEqual({ kind: "delivered" });
    expect(probeOutcome({ kind: "connected" })).toEqual({ kind: "delivered" });
    expect(answer(503)).toMatchObject({ kind: "retry", reason: "server_error", error: "answered 503" });
    expect(probeOutcome({ kind: "none", reason: "tls", error: "tls" })).toMatchObject({ kind: "retry", reason: "tls" });
  });
});

import { describe, expect, test } from "vitest";
import { type Contact, recordHealth, UNKNOWN_HEALTH } from "../../../src/core/publish/health.ts";
import { verdictOf } from "../../../src/core/publish/judge.ts";
import { combineHealth, probeOutcome, probeRequest } from "../../../src/core/publish/probe.ts";
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

describe("health", () => {
  const answered = (statusCode: number): Contact => {
    const verdict = verdictOf(statusCode);
    if (verdict.kind === "delivered") return verdict;
    if (verdict.kind === "retry") return { ...verdict, statusCode, afterMs: null, error: "" };
    return { kind: "rejected", reason: verdict.reason, unhealthy: verdict.unhealthy ?? false, statusCode, error: "" };
  };
  const none: Contact = { kind: "retry", reason: "refused", statusCode: null, afterMs: null, error: "" };
  /** After these answers, one a second; then probes. */
  const after = (deliveries: readonly Contact[], probes: readonly Contact[]) => {
    const take = (list: readonly Contact[], from: number) =>
      list.reduce((health, contact, i) => recordHealth(health, contact, 10, from + i * 1_000), UNKNOWN_HEALTH);
    const { status, evidence } = combineHealth({ delivery: take(deliveries, 1_000), probe: take(probes, 900_000) });
    return `${status} by ${evidence}`;
  };
  const ok = answered(200);

  test.each<[sentence: string, deliveries: Contact[], probes: Contact[], expected: string]>([
    ["nobody knows", [], [], "unknown by delivery"],
    ["a probe where nothing was delivered", [], [ok], "healthy by probe"],
    ["a path that is not there, at first", [answered(404)], [ok], "degraded by delivery"],
    ["a path that is not there", [answered(404), answered(404), answered(404)], [ok], "unhealthy by delivery"],
    ["a method that is not taken", [answered(405), answered(405), answered(405)], [ok, ok], "unhealthy by delivery"],
    ["a redirect", [answered(301), answered(301), answered(301)], [ok], "unhealthy by delivery"],
    ["a refused credential at once", [ok, answered(401)], [ok], "unhealthy by delivery"],
    ["one that got through after refusals", [answered(404), answered(401), ok], [ok], "healthy by probe"],
    ["one path of many that was not there", [ok, answered(404)], [], "healthy by delivery"],
    [
      "payloads it would not take, among others",
      [answered(400), answered(422), ok, answered(413)],
      [ok],
      "healthy by probe",
    ],
    ["payloads it would not take, at first", [answered(400), answered(422)], [ok], "healthy by probe"],
    ["no payload it would take", [ok, answered(400), answered(422), answered(413)], [ok], "degraded by delivery"],
    [
      "no payload it would take, with trouble between",
      [answered(400), none, answered(400), answered(400)],
      [ok],
      "degraded by delivery",
    ],
    [
      "one taken after many that were not",
      [answered(400), answered(400), answered(400), ok],
      [],
      "healthy by delivery",
    ],
    [
      "no payload it would take, then nobody there",
      [answered(400), answered(400), answered(400)],
      [none, none, none],
      "unhealthy by probe",
    ],
    [
      "its server fails, then it refuses all",
      [none, none, none, answered(400), answered(400), answered(400)],
      [ok],
      "unhealthy by delivery",
    ],
    ["nobody there, then somebody", [none, none, none], [ok], "healthy by probe"],
    ["refused, then nobody there", [answered(404)], [none, none, none], "unhealthy by probe"],
    ["its server fails", [ok, answered(500), answered(502), answered(503)], [], "unhealthy by delivery"],
  ])("%s", (_, deliveries, probes, expected) => {
    expect(after(deliveries, probes)).toBe(expected);
  });
});

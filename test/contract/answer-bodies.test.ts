/** What the bodies of the providers add to their status. */
import { describe, expect, test } from "vitest";
import type { Answer, Outcome, Receipt } from "../../src/core/publish/outcome.ts";
import { answer, stepFor } from "./deliver.ts";
import { NOW, SITUATIONS } from "./notifications.ts";
import { caseNamed } from "./targets.ts";

const readOf = (name: string, situation = "firing", receipt: Receipt | null = null, done: readonly string[] = []) => {
  const step = stepFor(caseNamed(name).target, SITUATIONS[situation]!, receipt, done);
  return (given: Answer): Outcome => step.read(given, receipt, NOW);
};

describe("Slack webhook", () => {
  test.each(["", "no_text", "invalid_blocks", "OK?", "okay"])("200 with %j is a refusal", (body) => {
    expect(readOf("slack webhook")(answer(200, body))).toMatchObject({
      kind: "rejected",
      reason: "rejected",
      unhealthy: false,
    });
  });
  test("200 with ok is success", () => {
    expect(readOf("slack webhook")(answer(200, "ok\n"))).toMatchObject({ kind: "delivered" });
  });
});

describe("Slack bot: 200 with ok=false", () => {
  const says = (error: string) => readOf("slack bot")(answer(200, { ok: false, error }, { "retry-after": "30" }));
  test.each([
    ["ratelimited", "rate_limited"],
    ["rate_limited", "rate_limited"],
    ["internal_error", "server_error"],
    ["fatal_error", "server_error"],
    ["service_unavailable", "server_error"],
    ["request_timeout", "timeout"],
  ])("%s is tried again", (error, reason) => {
    expect(says(error)).toMatchObject({ kind: "retry", reason, afterMs: 30_000 });
  });
  test.each(["invalid_auth", "not_authed", "account_inactive", "token_revoked", "missing_scope"])(
    "%s makes the target unhealthy",
    (error) => expect(says(error)).toMatchObject({ kind: "rejected", reason: "auth", unhealthy: true }),
  );
  test.each(["channel_not_found", "not_in_channel", "is_archived", "restricted_action"])(
    "%s too: the channel is wrong",
    (error) => {
      expect(says(error)).toMatchObject({ kind: "rejected", reason: "rejected", unhealthy: true });
    },
  );
  test.each(["invalid_blocks", "msg_too_long", "msg_blocks_too_long", "no_text", "something_new"])(
    "%s is a fault of this message only",
    (error) => expect(says(error)).toMatchObject({ kind: "rejected", reason: "rejected", unhealthy: false }),
  );
  test("a page of a proxy with 200 is tried again", () => {
    expect(readOf("slack bot")(answer(200, "<html>"))).toMatchObject({ kind: "retry", reason: "server_error" });
  });
  test.each(["message_not_found", "cant_update_message", "edit_window_closed"])("%s forgets the message", (error) => {
    const receipt = { channel: "C0123", ts: "1.1" };
    expect(readOf("slack bot", "firing", receipt)(answer(200, { ok: false, error }))).toMatchObject({
      kind: "delivered",
      receipt: { gone: "true" },
      note: `${error}: opened anew`,
    });
  });
});

describe("Teams", () => {
  const body =
    "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId x";
  test.each(["teams", "webhook"])("200 with HTTP 429 inside is rate limited (%s)", (name) => {
    expect(readOf(name)(answer(200, body))).toMatchObject({ kind: "retry", reason: "rate_limited", statusCode: 200 });
  });
  test("200 with HTTP 403 inside is a refusal", () => {
    expect(readOf("teams")(answer(200, body.replace("429", "403")))).toMatchObject({
      kind: "rejected",
      reason: "auth",
    });
  });
  test("200 with 1, the connectors' success, and 202 without a body are success", () => {
    expect(readOf("teams")(answer(200, "1"))).toMatchObject({ kind: "delivered" });
    expect(readOf("teams")(answer(202))).toMatchObject({ kind: "delivered" });
  });
});

describe("Discord", () => {
  test("the fractional seconds of the body count", () => {
    const limited = answer(429, { message: "You are being rate limited.", retry_after: 0.65, global: false });
    expect(readOf("discord")(limited)).toMatchObject({ kind: "retry", reason: "rate_limited", afterMs: 650 });
  });
  test("an empty bucket asks for a pause before any 429", () => {
    const headers = { "X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "1.25" };
    expect(readOf("discord")(answer(200, { id: "1" }, headers))).toMatchObject({ kind: "delivered", pauseMs: 1250 });
  });
  test("an edit of an unknown message opens anew, an unknown webhook is unhealthy", () => {
    const edit = readOf("discord", "firing", { message_id: "1" });
    expect(edit(answer(404, { code: 10008 }))).toMatchObject({ kind: "delivered", receipt: { gone: "true" } });
    expect(edit(answer(404, { code: 10015 }))).toMatchObject({ kind: "rejected", unhealthy: true });
  });
});

describe("Telegram", () => {
  const refuse = (description: string, parameters?: object) =>
    readOf("telegram")(answer(400, { ok: false, error_code: 400, description, parameters }));
  test("parameters.retry_after counts whole seconds", () => {
    const limited = answer(429, { ok: false, parameters: { retry_after: 35 } });
    expect(readOf("telegram")(limited)).toMatchObject({ kind: "retry", reason: "rate_limited", afterMs: 35_000 });
  });
  test("a group that moved is remembered and sent to again", () => {
    expect(refuse("group chat was upgraded", { migrate_to_chat_id: -1_001_234_567_890 })).toMatchObject({
      kind: "delivered",
      receipt: { moved_to: "-1001234567890" },
    });
  });
  test("a text that stands there already is success", () => {
    expect(refuse("Bad Request: message is not modified: specified new message content")).toMatchObject({
      kind: "delivered",
    });
  });
  test("bad markup is a fault of the message, an unknown chat one of the target", () => {
    expect(refuse("Bad Request: can't parse entities")).toMatchObject({ kind: "rejected", unhealthy: false });
    expect(refuse("Bad Request: chat not found")).toMatchObject({ kind: "rejected", unhealthy: true });
  });
  test("200 with ok=false is a refusal", () => {
    expect(readOf("telegram")(answer(200, { ok: false }))).toMatchObject({ kind: "rejected", reason: "rejected" });
  });
});

describe("PagerDuty", () => {
  test("a routing key that PagerDuty does not know makes the target unhealthy", () => {
    const body = { status: "invalid event", errors: ["Invalid routing key"] };
    expect(readOf("pagerduty")(answer(400, body))).toMatchObject({ kind: "rejected", reason: "auth", unhealthy: true });
  });
  test("any other 400 is a fault of the event and keeps PagerDuty's words", () => {
    const outcome = readOf("pagerduty")(answer(400, { errors: ["'payload.summary' is missing"] }));
    expect(outcome).toMatchObject({ kind: "rejected", reason: "client_error", unhealthy: false });
    expect(outcome).toHaveProperty("error", expect.stringContaining("'payload.summary' is missing"));
  });
});

describe("Rootly", () => {
  const known = { id: "r1", kind: "incident" };
  test("409 on resolve is success and forgets the id", () => {
    expect(readOf("rootly incident", "resolved", known)(answer(409))).toMatchObject({
      kind: "delivered",
      receipt: null,
    });
  });
  test("409 on create is a refusal", () => {
    expect(readOf("rootly incident")(answer(409))).toMatchObject({ kind: "rejected", reason: "client_error" });
  });
  test("404 on update opens anew, 404 on resolve is permanent", () => {
    expect(readOf("rootly incident", "firing", known)(answer(404))).toMatchObject({
      kind: "delivered",
      receipt: { gone: "true" },
    });
    expect(readOf("rootly incident", "resolved", known)(answer(404))).toMatchObject({
      kind: "rejected",
      reason: "client_error",
    });
  });
  test("RateLimit-Reset is a point in time", () => {
    const headers = { "RateLimit-Reset": String(NOW / 1000 + 42) };
    expect(readOf("rootly incident")(answer(429, "", headers))).toMatchObject({ kind: "retry", afterMs: 42_000 });
  });
});

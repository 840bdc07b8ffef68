/** Every format × every status, and what the bodies of the providers add to it. */
import { describe, expect, test } from "vitest";
import type { Step } from "../../src/core/publish/format.ts";
import { formatOf } from "../../src/core/publish/index.ts";
import type { Notification } from "../../src/core/publish/notification.ts";
import type { Answer, Outcome, Receipt } from "../../src/core/publish/outcome.ts";
import type { Target } from "../../src/core/route/target.ts";
import { NOW, SITUATIONS } from "./notifications.ts";
import {
  API_KEY,
  BOT_TOKEN,
  CASES,
  type Case,
  DISCORD_PATH,
  nameOfFormat,
  ROUTING_KEY,
  SLACK_PATH,
  TEAMS_URL,
  TELEGRAM_TOKEN,
} from "./targets.ts";

const stepOf = (
  target: Target,
  notification: Notification,
  receipt: Receipt | null = null,
  done: readonly string[] = [],
): Step => {
  const next = formatOf(target).next(notification, target, receipt, done, NOW);
  if (!next.ok || typeof next.value === "string") throw new Error(`no step: ${JSON.stringify(next)}`);
  return next.value;
};

const answer = (status: number, body: unknown = "", headers: Readonly<Record<string, string>> = {}): Answer => ({
  kind: "answer",
  status,
  headers,
  body: typeof body === "string" ? body : JSON.stringify(body),
});

/** What each provider says when it took the message. */
const SUCCESS: Readonly<Record<string, unknown>> = {
  "slack webhook": "ok",
  "slack bot": { ok: true, channel: "C0123", ts: "1767225600.000001" },
  pagerduty: { status: "success", dedup_key: "k" },
  "rootly incident": { data: { id: "r1" } },
  "rootly alert": { data: { id: "r1" } },
  discord: { id: "1100000000000000000" },
  telegram: { ok: true, result: { message_id: 5, chat: { id: -100123 } } },
  opsgenie: { requestId: "q1" },
};

/** What must never be read in an answer's text; written out, so that the code under test does not say what is secret. */
const OWN_SECRETS: Readonly<Record<string, readonly string[]>> = {
  "slack webhook": ["slackwebhooksecret"],
  "slack bot": [BOT_TOKEN],
  pagerduty: [ROUTING_KEY],
  "rootly incident": [API_KEY],
  "rootly alert": [API_KEY],
  teams: ["teamssignaturesecret"],
  discord: ["discordwebhooksecret"],
  telegram: [TELEGRAM_TOKEN],
  opsgenie: [API_KEY],
};

/** The table of contracts 10.2, written once more and differently. */
const expected = (status: number): Pick<Outcome, "kind"> & { reason?: string; unhealthy?: boolean } => {
  if (status >= 200 && status <= 299) return { kind: "delivered" };
  if (status === 429) return { kind: "retry", reason: "rate_limited" };
  if (status === 408) return { kind: "retry", reason: "timeout" };
  if (status === 425 || status >= 500) return { kind: "retry", reason: "server_error" };
  if ([401, 403].includes(status)) return { kind: "rejected", reason: "auth", unhealthy: true };
  return { kind: "rejected", reason: "client_error", unhealthy: status === 410 };
};

const EXCEPTIONS: Readonly<Record<string, object>> = {
  "discord 404": { kind: "rejected", reason: "client_error", unhealthy: true },
  "telegram 404": { kind: "rejected", reason: "auth", unhealthy: true },
};

const STATUSES = Array.from({ length: 500 }, (_, index) => index + 100);

describe.each(CASES)("$name", (one) => {
  const { read } = stepOf(one.target, SITUATIONS.firing!);

  test("gives every status from 100 to 599 the outcome of the table", () => {
    for (const status of STATUSES) {
      const outcome = read(answer(status, SUCCESS[one.name] ?? ""), null, NOW);
      expect(outcome, `status ${status}`).toMatchObject({
        ...expected(status),
        ...EXCEPTIONS[`${one.name} ${status}`],
      });
      expect(outcome).toHaveProperty("statusCode", status);
    }
  });

  test.each(["timeout", "dns", "tls", "refused"] as const)("tries again after %s", (reason) => {
    const outcome = read({ kind: "none", reason, error: "it did not work" }, null, NOW);
    expect(outcome).toEqual({ kind: "retry", reason, statusCode: null, afterMs: null, error: "it did not work" });
  });

  test("waits as long as Retry-After says", () => {
    for (const status of [429, 503]) {
      expect(read(answer(status, "", { "Retry-After": "17" }), null, NOW)).toMatchObject({
        kind: "retry",
        afterMs: 17_000,
      });
    }
  });

  test("keeps no secret and no more than 500 characters of an answer", () => {
    const secrets = [
      ROUTING_KEY,
      BOT_TOKEN,
      TELEGRAM_TOKEN,
      API_KEY,
      SLACK_PATH,
      DISCORD_PATH,
      TEAMS_URL,
      one.target.url,
    ];
    const body = `${secrets.join(" ")} ${"x".repeat(2000)} ${secrets.join(" ")}`;
    for (const status of [400, 401, 500]) {
      const outcome = read(answer(status, body), null, NOW);
      const error = "error" in outcome ? outcome.error : "";
      for (const secret of OWN_SECRETS[one.name] ?? []) expect(error).not.toContain(secret);
      expect(error.length).toBeLessThanOrEqual(500);
    }
    const unreachable = JSON.stringify(
      read({ kind: "none", reason: "tls", error: `no way to ${one.target.url}` }, null, NOW),
    );
    for (const secret of OWN_SECRETS[one.name] ?? []) expect(unreachable).not.toContain(secret);
    if (new URL(one.target.url).pathname !== "/") expect(unreachable).not.toContain(one.target.url);
  });

  test("has words even where the answer has none", () => {
    expect(read(answer(500), null, NOW)).toHaveProperty("error", "HTTP 500 without a text");
  });
});

const byName = (name: string): Case => CASES.find((one) => one.name === name)!;

const readOf = (name: string, situation = "firing", receipt: Receipt | null = null, done: readonly string[] = []) => {
  const step = stepOf(byName(name).target, SITUATIONS[situation]!, receipt, done);
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

test("the cases cover every format", () => {
  expect(new Set(CASES.map(nameOfFormat)).size).toBe(10);
});

/** Every format × every status gives the outcome of the table. */
import { describe, expect, test } from "vitest";
import { formatOf } from "../../src/core/publish/index.ts";
import type { Outcome, Receipt } from "../../src/core/publish/outcome.ts";
import { answer, deliver, requestOf, stepFor } from "./deliver.ts";
import { NOW, SITUATIONS } from "./notifications.ts";
import {
  API_KEY,
  BOT_TOKEN,
  CASES,
  DISCORD_PATH,
  nameOfFormat,
  ROUTING_KEY,
  SLACK_PATH,
  sinkOf,
  TEAMS_URL,
  TELEGRAM_TOKEN,
} from "./targets.ts";

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
  const { read } = stepFor(one.target, SITUATIONS.firing!);

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

/** The situations of the promise, each told step by step as a target object would. */
const MATRIX = [
  ...["firing", "resolved", "a group of 50", "huge labels", "right-to-left text and emoji", "no annotations"],
] as const;
/** Steps that change what was opened before have answers of their own. */
const EXCEPTIONS_OF_STEP: Readonly<Record<string, object>> = {
  "rootly incident resolve 409": { kind: "delivered" },
  "rootly alert resolve 409": { kind: "delivered" },
  "rootly incident update 404": { kind: "delivered", receipt: { gone: "true" } },
  "rootly alert update 404": { kind: "delivered", receipt: { gone: "true" } },
};

describe.each(CASES)("$name, whatever it is told", (one) => {
  test.each(MATRIX)("%s: each step gives each status the outcome of the table", (situation) => {
    const notification = SITUATIONS[situation]!;
    const sink = sinkOf(one);
    const open = {
      ...notification,
      alerts: notification.alerts.map((alert) => ({ ...alert, status: "firing" as const, endsAt: null })),
    };
    let receipt: Receipt | null =
      notification.status === "resolved" ? deliver(one.target, { ...open, status: "firing" }, sink).receipt : null;
    const names: string[] = [];
    for (;;) {
      const next = formatOf(one.target).next(notification, one.target, receipt, names, NOW);
      if (!next.ok) throw new Error(next.error.error);
      if (typeof next.value === "string") break;
      const { name, read } = next.value;
      for (const status of STATUSES) {
        const wanted = EXCEPTIONS_OF_STEP[`${one.name} ${name} ${status}`] ?? {
          ...expected(status),
          ...EXCEPTIONS[`${one.name} ${status}`],
        };
        const outcome = read(answer(status, SUCCESS[one.name] ?? ""), receipt, NOW);
        expect(outcome, `${name} ${status}`).toMatchObject({ ...wanted, statusCode: status });
      }
      const taken = sink.handle(requestOf(next.value));
      const outcome = read({ kind: "answer", ...taken }, receipt, NOW);
      expect(outcome, `${taken.status} ${taken.body}`).toMatchObject({ kind: "delivered" });
      receipt = outcome.kind === "delivered" ? outcome.receipt : receipt;
      names.push(name);
    }
    expect(names.length).toBeGreaterThan(0);
  });
});

test("the cases cover every format", () => {
  expect(new Set(CASES.map(nameOfFormat)).size).toBe(10);
});

/** Every format against the rules of its provider: what it sends is accepted, within limits, harmless and secret-free. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatOf, perOf } from "../../src/core/publish/index.ts";
import type { Notification } from "../../src/core/publish/notification.ts";
import { secretsOf } from "../../src/core/publish/redact.ts";
import type { Provider, Sink } from "../support/sinks/sink.ts";
import { deliver } from "./deliver.ts";
import { alertOf, HOSTILE_TEXTS, NOW, notificationOf, SITUATIONS } from "./notifications.ts";
import { CASES, type Case, sinkOf } from "./targets.ts";

const pingsOf = (sink: Sink): readonly string[] => {
  const provider: Provider & { readonly pings?: readonly string[] } = sink.provider;
  return provider.pings ?? [];
};

/** What the provider was told must be open before it can be told of its end. */
const opened = (one: Case, notification: Notification, sink: Sink) => {
  const firing = { ...notification, status: "firing" as const, kind: "alerts" as const };
  const alerts = notification.alerts.map((alert) => ({ ...alert, status: "firing" as const, endsAt: null }));
  return deliver(one.target, { ...firing, alerts }, sink).receipt;
};

const nasty = fc.oneof(
  fc.string({
    unit: fc.constantFrom(
      ..."<>&\"'@!*_~`|#[]()\\ -+=\n\r\u0000\u202eabe1é".split(""),
      "@everyone",
      "<!channel>",
      "</b>",
      "👩‍👩‍👧",
      "\ud800",
    ),
    maxLength: 400,
  }),
  fc.constantFrom(...HOSTILE_TEXTS),
);
const NAMES = [
  "alertname",
  "namespace",
  "instance",
  "job",
  "service",
  "severity",
  "<!here>",
  "__proto__",
  "constructor",
];
const anyAlerts = fc.array(
  fc.record({
    labels: fc.dictionary(fc.constantFrom(...NAMES), nasty),
    annotations: fc.dictionary(fc.constantFrom("summary", "description", "runbook_url", "image_url"), nasty),
    generatorURL: nasty,
    classification: fc.option(
      fc.record({ reasoning: nasty, recommendations: fc.array(nasty, { maxLength: 4 }) }).map((texts) => ({
        ...alertOf().classification!,
        ...texts,
      })),
    ),
  }),
  { minLength: 1, maxLength: 12 },
);

const explain = (sink: Sink): string =>
  sink.exchanges
    .map(({ request, answer }) => `${request.method} ${request.url} ${answer.status} ${answer.body}`)
    .join("\n");

describe.each(CASES)("$name", (one) => {
  const secrets = secretsOf(one.target).filter((secret) => !one.wanted.includes(secret) && secret.length > 8);

  test.each(Object.keys(SITUATIONS))("%s is accepted", (name) => {
    const notification = SITUATIONS[name]!;
    const sink = sinkOf(one);
    const ending = notification.status === "resolved" || notification.kind === "missed";
    const receipt = ending && notification.kind !== "missed" ? opened(one, notification, sink) : null;
    const { end, outcomes } = deliver(one.target, notification, sink, receipt);
    expect(
      outcomes.filter((outcome) => outcome.kind !== "delivered"),
      explain(sink),
    ).toEqual([]);
    const silent = one.target.format === "rootly" && notification.kind === "missed";
    expect(end).toBe(silent ? "not_opened" : "done");
    expect(sink.exchanges.length).toBeGreaterThan(silent ? -1 : 0);
    expect(pingsOf(sink)).toEqual([]);
  });

  test.each(Object.keys(SITUATIONS))("%s carries no secret and forges no header", (name) => {
    const sink = sinkOf(one);
    deliver(one.target, SITUATIONS[name]!, sink);
    for (const { request } of sink.exchanges) {
      for (const secret of secrets) expect(request.body).not.toContain(secret);
      for (const [header, value] of Object.entries(request.headers)) {
        expect(header).toMatch(/^[a-z0-9_-]+$/);
        expect(value).toMatch(/^[\x20-\x7e]*$/);
      }
      expect(Object.keys(request.headers)).not.toContain("x-injected");
      expect(request.body.isWellFormed()).toBe(true);
      expect(() => new Headers(request.headers)).not.toThrow();
    }
  });

  test("any text at all is accepted and pings nobody", () => {
    fc.assert(
      fc.property(anyAlerts, (alerts) => {
        const sink = sinkOf(one);
        const notification = notificationOf(
          alerts.map((alert, index) => alertOf({ ...alert, fingerprint: `${index}`.padStart(16, "0") })),
        );
        const { outcomes } = deliver(one.target, notification, sink);
        expect(
          outcomes.map(({ kind }) => kind),
          explain(sink),
        ).toEqual(["delivered"]);
        expect(pingsOf(sink)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test("the same notification makes the same request, whenever it is asked for", () => {
    const first = sinkOf(one);
    const second = sinkOf(one);
    deliver(one.target, SITUATIONS.firing!, first, null, NOW);
    deliver(one.target, SITUATIONS.firing!, second, null, NOW + 60_000);
    expect(first.exchanges.map(({ request }) => request)).toEqual(second.exchanges.map(({ request }) => request));
  });

  test("tests and replays are marked, everything else is not", () => {
    const textOf = (name: string): string => {
      const sink = sinkOf(one);
      deliver(one.target, SITUATIONS[name]!, sink);
      return sink.exchanges.map(({ request }) => request.body).join("\n");
    };
    if (one.target.format === "template") return expect(textOf("firing")).not.toMatch(/test/i);
    expect(textOf("test")).toMatch(/\[TEST|"test"/);
    expect(textOf("replay")).toMatch(/REPLAY|replay/);
    expect(textOf("firing")).not.toMatch(/\[TEST|"test"|REPLAY|"(?:alert_history_)?replay"/);
  });

  test("a digest tells the true counts", () => {
    if (one.target.format === "template") return;
    const sink = sinkOf(one);
    deliver(one.target, SITUATIONS.digest!, sink);
    const body = sink.exchanges.map(({ request }) => request.body).join("\n");
    for (const count of ["137", "100", "37", "4"]) expect(body).toContain(count);
  });

  test("a target without what its format needs is a payload error and no request", () => {
    const bare = { ...one.target, credentials: {}, options: {}, headers: {} };
    const next = formatOf(bare).next(SITUATIONS.firing!, bare, null, [], NOW);
    const needs = ["pagerduty", "rootly", "opsgenie", "telegram"].includes(one.target.format);
    expect(next.ok).toBe(!needs);
  });

  test("headers of the target go along, those of the connection and the signature do not", () => {
    const sink = sinkOf(one);
    const headers = {
      "X-Team": "ops\r\nX-Injected: yes",
      Host: "evil",
      "webhook-signature": "v1,x",
      routing_key: "k",
      "bad name": "x",
    };
    deliver({ ...one.target, headers: { ...one.target.headers, ...headers } }, SITUATIONS.firing!, sink);
    const sent = sink.exchanges[0]!.request.headers;
    expect(sent["x-team"]).toBe("opsX-Injected: yes");
    for (const name of ["host", "webhook-signature", "routing_key", "bad name", "x-injected"])
      expect(sent).not.toHaveProperty([name]);
  });
});

test("pagers are told one alert at a time, the others groups", () => {
  const per = Object.fromEntries(CASES.map(({ name, target }) => [name, perOf(target)]));
  expect(per).toEqual({
    webhook: "group",
    alertmanager: "group",
    "slack webhook": "group",
    "slack bot": "group",
    pagerduty: "alert",
    "rootly incident": "alert",
    "rootly alert": "alert",
    teams: "group",
    discord: "group",
    telegram: "group",
    opsgenie: "alert",
    template: "group",
  });
});

test("pagers know themselves to be pagers", () => {
  const pagers = CASES.filter(({ target }) => formatOf(target).audience === "pager").map(({ name }) => name);
  expect(pagers).toEqual(["pagerduty", "rootly incident", "rootly alert", "opsgenie"]);
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatOf } from "../../../src/core/publish/index.ts";
import type { Notification } from "../../../src/core/publish/notification.ts";
import { checkTemplate } from "../../../src/core/publish/template.ts";
import type { Target } from "../../../src/core/route/target.ts";
import {
  alertOf,
  groupOf,
  HOSTILE,
  HOSTILE_TEXTS,
  NOW,
  notificationOf,
  resolvedAlert,
  SITUATIONS,
} from "../../contract/notifications.ts";
import { BOT_TOKEN, DISCORD_PATH, SLACK_PATH, TELEGRAM_TOKEN, targetOf } from "../../contract/targets.ts";

const TEXT = "text/plain; charset=utf-8";

const templateTarget = (template: string, over: Partial<Target> = {}, contentType = TEXT): Target =>
  targetOf({ format: "template", type: "webhook", ...over, options: { ...over.options, template, contentType } });

const stepOf = (target: Target, notification: Notification) => {
  const next = formatOf(target).next(notification, target, null, [], NOW);
  if (!next.ok || typeof next.value === "string") throw new Error(JSON.stringify(next));
  return next.value;
};

const rendered = (template: string, notification: Notification = SITUATIONS.firing!): string =>
  stepOf(templateTarget(template), notification).request.body;

describe("data", () => {
  test.each([
    ["{{ status }} {{ receiver }} {{ externalURL }}", "firing on-call https://alerts.example.com"],
    ["{{ groupLabels.alertname }} {{ commonLabels.job }}", "HighCPU node-exporter"],
    ["{{ commonAnnotations.summary }}", "CPU high on a"],
    ["{{ alerts.size }} {{ alerts.firing.size }} {{ alerts.resolved.size }}", "1 1 0"],
    ["{{ alerts[0].startsAt }} {{ alerts[0].endsAt }}", "2026-11-24T02:53:56.000Z 0001-01-01T00:00:00Z"],
    [
      "{{ alerts[0].fingerprint }} {{ alerts[0].generatorURL }}",
      "144c2acf086139f0 https://prometheus.example.com/graph?g0.expr=up%3D%3D0&g0.tab=1",
    ],
    [
      "{{ Status }} {{ Alerts[0].Labels.alertname }} {{ Alerts.Firing.size }} {{ ExternalURL }}",
      "firing HighCPU 1 https://alerts.example.com",
    ],
    ["{{ severity }} {{ alerts[0].classification.category }}", "critical capacity"],
    ["{% for pair in groupLabels %}{{ pair[0] }}={{ pair[1] }}{% endfor %}", "alertname=HighCPU"],
    [
      "{{ historyURL }} {{ notificationReason }}",
      "https://alerts.example.com/alerts/144c2acf086139f0 first notification",
    ],
    ["{% if truncatedAlerts == 0 %}all{% endif %}{{ nothing.at.all }}", "all"],
  ])("%s", (template, expected) => expect(rendered(template)).toBe(expected));

  test("firing and resolved are told apart in a mixed group", () => {
    expect(
      rendered("{{ status }} {{ alerts.firing.size }}/{{ alerts.resolved.size }}", notificationOf(groupOf(5))),
    ).toBe("firing 4/1");
    expect(rendered("{{ status }} {{ alerts[0].endsAt }}", notificationOf([resolvedAlert()]))).toBe(
      "resolved 2026-11-24T03:09:59.000Z",
    );
  });
});

describe("filters", () => {
  test.each([
    [
      "{{ 0 | humanize }} {{ 1234567 | humanize }} {{ 0.0123456 | humanize }} {{ -1500 | humanize }}",
      "0 1.235M 12.35m -1.5k",
    ],
    ["{{ '1e25' | humanize }} {{ 'NaN' | humanize }}", "10Y NaN"],
    ["{{ 1048576 | humanize1024 }} {{ 1 | humanize1024 }} {{ 1500 | humanize1024 }}", "1Mi 1 1.465ki"],
    ["{{ 0.1234567 | humanizePercentage }}", "12.35%"],
    [
      "{{ 0 | humanizeDuration }} {{ 59.5 | humanizeDuration }} {{ 3723 | humanizeDuration }} {{ 93784 | humanizeDuration }}",
      "0s 59.5s 1h 2m 3s 1d 2h 3m 4s",
    ],
    ["{{ 0.001 | humanizeDuration }} {{ -65 | humanizeDuration }} {{ 65 | humanizeDuration }}", "1ms -1m 5s 1m 5s"],
    ["{{ 1435065584.128 | humanizeTimestamp }}", "2015-06-23T13:19:44.128Z"],
    ['{{ "aaa bbb CCC élan it\'s" | title }}', "Aaa Bbb CCC Élan It's"],
    ["{{ 'aBc' | toUpper }} {{ 'aBc' | toLower }}[{{ '  x ' | trimSpace }}]", "ABC abc[x]"],
    ["{{ 'a' | stringSlice: 'b', 'c' | join: '-' }}", "a-b-c"],
    ["{{ 'abc' | match: 'b' }} {{ 'abc' | match: '^b' }}", "true false"],
    ["{{ 'foo bar' | reReplaceAll: '(\\\\w+) (\\\\w+)', '$2-$\u007b1}$$' }}", "bar-foo$"],
    ["{{ 'aaa' | reReplaceAll: '(?P<x>a)', '<$x>' }} {{ 'b' | reReplaceAll: 'b', '$1x' }}.", "<a><a><a> ."],
    ["{{ '<b>&' | safeHtml }}", "&lt;b&gt;&amp;"],
    ["{{ 'javascript:x' | safeUrl }}[{{ 'https://e.example/a|b' | safeUrl }}]", "[https://e.example/a%7Cb]"],
    ["{{ 'a%20b+c' | urlUnescape }} {{ '%zz' | urlUnescape }}", "a b c %zz"],
    ["{{ alerts[0].startsAt | since | humanizeDuration }}", "16m 4s"],
    ["{{ alerts[0].startsAt | date: '%Y-%m-%d %H:%M' }}", "2026-11-24 02:53"],
    ["{{ alerts[0].startsAt | date: '2006-01-02 15:04:05' }}", "2026-11-24 02:53:56"],
    ["{{ alerts[0].startsAt | date: 'Mon 02 Jan 15:04', 'Europe/Berlin' }}", "Tue 24 Nov 03:53"],
    ["{{ 'now' | date: '%Y-%m-%dT%H:%M' }} {{ now | date: '%H' }}", "2026-11-24T03:10 03"],
    ["{% assign pairs = commonLabels | sortedPairs %}{{ pairs[0].name }},{{ pairs[1].name }}", "alertname,instance"],
    ["{{ groupLabels | names | join: ',' }} {{ groupLabels | values | join: ',' }}", "alertname HighCPU"],
    ["{{ commonLabels | without: 'job', 'service' | names | join: ' ' }}", "alertname instance namespace severity"],
    [
      "{{ groupLabels | json }} {{ groupLabels | toJson }} {{ groupLabels }}",
      '{"alertname":"HighCPU"} {"alertname":"HighCPU"} {"alertname":"HighCPU"}',
    ],
    ["{{ 'abcdef' | truncate: 5 }} {{ missing | default: 'none' }}", "ab... none"],
  ])("%s", (template, expected) => {
    expect(rendered(template)).toBe(expected);
  });
});

describe("checkTemplate", () => {
  test.each([
    ["an unknown filter", "a\n  {{ status | nope }}", 2, 3, "undefined filter: nope"],
    ["an unknown tag", "{% bogus %}", 1, 1, 'tag "bogus" not found'],
    ["files cannot be included", "x {% include 'a' %}", 1, 3, 'tag "include" not found'],
    ["nor rendered, nor laid out", "{% layout 'a' %}", 1, 1, 'tag "layout" not found'],
    ["a loop that does not end", "{% for a in alerts %}", 1, 1, "not closed"],
    ["an output that does not end", "ok\n\n{{ status", 3, 1, "not closed"],
    ["Go syntax prints nothing in Liquid", "line\n {{ .Status }}", 2, 2, "Go template syntax"],
    ["Go loops too", "{{ range .Alerts }}x{{ end }}", 1, 1, "Go template syntax"],
    ["a bad regular expression", "\n{{ status | match: '(' }}", 2, 1, "error parsing regexp"],
    ["a look-ahead is no RE2", "{{ status | match: '(?=a)' }}", 1, 1, "error parsing regexp"],
    ["a backslash that Liquid would swallow", "ab {{ status | match: '^\\d' }}", 1, 25, "written twice"],
    ["no number", "{{ status | humanize }}", 1, 1, "is not a number"],
    ["nothing comes of it", "{% if false %}x{% endif %}", 1, 1, "produced nothing"],
    ["too long", "x".repeat(70_000), 1, 1, "parse length limit exceeded"],
  ])("%s", (_, source, line, column, message) => {
    expect(checkTemplate(source, TEXT)).toEqual([
      { path: "", line, column, message: expect.stringContaining(message) },
    ]);
  });

  test.each([
    ["text without quotes", '{"a": {{ status }} }'],
    ["a comma too many", '{"a": [{% for a in alerts %}1,{% endfor %}]}'],
    ["raw alert text in JSON", '{"a": "{{ commonAnnotations.description | raw }}"}'],
  ])("a JSON template is tried on texts that break it: %s", (_, source) => {
    expect(checkTemplate(source)).toMatchObject([{ message: expect.stringContaining("not valid JSON") }]);
  });

  test.each([
    ["a quoted value", '{"a": "{{ commonAnnotations.description }}", "n": {{ alerts.size }}}'],
    ["a value written by json", '{"a": {{ alerts | json }}, "b": {{ missing | json }}}'],
  ])("and passes where it is right: %s", (_, source) => expect(checkTemplate(source)).toEqual([]));
});

describe("sandbox", () => {
  test.each([
    ["{{ alerts.constructor }}{{ status.constructor.name }}{{ constructor }}{{ __proto__ }}x", "x"],
    ["{{ alerts[0].labels.toString }}{{ alerts.map }}{{ status.__proto__ }}x", "x"],
  ])("prototypes are out of reach: %s", (template, expected) => expect(rendered(template)).toBe(expected));

  test.each([
    [
      "loops over alerts",
      "{% for a in alerts %}{% for b in alerts %}{% for c in alerts %}{% for d in alerts %}x{% endfor %}{% endfor %}{% endfor %}{% endfor %}",
    ],
    [
      "loops without a body",
      "{% for a in alerts %}{% for b in alerts %}{% for c in alerts %}{% for d in alerts %}{% endfor %}{% endfor %}{% endfor %}{% endfor %}x",
    ],
    ["a huge range", "{% for i in (1..1000000000) %}x{% endfor %}"],
    ["many ranges", "{% for a in alerts %}{% for i in (1..100000) %}x{% endfor %}{% endfor %}"],
    ["a text that doubles", `{% assign t = 'xxxxxxxxxx' %}${"{% assign t = t | append: t %}".repeat(60)}{{ t }}`],
    [
      "a captured text",
      `{% capture t %}{% for a in alerts %}{% for b in alerts %}${"y".repeat(5000)}{% endfor %}{% endfor %}{% endcapture %}{{ t }}`,
    ],
    ["a deep nest", `${"{% if true %}".repeat(2500)}x${"{% endif %}".repeat(2500)}`],
  ])("%s end soon, in the plain format", (_, template) => {
    const started = performance.now();
    const step = stepOf(templateTarget(template), notificationOf(groupOf(200)));
    expect(performance.now() - started).toBeLessThan(3000);
    expect(JSON.parse(step.request.body)).toHaveProperty("template_error");
  });

  test("a pattern that would take for ever elsewhere takes no time", () => {
    const alert = alertOf({ annotations: { summary: "a".repeat(9000) } });
    const started = performance.now();
    expect(rendered("{{ commonAnnotations.summary | match: '^(a+)+$' }}", notificationOf([alert]))).toBe("true");
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe("falling back", () => {
  const answered = (target: Target, notification = SITUATIONS.firing!) => {
    const step = stepOf(target, notification);
    const body = target.type === "slack" ? "ok" : "";
    return { step, outcome: step.read({ kind: "answer", status: 200, headers: {}, body }, null, NOW) };
  };

  test("a broken template sends the plain webhook with the error in body and outcome", () => {
    const { step, outcome } = answered(templateTarget("\n{{ status | nope }}"));
    expect(JSON.parse(step.request.body)).toMatchObject({
      alert_name: "HighCPU",
      template_error: "template line 2, column 1: undefined filter: nope",
    });
    expect(step.request.headers["content-type"]).toBe("application/json");
    expect(outcome).toMatchObject({ kind: "delivered", note: "template line 2, column 1: undefined filter: nope" });
  });

  test("a broken template for Slack sends our Slack message", () => {
    const target = templateTarget("{{", { type: "slack", url: `https://hooks.slack.com${SLACK_PATH}` });
    const { step, outcome } = answered(target);
    expect(JSON.parse(step.request.body)).toHaveProperty("blocks");
    expect(outcome).toMatchObject({ kind: "delivered", note: expect.stringMatching(/^template line 1/) });
    expect(formatOf(target).pace).toEqual({ perSecond: 1, burst: 3 });
  });

  test("a template that alert text makes invalid JSON is not sent", () => {
    const { step } = answered(
      templateTarget('{"a": "{{ commonAnnotations.summary | raw }}"}', {}, "application/json"),
      notificationOf([HOSTILE]),
    );
    expect(JSON.parse(step.request.body).template_error).toContain("not valid JSON");
  });

  test("a good one has no note", () =>
    expect(answered(templateTarget("{{ status }}")).outcome).not.toHaveProperty("note"));
});

describe("alert text stays where the template put it", () => {
  const strange = fc.oneof(
    fc.constantFrom(...HOSTILE_TEXTS),
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.string({ maxLength: 40 }),
  );

  test("in JSON, for any text", () => {
    const target = templateTarget(
      '{"q":"{{ commonAnnotations.x }}","j":{{ commonAnnotations.x | json }},"end":1}',
      {},
      "application/json",
    );
    fc.assert(
      fc.property(strange, (text) => {
        const { body } = stepOf(target, notificationOf([alertOf({ annotations: { x: text } })])).request;
        const made = JSON.parse(body) as Record<string, unknown>;
        expect(Object.keys(made)).toEqual(["q", "j", "end"]);
        expect(made.j).toBe(made.q);
      }),
    );
  });

  test("in HTML and XML", () => {
    const html = stepOf(
      templateTarget("<p>{{ commonAnnotations.summary }}</p>", {}, "text/html"),
      notificationOf([HOSTILE]),
    ).request.body;
    expect(html.slice(3, -4)).not.toMatch(/[<>]/);
  });

  test("in a form", () => {
    const { body } = stepOf(
      templateTarget("text={{ commonAnnotations.summary }}&x=1", {}, "application/x-www-form-urlencoded"),
      notificationOf([HOSTILE]),
    ).request;
    expect([...new URLSearchParams(body).keys()]).toEqual(["text", "x"]);
  });

  test("and pings nobody in Slack, Discord or Telegram", () => {
    const source = '{"text":"{{ commonAnnotations.summary }}","content":{{ commonAnnotations.summary | json }}}';
    const bodyFor = (over: Partial<Target>): string =>
      stepOf(templateTarget(source, over, "application/json"), notificationOf([HOSTILE])).request.body;
    expect(bodyFor({ type: "slack" })).not.toMatch(/<[!@#]/);
    expect(JSON.parse(bodyFor({ type: "discord", url: `https://discord.example${DISCORD_PATH}` }))).toMatchObject({
      allowed_mentions: { parse: [] },
    });
    expect(
      bodyFor({ type: "telegram", options: { channel: "-1" }, credentials: { botToken: TELEGRAM_TOKEN } }),
    ).not.toMatch(/@somebody|<b>/);
  });
});

describe("what a receiver needs besides the body", () => {
  const source = '{"text":"{{ status }}"}';
  test("Slack's bot needs its method, token and channel", () => {
    const target = templateTarget(
      source,
      { type: "slack", url: "https://slack.com/api", credentials: { botToken: BOT_TOKEN }, options: { channel: "C1" } },
      "application/json",
    );
    const { request } = stepOf(target, SITUATIONS.firing!);
    expect(request).toMatchObject({
      url: "https://slack.com/api/chat.postMessage",
      headers: { authorization: `Bearer ${BOT_TOKEN}` },
    });
    expect(JSON.parse(request.body)).toEqual({ channel: "C1", text: "firing" });
  });
  test("Telegram needs its chat", () => {
    const target = templateTarget(
      source,
      {
        type: "telegram",
        url: "https://api.telegram.org",
        credentials: { botToken: TELEGRAM_TOKEN },
        options: { channel: "-1" },
      },
      "application/json",
    );
    const { request } = stepOf(target, SITUATIONS.firing!);
    expect(request.url).toBe(`https://api.telegram.org/bot${TELEGRAM_TOKEN}/sendMessage`);
    expect(JSON.parse(request.body)).toEqual({ parse_mode: "HTML", text: "firing", chat_id: "-1" });
  });
  test("a signed webhook is signed, and every one has its id", () => {
    const target = templateTarget("{{ status }}", { credentials: { signingSecrets: ["whsec_eA=="] } });
    const { request } = stepOf(target, SITUATIONS.firing!);
    expect(request).toMatchObject({
      signWith: ["whsec_eA=="],
      headers: { "x-notification-id": "144c2acf086139f0:1:target", "content-type": TEXT },
    });
  });
});

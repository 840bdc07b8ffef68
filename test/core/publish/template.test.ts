import { describe, expect, test } from "vitest";
import { stepFor } from "../../contract/deliver.ts";
import { groupOf, notificationOf, resolvedAlert, SITUATIONS } from "../../contract/notifications.ts";
import { BOT_TOKEN, TELEGRAM_TOKEN } from "../../contract/targets.ts";
import { rendered, TEXT, templateTarget } from "./template-support.ts";

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
      "https://alerts.example.com/alerts?sel=144c2acf086139f0 first notification",
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

describe("what a receiver needs besides the body", () => {
  const source = '{"text":"{{ status }}"}';
  test("Slack's bot needs its method, token and channel", () => {
    const target = templateTarget(
      source,
      { type: "slack", url: "https://slack.com/api", credentials: { botToken: BOT_TOKEN }, options: { channel: "C1" } },
      "application/json",
    );
    const { request } = stepFor(target, SITUATIONS.firing!);
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
    const { request } = stepFor(target, SITUATIONS.firing!);
    expect(request.url).toBe(`https://api.telegram.org/bot${TELEGRAM_TOKEN}/sendMessage`);
    expect(JSON.parse(request.body)).toEqual({ parse_mode: "HTML", text: "firing", chat_id: "-1" });
  });
  test("a signed webhook is signed, and every one has its id", () => {
    const target = templateTarget("{{ status }}", { credentials: { signingSecrets: ["whsec_eA=="] } });
    const { request } = stepFor(target, SITUATIONS.firing!);
    expect(request).toMatchObject({
      signWith: ["whsec_eA=="],
      headers: { "x-notification-id": "144c2acf086139f0:1:target", "content-type": TEXT },
    });
  });
});

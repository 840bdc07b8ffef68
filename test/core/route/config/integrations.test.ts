import { describe, expect, it } from "vitest";
import { formatOf } from "../../../../src/core/publish/index.ts";
import { checkTemplate } from "../../../../src/core/publish/template.ts";
import { SAMPLES } from "../../../../src/core/publish/template-sample.ts";
import type { Target } from "../../../../src/core/route/target.ts";
import { readTargets, readValid, warningsOf } from "./read-targets.ts";

const KEY = "0123456789abcdef0123456789abcdef";
const HOOK = "https://hooks.slack.com/services/T0/B0/abc";
const document = (kind: string, entry: string, global = ""): string =>
  `route: {receiver: team}\n${global === "" ? "" : `global: {${global}}\n`}receivers:\n  - name: team\n    ${kind}_configs:\n      - ${entry}\n`;
const targetOf = (kind: string, entry: string, global?: string): Target => {
  const [target] = readTargets(document(kind, entry, global));
  if (target === undefined) throw new Error("no target was made");
  return target;
};
/** The body the target is sent, as its format makes it. */
const bodyOf = (target: Target, sample = 0): Record<string, unknown> => {
  const notification = SAMPLES[sample];
  if (notification === undefined) throw new Error("no sample");
  const step = formatOf(target).next(notification, target, null, [], notification.at);
  if (!step.ok || typeof step.value === "string") throw new Error("no request was made");
  return JSON.parse(step.value.request.body);
};

describe("what an integration becomes", () => {
  it.each([
    ["slack", `{api_url: "${HOOK}"}`, "", { type: "slack", format: "slack", url: HOOK, sendResolved: false }],
    ["slack", "{send_resolved: true}", `slack_api_url: "${HOOK}"`, { url: HOOK, sendResolved: true }],
    [
      "slack",
      "{app_token: xoxb-1, channel: '#ops'}",
      "",
      {
        format: "slack",
        url: "https://slack.com/api",
        credentials: { botToken: "xoxb-1" },
        options: { channel: "#ops" },
      },
    ],
    ["slack", "{channel: '#ops'}", "slack_app_token: xoxb-2", { credentials: { botToken: "xoxb-2" } }],
    ["slack", `{api_url: "${HOOK}"}`, "slack_app_token: xoxb-2", { url: HOOK, credentials: {} }],
    [
      "slack",
      "{api_url: https://slack.com/api/chat.postMessage, channel: C1, http_config: {authorization: {credentials: xoxb-3}}}",
      "",
      { url: "https://slack.com/api", credentials: { botToken: "xoxb-3" }, options: { channel: "C1" } },
    ],
    [
      "pagerduty",
      `{routing_key: ${KEY}}`,
      "",
      {
        type: "pagerduty",
        url: "https://events.pagerduty.com/v2/enqueue",
        credentials: { routingKey: KEY },
        sendResolved: true,
      },
    ],
    [
      "pagerduty",
      `{routing_key: ${KEY}}`,
      "pagerduty_url: https://events.eu.pagerduty.com/v2/enqueue",
      { url: "https://events.eu.pagerduty.com/v2/enqueue" },
    ],
    [
      "pagerduty",
      `{service_key: ${KEY}, url: https://events.pagerduty.com/generic/2010-04-15/create_event.json}`,
      "",
      { url: "https://events.pagerduty.com/v2/enqueue", credentials: { routingKey: KEY } },
    ],
    [
      "opsgenie",
      "{api_key: k, api_url: https://api.eu.opsgenie.com/}",
      "",
      { type: "opsgenie", url: "https://api.eu.opsgenie.com", credentials: { apiKey: "k" } },
    ],
    ["opsgenie", "{}", "opsgenie_api_key: k2", { url: "https://api.opsgenie.com", credentials: { apiKey: "k2" } }],
    [
      "webhook",
      "{url: https://a.example/x, timeout: 5s}",
      "",
      { type: "webhook", format: "alertmanager", url: "https://a.example/x", timeoutSeconds: 5 },
    ],
    ["webhook", "{url: https://a.example/x, timeout: 5m}", "", { timeoutSeconds: 30 }],
    [
      "webhook",
      "{url: https://webhooks.rootly.com/webhooks/incoming/alertmanager_webhooks/abc}",
      "",
      { type: "webhook", format: "alertmanager" },
    ],
    [
      "webhook",
      "{url: https://a.example, http_config: {basic_auth: {username: u, password: p}}}",
      "",
      { headers: { Authorization: "Basic dTpw" } },
    ],
    [
      "webhook",
      "{url: https://a.example, http_config: {authorization: {type: Token, credentials: t}}}",
      "",
      { headers: { Authorization: "Token t" } },
    ],
    [
      "webhook",
      "{url: https://a.example, http_config: {bearer_token: t}}",
      "",
      { headers: { Authorization: "Bearer t" } },
    ],
    [
      "webhook",
      "{url: https://a.example}",
      "http_config: {http_headers: {X-Team: {values: [a, b], secrets: [c]}}}",
      { headers: { "X-Team": "a, b, c" } },
    ],
    ["webhook", "{url: https://a.example, http_config: {}}", "http_config: {bearer_token: t}", { headers: {} }],
    ["discord", "{webhook_url: https://discord.com/api/webhooks/1/abc}", "", { type: "discord", format: "discord" }],
    ["msteams", "{webhook_url: https://x.webhook.office.com/a}", "", { type: "teams", format: "teams" }],
    ["msteamsv2", "{webhook_url: https://x.logic.azure.com/a}", "", { type: "teams", format: "teams" }],
    [
      "telegram",
      "{bot_token: '1:a', chat_id: -1001234567890123456, message_thread_id: 7}",
      "",
      {
        type: "telegram",
        options: { channel: "-1001234567890123456", threadId: "7" },
        credentials: { botToken: "1:a" },
      },
    ],
    ["telegram", "{chat_id: 5}", "telegram_bot_token: '1:b'", { credentials: { botToken: "1:b" } }],
  ])("%s %s %s", (kind, entry, global, want) => {
    expect(targetOf(kind, entry, global)).toMatchObject(want);
    expect(warningsOf(document(kind, entry, global)).filter((warning) => !warning.includes("service_key"))).toEqual([]);
  });
});

describe("texts of somebody's own become a template", () => {
  const fine = (target: Target): void => {
    expect(target.format).toBe("template");
    expect(checkTemplate(target.options.template ?? "", target.options.contentType, target.type)).toEqual([]);
  };

  it("Slack, with Alertmanager's usual title and colour", () => {
    const target = targetOf(
      "slack",
      `{api_url: "${HOOK}", channel: '#{{ .GroupLabels.alertname }}', text: "{{ range .Alerts }}{{ .Annotations.summary }}\\n{{ end }}", fields: [{title: N, value: "{{ .Alerts | len }}", short: true}]}`,
    );
    fine(target);
    expect(bodyOf(target, 1)).toMatchObject({
      channel: "#HighCPU",
      attachments: [
        {
          color: "danger",
          title: "[FIRING:1] HighCPU",
          title_link: "https://alerts.example.com",
          text: expect.stringContaining('CPU is "high" on a:9100 &amp; {more}'),
          fields: [{ title: "N", value: "2", short: true }],
        },
      ],
    });
    expect(bodyOf(target, 2)).toMatchObject({ attachments: [{ color: "good", title: "[RESOLVED] HighCPU" }] });
  });

  it("Slack by a bot, Discord, Teams and Telegram", () => {
    const slack = targetOf("slack", "{app_token: xoxb-1, channel: C1, title: 'T {{ .Status }}'}");
    fine(slack);
    expect(bodyOf(slack)).toMatchObject({ channel: "C1", attachments: [{ title: "T firing" }] });
    const discord = targetOf(
      "discord",
      "{webhook_url: https://discord.com/api/webhooks/1/abc, title: '{{ .Status }}', username: bot}",
    );
    fine(discord);
    expect(bodyOf(discord)).toMatchObject({
      username: "bot",
      embeds: [{ title: "firing", description: expect.stringContaining("FIRING HighCPU: CPU is") }],
    });
    const teams = targetOf("msteamsv2", "{webhook_url: https://x.logic.azure.com/a, text: '{{ .Status }}'}");
    fine(teams);
    expect(bodyOf(teams)).toMatchObject({
      attachments: [{ content: { type: "AdaptiveCard", body: [{ text: "[FIRING:1] HighCPU" }, { text: "firing" }] } }],
    });
    const telegram = targetOf(
      "telegram",
      "{bot_token: '1:a', chat_id: 5, message: '<b>{{ .Status }}</b> {{ .CommonLabels.alertname }}'}",
    );
    fine(telegram);
    expect(bodyOf(telegram)).toMatchObject({ text: "<b>firing</b> HighCPU", parse_mode: "HTML" });
  });

  it("a webhook's payload", () => {
    const target = targetOf(
      "webhook",
      "{url: https://a.example, payload: {text: '{{ .Status | toUpper }}', n: 1, list: [x, true, null], deep: {who: '{{ .Receiver }}'}}}",
    );
    fine(target);
    expect(bodyOf(target)).toEqual({ text: "FIRING", n: 1, list: ["x", true, null], deep: { who: "sample" } });
  });

  it.each([
    ["a text from a file of templates", "text", '{{ template "my.text" . }}', "uses template"],
    ["a function we do not have", "title", "{{ slice .Status 0 3 }}", "uses slice"],
  ])("%s falls back to our format and says so", (_, key, text, reason) => {
    const entry = `{api_url: "${HOOK}", ${key}: '${text}', pretext: 'x'}`;
    expect(targetOf("slack", entry).format).toBe("slack");
    expect(warningsOf(document("slack", entry))[0]).toBe(
      `/receivers/0/slack_configs/0/${key} cannot be translated, since it ${reason}: our own format is sent instead`,
    );
  });

  it("Alertmanager's own texts are no texts of somebody's own", () => {
    const entry = `{api_url: "${HOOK}", title: '{{ template "slack.default.title" . }}', text: '{{ template "slack.default.text" . }}'}`;
    expect(targetOf("slack", entry).format).toBe("slack");
    expect(warningsOf(document("slack", entry))).toEqual([]);
  });
});

describe("what is not taken over is reported by path", () => {
  it.each([
    [
      "slack",
      `{api_url: "${HOOK}", icon_emoji: ':fire:', actions: [{type: button, text: a, url: b}]}`,
      ["icon_emoji", "actions"],
      1,
    ],
    ["slack", `{api_url: "${HOOK}", short_fields: false, link_names: true}`, [], 1],
    ["slack", "{app_token: x, channel: '#{{ .Status }}'}", ["channel", ""], 0],
    ["slack", "{api_url_file: /etc/url}", ["api_url_file", ""], 0],
    [
      "pagerduty",
      `{routing_key: ${KEY}, severity: '{{ .Status }}', details: {a: b}, client: x}`,
      ["severity", "details", "client"],
      1,
    ],
    ["pagerduty", "{routing_key_file: /etc/key}", ["routing_key_file", ""], 0],
    ["webhook", "{url: 'https://a.example/{{ .Status }}'}", ["url", ""], 0],
    ["webhook", "{url: https://a.example, max_alerts: 10}", ["max_alerts"], 1],
    [
      "webhook",
      "{url: https://a.example, http_config: {oauth2: {client_id: x}, tls_config: {ca_file: /ca}, proxy_url: http://p}}",
      ["http_config/oauth2", "http_config/tls_config", "http_config/proxy_url"],
      1,
    ],
    [
      "webhook",
      "{url: https://a.example, http_config: {basic_auth: {username: u, password_file: /p}}}",
      ["http_config/basic_auth/password_file"],
      1,
    ],
    ["telegram", "{bot_token: '1:a', chat_id: 1, parse_mode: MarkdownV2, message: x}", ["parse_mode", "message"], 1],
    ["telegram", "{bot_token: '1:a', chat_id: 1, disable_notifications: true}", ["disable_notifications"], 1],
  ])("%s %s", (kind, entry, keys, count) => {
    const text = document(kind, entry);
    const base = `/receivers/0/${kind}_configs/0`;
    expect(warningsOf(text).map((warning) => warning.split(" ")[0])).toEqual(
      keys
        .map((key) => (key === "" ? "/receivers/0" : `${base}/${key}`))
        .toSorted((a, b) => (a === "/receivers/0" ? -1 : b === "/receivers/0" ? 1 : 0)),
    );
    expect(readTargets(text)).toHaveLength(count);
  });

  it("integrations that are not served, beside those that are", () => {
    const text = `route: {receiver: a}
receivers:
  - name: a
    pushover_configs: [{user_key: u, token: t}]
    sns_configs: [{topic_arn: x, sigv4: {region: eu}}]
    jira_configs: [{project: P, issue_type: Bug, summary: {template: x}}]
    webhook_configs: [{url: https://a.example}]
  - name: b
    wechat_configs: [{corp_id: x}]
    mattermost_configs: [{webhook_url: https://m.example, footer_icon: x, attachments: [{footer_icon: y}]}]
`;
    expect(readValid(text).config.receivers).toEqual([
      { name: "a", targets: ["a-webhook-1"] },
      { name: "b", targets: ["b"] },
    ]);
    expect(warningsOf(text)).toEqual([
      "/receivers/0/pushover_configs/0 pushover is not served yet: the receiver delivers to its other targets",
      "/receivers/0/sns_configs/0 sns is not served yet: the receiver delivers to its other targets",
      "/receivers/0/jira_configs/0 jira is not served yet: the receiver delivers to its other targets",
      "/receivers/1 no target of this receiver is served: it reaches nobody, unless a target is named b",
      "/receivers/1/wechat_configs/0 wechat is not served yet: the receiver delivers to its other targets",
      "/receivers/1/mattermost_configs/0 mattermost is not served yet: the receiver delivers to its other targets",
    ]);
  });
});

describe("names of targets", () => {
  const namesOf = (receivers: readonly string[], targets = ""): string[] => {
    const list = receivers.map(
      (name) =>
        `  - {name: ${JSON.stringify(name)}, webhook_configs: [{url: https://a.example}, {url: https://b.example}]}\n`,
    );
    return readTargets(
      `route: {receiver: ${JSON.stringify(receivers[0])}}\n${targets}receivers:\n${list.join("")}`,
    ).map(({ name }) => name);
  };

  it.each([
    ["Team X / mails", ["team-x-mails-webhook-1", "team-x-mails-webhook-2"]],
    ["--Über_Ops--", ["uber-ops-webhook-1", "uber-ops-webhook-2"]],
    ["x".repeat(80), [`${"x".repeat(40)}-webhook-1`, `${"x".repeat(40)}-webhook-2`]],
  ])("%s", (receiver, want) => {
    expect(namesOf([receiver])).toEqual(want);
  });

  it("differ where receivers look alike, and from those of the document", () => {
    const names = namesOf(
      ["team-a", "Team A", "日本", "中国"],
      "targets: {team-a-webhook-2: {url: https://c.example}}\n",
    );
    expect(new Set(names).size).toBe(names.length);
    expect(names.slice(0, 2)).toEqual(["team-a-webhook-2", "team-a-webhook-1"]);
    for (const name of names) expect(name).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
  });

  it("stay the same when another receiver comes before", () => {
    expect(namesOf(["日本"])).toEqual(namesOf(["中国", "日本"]).slice(2));
  });
});

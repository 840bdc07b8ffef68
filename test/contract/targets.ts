/** One target per kind of format, each with the sink that stands in for its provider. */
import { formatOf } from "../../src/core/publish/index.ts";
import type { Target } from "../../src/core/route/target.ts";
import { createDiscord } from "../support/sinks/discord.ts";
import { createOpsgenie } from "../support/sinks/opsgenie.ts";
import { createPagerDuty } from "../support/sinks/pagerduty.ts";
import { createRootly } from "../support/sinks/rootly.ts";
import { createSink, type Provider, type Sink } from "../support/sinks/sink.ts";
import { createSlackBot, createSlackWebhook } from "../support/sinks/slack.ts";
import { createTeams } from "../support/sinks/teams.ts";
import { createTelegram } from "../support/sinks/telegram.ts";
import { createAlertmanagerReceiver, createWebhook } from "../support/sinks/webhook.ts";

export const ROUTING_KEY = "0123456789abcdef0123456789abcdef";
export const SIGNING_KEY = `whsec_${btoa("alert-router-example-key")}`;
export const BOT_TOKEN = "xoxb-1111-2222-thisisaslacktoken";
export const TELEGRAM_TOKEN = "987654321:AAtelegramtokenAA";
export const API_KEY = "an-api-key-nobody-must-see";
export const SLACK_PATH = "/services/T0000/B0000/slackwebhooksecret";
export const DISCORD_PATH = "/api/webhooks/1234567890/discordwebhooksecret";
export const TEAMS_URL = "/workflows/abc/triggers/manual/paths/invoke?api-version=1&sig=teamssignaturesecret";

export const targetOf = (target: Partial<Target> & Pick<Target, "format" | "type">): Target => ({
  name: `${target.format}-target`,
  url: "https://sink.example.com",
  enabled: true,
  priority: 100,
  sendResolved: true,
  timeoutSeconds: 10,
  retryWindowSeconds: 86_400,
  per: null,
  headers: {},
  filter: { severity: [], namespaces: [], excludeNoise: false, minConfidence: null, alertNamePattern: null },
  credentials: {},
  options: {},
  description: "",
  metadata: {},
  ...target,
});

const BASE = "https://sink.example.com";

/** A template as people write them, quotes and all. */
export const TEMPLATE = `{
  "text": "{{ status | toUpper }}: {{ commonLabels.alertname }}",
  "summary": {{ commonAnnotations.summary | json }},
  "alerts": [{% for alert in alerts %}"{{ alert.labels.instance }} since {{ alert.startsAt }}"{% unless forloop.last %},{% endunless %}{% endfor %}]
}`;

export interface Case {
  readonly name: string;
  readonly target: Target;
  /** A provider without any state, as it is before the first request. */
  readonly create: () => Provider;
  /** Secrets that the provider wants in the body or the path, and only there. */
  readonly wanted: readonly string[];
}

const template: Provider = {
  name: "template",
  handle: ({ body }) => {
    JSON.parse(body);
    return { status: 200, headers: {}, body: "" };
  },
};

export const CASES: readonly Case[] = [
  {
    name: "webhook",
    target: targetOf({ format: "webhook", type: "webhook", url: `${BASE}/hook` }),
    create: () => createWebhook(),
    wanted: [],
  },
  {
    name: "alertmanager",
    target: targetOf({ format: "alertmanager", type: "webhook", url: `${BASE}/alerts`, headers: { "X-Team": "ops" } }),
    create: () => createAlertmanagerReceiver(),
    wanted: [],
  },
  {
    name: "slack webhook",
    target: targetOf({ format: "slack", type: "slack", url: BASE + SLACK_PATH }),
    create: () => createSlackWebhook(SLACK_PATH),
    wanted: [],
  },
  {
    name: "slack bot",
    target: targetOf({
      format: "slack",
      type: "slack",
      url: `${BASE}/api`,
      credentials: { botToken: BOT_TOKEN },
      options: { channel: "C0123" },
    }),
    create: () => createSlackBot(BOT_TOKEN, ["C0123"]),
    wanted: [],
  },
  {
    name: "pagerduty",
    target: targetOf({
      format: "pagerduty",
      type: "pagerduty",
      url: `${BASE}/v2/enqueue`,
      credentials: { routingKey: ROUTING_KEY },
    }),
    create: () => createPagerDuty([ROUTING_KEY]),
    wanted: [ROUTING_KEY],
  },
  {
    name: "rootly incident",
    target: targetOf({
      format: "rootly",
      type: "rootly",
      url: `${BASE}/v1`,
      credentials: { apiKey: API_KEY },
      options: { severityIds: { critical: "sev-1" }, serviceIds: ["svc-1"] },
    }),
    create: () => createRootly(API_KEY),
    wanted: [],
  },
  {
    name: "rootly alert",
    target: targetOf({
      format: "rootly",
      type: "rootly",
      url: `${BASE}/v1`,
      credentials: { apiKey: API_KEY },
      options: { rootlyKind: "alert", groupIds: ["team-1"] },
    }),
    create: () => createRootly(API_KEY),
    wanted: [],
  },
  {
    name: "teams",
    target: targetOf({ format: "teams", type: "teams", url: BASE + TEAMS_URL }),
    create: () => createTeams(TEAMS_URL),
    wanted: [],
  },
  {
    name: "discord",
    target: targetOf({ format: "discord", type: "discord", url: BASE + DISCORD_PATH, options: { threadId: "42" } }),
    create: () => createDiscord(DISCORD_PATH, "42"),
    wanted: [],
  },
  {
    name: "telegram",
    target: targetOf({
      format: "telegram",
      type: "telegram",
      url: BASE,
      credentials: { botToken: TELEGRAM_TOKEN },
      options: { channel: "-100123", threadId: "7" },
    }),
    create: () => createTelegram(TELEGRAM_TOKEN, ["-100123"]),
    wanted: [],
  },
  {
    name: "opsgenie",
    target: targetOf({ format: "opsgenie", type: "opsgenie", url: BASE, credentials: { apiKey: API_KEY } }),
    create: () => createOpsgenie(API_KEY),
    wanted: [],
  },
  {
    name: "template",
    target: targetOf({ format: "template", type: "webhook", url: `${BASE}/t`, options: { template: TEMPLATE } }),
    create: () => template,
    wanted: [],
  },
];

export const caseNamed = (name: string): Case => CASES.find((one) => one.name === name)!;

export const sinkOf = (one: Case): Sink => createSink(one.create());

export const nameOfFormat = ({ target }: Case): string => formatOf(target).name;

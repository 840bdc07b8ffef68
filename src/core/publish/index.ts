/** The table of formats: adding one is its file and one line here. */
import type { Target, TargetFormat } from "../route/target.ts";
import { alertmanager } from "./alertmanager.ts";
import { discord } from "./discord.ts";
import type { Format } from "./format.ts";
import { keyOf } from "./key.ts";
import type { Notification } from "./notification.ts";
import { opsgenie } from "./opsgenie.ts";
import { pagerduty } from "./pagerduty.ts";
import { rootly } from "./rootly.ts";
import { slackWebhook } from "./slack.ts";
import { slackBot } from "./slack-bot.ts";
import { teams } from "./teams.ts";
import { telegramFor } from "./telegram.ts";
import { templateFormat } from "./template.ts";
import { webhook, webhookFormat } from "./webhook.ts";

/** What a template falls back to: the format named like the type of its target. */
const plainFormat = (target: Target, error: string | null): Format =>
  target.type === "webhook" && error !== null
    ? webhookFormat({ template_error: error })
    : FORMAT_OF[target.type](target);

const FORMAT_OF: Readonly<Record<TargetFormat, (target: Target) => Format>> = {
  webhook: () => webhook,
  alertmanager: () => alertmanager,
  slack: ({ credentials }) => (credentials.botToken === undefined ? slackWebhook : slackBot),
  pagerduty: () => pagerduty,
  rootly: () => rootly,
  teams: () => teams,
  discord: () => discord,
  telegram: telegramFor,
  opsgenie: () => opsgenie,
  template: (target) => templateFormat(target, plainFormat),
};

/** How this target is spoken to. */
export const formatOf = (target: Target): Format => FORMAT_OF[target.format](target);

/** One notification per alert or per group: as the target says, else as its format prefers. */
export const perOf = (target: Target): "alert" | "group" => target.per ?? formatOf(target).per;

/** Under which key the target remembers the receipt of a notification; the dedup key of receivers that take one. */
export const receiptKey = (notification: Notification, target: Target): string =>
  keyOf(notification, target, formatOf(target).per);

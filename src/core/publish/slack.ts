/** Slack through an incoming webhook: one message per notification; its answer is only `ok`, so nothing can be edited. */
import { ok } from "../result.ts";
import type { Format } from "./format.ts";
import { judge } from "./judge.ts";
import { slackWebhookBody } from "./judge-body.ts";
import { secretsOf } from "./redact.ts";
import { jsonRequest } from "./request.ts";
import { slackMessage } from "./slack-message.ts";

export const slackWebhook: Format = {
  name: "slack",
  per: "group",
  keyed: false,
  audience: "chat",
  pace: { perSecond: 1, burst: 3 },
  next: (notification, target, _receipt, stepsDone) => {
    if (stepsDone.includes("send")) return ok("done");
    const secrets = secretsOf(target);
    return ok({
      name: "send",
      request: jsonRequest(target, { url: target.url, body: { ...slackMessage(notification), mrkdwn: false } }),
      read: (answer, known, now) => judge(answer, known, now, { secrets, body: slackWebhookBody }),
    });
  },
};

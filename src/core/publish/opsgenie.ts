/**
 * Opsgenie, and Jira Service Management through its integration API (targets.md 5): create and close by alias. A repeated
 * create only raises the count, so a changed group also gets its message and description replaced.
 */

import type { Severity } from "../alert/severity.ts";
import { err, ok } from "../result.ts";
import type { Target } from "../route/target.ts";
import { cleanValues } from "./fit.ts";
import type { Format, Step } from "./format.ts";
import { judge } from "./judge.ts";
import { textAt } from "./judge-body.ts";
import { keyOf } from "./key.ts";
import type { Notification } from "./notification.ts";
import type { Receipt } from "./outcome.ts";
import { secretsOf } from "./redact.ts";
import { jsonRequest } from "./request.ts";
import { historyLink, nameOf, severityOfNotification, tell } from "./story.ts";
import { cut, oneLine } from "./text.ts";

const LIMITS = {
  message: 130,
  description: 15_000,
  tags: 20,
  tag: 50,
  details: 8000,
  entity: 512,
  note: 1000,
} as const;

const PRIORITIES: Readonly<Record<Severity, string>> = { critical: "P1", warning: "P3", info: "P4", noise: "P5" };

const storyOf = (notification: Notification) => tell(notification, { body: 4000, lines: 20, value: 200 });

const messageOf = (notification: Notification): string => {
  const { mark, title, status, state } = storyOf(notification);
  return cut(
    oneLine(`${mark}${title}${state === "firing" && status === "firing" ? "" : `: ${status}`}`),
    LIMITS.message,
  );
};

const descriptionOf = (notification: Notification): string => {
  const story = storyOf(notification);
  const lines = [
    story.body,
    ...story.facts.map(([name, value]) => `${name}: ${value}`),
    ...story.lines,
    story.more > 0 ? `and ${story.more} more` : "",
    story.reasoning && `AI reasoning: ${story.reasoning}`,
    ...story.recommendations.map((text) => `- ${text}`),
    ...story.links.map(({ text, href }) => `${text}: ${href}`),
  ];
  return cut(lines.filter(Boolean).join("\n"), LIMITS.description);
};

/** Labels as details, whole pairs only, within the sum Opsgenie takes. */
const detailsOf = ({ alerts, commonLabels }: Notification): Readonly<Record<string, string>> => {
  const labels = alerts.length === 1 ? (alerts[0]?.labels ?? {}) : commonLabels;
  let size = 0;
  const kept = Object.entries(cleanValues(labels, 500)).filter(([name, value]) => {
    const taken = size + name.length + value.length <= LIMITS.details;
    if (taken) size += name.length + value.length;
    return taken;
  });
  return Object.fromEntries(kept);
};

const tagsOf = (notification: Notification): readonly string[] => {
  const [alert] = notification.alerts;
  const labels = alert?.labels ?? notification.commonLabels;
  const all = [
    severityOfNotification(notification),
    labels.namespace,
    labels.service,
    alert?.classification?.category,
    notification.kind,
  ];
  return [...new Set(all.map((tag) => cut(oneLine(tag ?? ""), LIMITS.tag)).filter(Boolean))].slice(0, LIMITS.tags);
};

const createBody = (notification: Notification, alias: string): object => {
  const entity = notification.alerts.length === 1 ? notification.alerts[0]?.labels.instance : undefined;
  return {
    message: messageOf(notification),
    alias,
    description: descriptionOf(notification),
    priority: PRIORITIES[severityOfNotification(notification)],
    tags: tagsOf(notification),
    details: detailsOf(notification),
    ...(entity ? { entity: cut(oneLine(entity), LIMITS.entity) } : {}),
    source: "alert-history",
  };
};

type Call = "create" | "message" | "description" | "close";

const authorization = ({ credentials }: Target): Readonly<Record<string, string>> =>
  credentials.apiKey === undefined ? {} : { authorization: `GenieKey ${credentials.apiKey}` };

/** `https://api.opsgenie.com`, the same with `/v2`, or the whole address of the alerts. */
const alertsUrl = (url: string): string => {
  const base = url.replace(/\/+$/, "");
  if (base.endsWith("/alerts")) return base;
  return base.endsWith("/v2") ? `${base}/alerts` : `${base}/v2/alerts`;
};

const bodyOf = (call: Call, notification: Notification, alias: string): object => {
  if (call === "create") return createBody(notification, alias);
  if (call === "message") return { message: messageOf(notification) };
  if (call === "description") return { description: descriptionOf(notification) };
  return {
    source: "alert-history",
    note: cut(`${nameOf(notification)} resolved. ${historyLink(notification)}`, LIMITS.note),
  };
};

const stepOf = (call: Call, notification: Notification, target: Target, receipt: Receipt | null): Step => {
  const secrets = secretsOf(target);
  const alias = receipt?.alias ?? keyOf(notification, target, "alert");
  const path = call === "create" ? "" : `/${encodeURIComponent(alias)}/${call}?identifierType=alias`;
  return {
    name: call,
    request: jsonRequest(target, {
      method: call === "create" || call === "close" ? "POST" : "PUT",
      url: `${alertsUrl(target.url)}${path}`,
      headers: authorization(target),
      body: bodyOf(call, notification, alias),
    }),
    read: (answer, known, now) =>
      judge(answer, known, now, {
        secrets,
        receipt: (json) => {
          if (call === "close") return null;
          const requestId = textAt(json, "requestId");
          return { ...known, alias, ...(requestId === null ? {} : { request_id: requestId }) };
        },
      }),
  };
};

/** Which call comes next. A close without an open alert is accepted there, so it needs no receipt. */
const callOf = (notification: Notification, receipt: Receipt | null, stepsDone: readonly string[]): Call | "done" => {
  const done = (call: Call): boolean => stepsDone.includes(call);
  if (notification.status === "resolved" || notification.kind === "missed") return done("close") ? "done" : "close";
  const changed = notification.reason === "newAlerts" || notification.reason === "someResolved";
  if (!changed || receipt?.alias === undefined || done("create")) return done("create") ? "done" : "create";
  if (!done("message")) return "message";
  return done("description") ? "done" : "description";
};

export const opsgenie: Format = {
  name: "opsgenie",
  per: "alert",
  keyed: true,
  audience: "pager",
  pace: { perSecond: 1, burst: 5 },
  next: (notification, target, receipt, stepsDone) => {
    const authorized =
      target.credentials.apiKey !== undefined ||
      Object.keys(target.headers).some((name) => name.toLowerCase() === "authorization");
    if (!authorized) return err({ reason: "payload", error: "the target has no API key" });
    const call = callOf(notification, receipt, stepsDone);
    return ok(call === "done" ? "done" : stepOf(call, notification, target, receipt));
  },
};

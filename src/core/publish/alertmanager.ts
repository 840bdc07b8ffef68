/** The body of an Alertmanager webhook, version 4, for every tool that takes one (contracts 11.1, targets.md 11). */
import { ok } from "../result.ts";
import type { Target } from "../route/target.ts";
import { fitAlerts } from "./fit.ts";
import type { Format } from "./format.ts";
import { judge } from "./judge.ts";
import { teamsBody } from "./judge-body.ts";
import { groupKeyText } from "./key.ts";
import type { Notification, NotificationAlert, NotifyReason } from "./notification.ts";
import { secretsOf } from "./redact.ts";
import { headersFor } from "./request.ts";
import { cut, withoutControls } from "./text.ts";

/** Receivers commonly refuse more; Alertmanager itself sends what it has. */
const MAX_BYTES = 1_048_576;

/** What Alertmanager writes for "has not ended". */
export const ZERO_TIME = "0001-01-01T00:00:00Z";

/** Alertmanager's own words for why it speaks. */
export const REASON_WORDS: Readonly<Record<NotifyReason, string>> = {
  firstNotification: "first notification",
  newAlerts: "new alerts added",
  someResolved: "some alerts resolved",
  allResolved: "all alerts resolved",
  startedFlapping: "started flapping",
  stoppedFlapping: "stopped flapping",
  repeatIntervalElapsed: "repeat interval elapsed",
  none: "none",
};

const isoTime = (ms: number): string => new Date(ms).toISOString();

/** The classification as annotations, beside those the alert has: none of these is ever replaced. */
const llmAnnotations = ({ classification }: NotificationAlert): Readonly<Record<string, string>> =>
  classification === null
    ? {}
    : {
        llm_severity: classification.severity,
        llm_category: classification.category,
        llm_confidence: classification.confidence.toFixed(2),
        llm_reasoning: cut(withoutControls(classification.reasoning), 500),
        llm_recommendations: classification.recommendations.slice(0, 3).map(withoutControls).join("; "),
        llm_classification_time: (classification.processingMs / 1000).toFixed(3),
      };

/** Tests, replays and what was missed are told apart by annotations: the receiver knows no other place. */
const kindAnnotations = ({ kind, replay }: Notification): Readonly<Record<string, string>> => ({
  ...(kind === "alerts" ? {} : { alert_history_kind: kind }),
  ...(replay ? { alert_history_replay: "true" } : {}),
});

const alertBody = (alert: NotificationAlert, notification: Notification): object => ({
  status: alert.status,
  labels: alert.labels,
  annotations: { ...llmAnnotations(alert), ...kindAnnotations(notification), ...alert.annotations },
  startsAt: isoTime(alert.startsAt),
  endsAt: alert.endsAt === null ? ZERO_TIME : isoTime(alert.endsAt),
  generatorURL: withoutControls(alert.generatorURL),
  fingerprint: alert.fingerprint,
});

const digestAnnotation = ({ digest }: Notification): Readonly<Record<string, string>> =>
  digest === undefined
    ? {}
    : {
        alert_history_digest: `${digest.total} notifications: ${digest.firing} firing, ${digest.resolved} resolved, ${digest.critical} critical`,
      };

const bodyOf = (notification: Notification, target: Target): string =>
  fitAlerts(notification.alerts, MAX_BYTES, (shown, leftOut, clean) => ({
    version: "4",
    groupKey: groupKeyText(notification),
    truncatedAlerts: notification.truncatedAlerts + leftOut,
    receiver: withoutControls(notification.receiver) || target.name,
    status: notification.status,
    notification_reason: REASON_WORDS[notification.reason],
    groupLabels: clean(notification.groupLabels),
    commonLabels: clean(notification.commonLabels),
    commonAnnotations: {
      ...kindAnnotations(notification),
      ...digestAnnotation(notification),
      ...clean(notification.commonAnnotations),
    },
    routeLabels: clean(notification.routeLabels),
    externalURL: notification.publicUrl,
    alerts: shown.map((alert) => alertBody(alert, notification)),
  }));

export const alertmanager: Format = {
  name: "alertmanager",
  per: "group",
  keyed: false,
  audience: "machine",
  pace: { perSecond: 10, burst: 10 },
  next: (notification, target, _receipt, stepsDone) => {
    if (stepsDone.includes("send")) return ok("done");
    const secrets = secretsOf(target);
    return ok({
      name: "send",
      request: {
        method: "POST",
        url: target.url,
        headers: headersFor(target, { "content-type": "application/json", "x-notification-id": notification.id }),
        body: bodyOf(notification, target),
      },
      read: (answer, known, now) => judge(answer, known, now, { secrets, body: teamsBody }),
    });
  },
};

/** The `custom_details` of a PagerDuty event: what the responder reads first, as plain values. */
import { alertName } from "../alert/alert.ts";
import { cleanValues } from "./fit.ts";
import type { Notification, NotificationAlert } from "./notification.ts";
import { countsOf, markOf, nameOf, singleOf } from "./story.ts";
import { cut, oneLine, withoutControls } from "./text.ts";

/** A group names so many of its alerts; the rest is in the history. */
const MAX_ALERTS = 50;
const MAX_VALUE = 5000;
const MAX_GROUP_VALUE = 300;

const classificationOf = ({ classification }: NotificationAlert): object =>
  classification === null
    ? {}
    : {
        llm_classification: {
          severity: classification.severity,
          category: classification.category,
          confidence: classification.confidence,
          reasoning: withoutControls(classification.reasoning),
          recommendations: classification.recommendations.slice(0, 3).map(withoutControls),
        },
      };

const detailsOf = (alert: NotificationAlert, limit: number): object => ({
  alert_name: oneLine(alertName(alert.labels)),
  namespace: withoutControls(alert.labels.namespace ?? "unknown"),
  status: alert.status,
  fingerprint: alert.fingerprint,
  labels: cleanValues(alert.labels, limit),
  annotations: cleanValues(alert.annotations, limit),
  starts_at: new Date(alert.startsAt).toISOString(),
  ...(alert.endsAt === null ? {} : { ends_at: new Date(alert.endsAt).toISOString() }),
  ...classificationOf(alert),
});

/** The details of the one alert, or of a group its counts and its first alerts. */
export const customDetails = (notification: Notification): object => {
  const single = singleOf(notification);
  const marks = { ...(markOf(notification) === "" ? {} : { mark: markOf(notification).trim() }) };
  if (single !== null) return { ...marks, ...detailsOf(single, MAX_VALUE) };
  const shown = notification.alerts.slice(0, MAX_ALERTS);
  return {
    ...marks,
    alert_name: nameOf(notification),
    counts: countsOf(notification),
    group_key: cut(oneLine(notification.groupKey), MAX_VALUE),
    ...(notification.digest === undefined ? {} : { digest: notification.digest }),
    alerts: shown.map((one) => detailsOf(one, MAX_GROUP_VALUE)),
    not_listed: notification.truncatedAlerts + notification.alerts.length - shown.length,
  };
};

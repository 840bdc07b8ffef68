/** What a template sees: Alertmanager's template data under its JSON names, and under its Go names for those used to them. */
import type { Labels } from "../alert/alert.ts";
import { REASON_WORDS, ZERO_TIME } from "./alertmanager.ts";
import { cleanValues } from "./fit.ts";
import type { Notification, NotificationAlert } from "./notification.ts";
import { historyLink, severityOfNotification } from "./story.ts";
import { withoutControls } from "./text.ts";

/** A longer value only serves to make filters slow. */
const MAX_VALUE = 10_000;

/** `alerts` also answers to `Alerts`; the second name is hidden from loops and from the `json` filter. */
const withGoNames = <T extends object>(data: T): T => {
  for (const [name, value] of Object.entries(data)) {
    const goName = name.charAt(0).toUpperCase() + name.slice(1);
    if (!Object.hasOwn(data, goName)) Object.defineProperty(data, goName, { value, enumerable: false });
  }
  return data;
};

const clean = (values: Labels): Labels => cleanValues(values, MAX_VALUE);

const alertData = (alert: NotificationAlert): object =>
  withGoNames({
    status: alert.status,
    labels: clean(alert.labels),
    annotations: clean(alert.annotations),
    startsAt: new Date(alert.startsAt).toISOString(),
    endsAt: alert.endsAt === null ? ZERO_TIME : new Date(alert.endsAt).toISOString(),
    generatorURL: withoutControls(alert.generatorURL),
    fingerprint: alert.fingerprint,
    severity: alert.severity,
    classification:
      alert.classification === null
        ? null
        : {
            severity: alert.classification.severity,
            category: alert.classification.category,
            confidence: alert.classification.confidence,
            reasoning: withoutControls(alert.classification.reasoning),
            recommendations: alert.classification.recommendations.map(withoutControls),
          },
  });

/** `alerts.firing` and `alerts.resolved`, as methods of the list in Alertmanager. */
const withParts = (alerts: readonly object[], sources: readonly NotificationAlert[]): readonly object[] => {
  const part = (status: string): readonly object[] => alerts.filter((_, index) => sources[index]?.status === status);
  const parts = { firing: part("firing"), resolved: part("resolved") };
  for (const [name, value] of Object.entries({ ...parts, Firing: parts.firing, Resolved: parts.resolved })) {
    Object.defineProperty(alerts, name, { value, enumerable: false });
  }
  return alerts;
};

/** The data of one notification. Secrets of the target are not part of it. */
export const templateData = (notification: Notification): object =>
  withGoNames({
    status: notification.status,
    receiver: notification.receiver,
    alerts: withParts(notification.alerts.map(alertData), notification.alerts),
    groupLabels: clean(notification.groupLabels),
    commonLabels: clean(notification.commonLabels),
    commonAnnotations: clean(notification.commonAnnotations),
    routeLabels: clean(notification.routeLabels),
    externalURL: notification.publicUrl,
    groupKey: notification.groupKey,
    truncatedAlerts: notification.truncatedAlerts,
    notificationReason: REASON_WORDS[notification.reason],
    notificationId: notification.id,
    kind: notification.kind,
    replay: notification.replay,
    severity: severityOfNotification(notification),
    historyURL: historyLink(notification),
    digest: notification.digest ?? null,
  });

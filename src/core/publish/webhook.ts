/**
 * The generic webhook (contracts 11.5): everything we know, as JSON. With signing secrets it is a Standard Webhooks
 * message as well: `type`, `timestamp` and a `data` that points at the rest of the body instead of repeating it.
 */
import { alertName } from "../alert/alert.ts";
import type { Classification } from "../classify/classification.ts";
import { ok } from "../result.ts";
import type { Target } from "../route/target.ts";
import { fitAlerts } from "./fit.ts";
import type { Format } from "./format.ts";
import { judge } from "./judge.ts";
import { teamsBody } from "./judge-body.ts";
import { groupKeyText } from "./key.ts";
import type { Notification, NotificationAlert } from "./notification.ts";
import { secretsOf } from "./redact.ts";
import { headersFor } from "./request.ts";
import { severityOfNotification } from "./story.ts";
import { withoutControls } from "./text.ts";

/** Contracts 11.5. */
const MAX_BYTES = 1_048_576;

const isoTime = (ms: number): string => new Date(ms).toISOString();

/** A classification as contracts 5.1 writes it. */
const classificationBody = (classification: Classification): object => ({
  severity: classification.severity,
  category: classification.category,
  confidence: classification.confidence,
  reasoning: withoutControls(classification.reasoning),
  recommendations: classification.recommendations.map(withoutControls),
  processing_time: classification.processingMs / 1000,
  metadata: classification.metadata,
  source: classification.source,
  model: classification.model,
  prompt_version: classification.promptVersion,
  created_at: isoTime(classification.createdAt),
  cached: classification.cached,
});

const alertBody = (alert: NotificationAlert): object => ({
  fingerprint: alert.fingerprint,
  name: withoutControls(alertName(alert.labels)),
  status: alert.status,
  namespace: alert.labels.namespace ?? null,
  starts_at: isoTime(alert.startsAt),
  ends_at: alert.endsAt === null ? null : isoTime(alert.endsAt),
  generator_url: withoutControls(alert.generatorURL),
  labels: alert.labels,
  annotations: alert.annotations,
});

const flatBody = (alert: NotificationAlert): object => ({
  alert_name: withoutControls(alertName(alert.labels)),
  fingerprint: alert.fingerprint,
  labels: alert.labels,
  annotations: alert.annotations,
  starts_at: isoTime(alert.startsAt),
  ...(alert.endsAt === null ? {} : { ends_at: isoTime(alert.endsAt) }),
  ...(alert.generatorURL === "" ? {} : { generator_url: withoutControls(alert.generatorURL) }),
  ...(alert.classification === null
    ? {}
    : {
        classification: classificationBody(alert.classification),
        processing_timestamp: isoTime(alert.classification.createdAt),
      }),
});

const enrichmentBody = ({ enrichmentMode, classificationThreshold }: Notification): object => ({
  mode: enrichmentMode,
  ...(classificationThreshold === undefined ? {} : { threshold: classificationThreshold }),
  recommendation_only: enrichmentMode === "transparent_with_recommendations",
});

const webhookBody = (notification: Notification, target: Target, extra: Readonly<Record<string, string>>): string =>
  fitAlerts(notification.alerts, MAX_BYTES, (shown, leftOut, clean) => {
    const [first] = shown;
    const { id, kind, status } = notification;
    const groupKey = groupKeyText(notification);
    const truncated = notification.truncatedAlerts + leftOut;
    return {
      type: `alert.${status}`,
      timestamp: isoTime(notification.at),
      ...(target.credentials.signingSecrets?.length
        ? { data: { notification_id: id, kind, status, group_key: groupKey, alerts: shown.length + truncated } }
        : {}),
      version: "1.0",
      source: "alert-history-llm",
      notification_id: id,
      kind,
      status: first?.status ?? status,
      severity: severityOfNotification(notification),
      ...(kind === "test" ? { test: true } : {}),
      ...(notification.replay ? { replay: true } : {}),
      ...(notification.digest === undefined ? {} : { digest: notification.digest }),
      ...(first === undefined ? {} : { alert: alertBody(first), ...flatBody(first) }),
      enrichment: enrichmentBody(notification),
      group: {
        key: groupKey,
        receiver: withoutControls(notification.receiver),
        status,
        labels: clean(notification.groupLabels),
        size: shown.length + truncated,
        reason: notification.reason,
      },
      alerts: shown.map(alertBody),
      truncated_alerts: truncated,
      ...extra,
    };
  });

/** The generic webhook with further top-level fields, which say why it stands in for something else. */
export const webhookFormat = (extra: Readonly<Record<string, string>>): Format => ({
  name: "webhook",
  per: "group",
  keyed: true,
  audience: "machine",
  pace: { perSecond: 10, burst: 20 },
  next: (notification, target, _receipt, stepsDone) => {
    if (stepsDone.includes("send")) return ok("done");
    const secrets = secretsOf(target);
    const { signingSecrets } = target.credentials;
    return ok({
      name: "send",
      request: {
        method: "POST",
        url: target.url,
        headers: headersFor(target, { "content-type": "application/json", "x-notification-id": notification.id }),
        body: webhookBody(notification, target, extra),
        ...(signingSecrets?.length ? { signWith: signingSecrets } : {}),
      },
      read: (answer, known, now) => judge(answer, known, now, { secrets, body: teamsBody }),
    });
  },
});

export const webhook: Format = webhookFormat({});

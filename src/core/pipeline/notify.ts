/** From alerts to the notification that tells of them. */
import type { AlertStatus, Labels, Millis } from "../alert/alert.ts";
import { commonLabels } from "../alert/labels.ts";
import type { Severity } from "../alert/severity.ts";
import type { Classification } from "../classify/classification.ts";
import { attaches } from "../classify/mode.ts";
import type { NotifyReason } from "../group/decide.ts";
import { groupKey } from "../group/key.ts";
import { type AlertEvent, notificationId } from "../history/event.ts";
import type { Notification, NotificationAlert } from "../publish/notification.ts";
import type { Context } from "./context.ts";
import { fitAlerts } from "./fit-alerts.ts";

/** An alert as it is told: what an event and its decision say of it. */
export interface TellableAlert {
  readonly fingerprint: string;
  readonly status: AlertStatus;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAt: Millis;
  readonly endsAt: Millis | null;
  readonly generatorURL: string;
  readonly severity: Severity;
  readonly classification: Classification | null;
}

export interface Telling {
  readonly id: string;
  readonly alerts: readonly TellableAlert[];
  readonly reason: NotifyReason;
  readonly groupKey: string;
  readonly groupLabels: Labels;
  readonly receiver: string;
  /** Absent: those of its route are no longer known. */
  readonly routeLabels?: Labels | undefined;
  readonly at: Millis;
  /** Fingerprints that are news to the target: they are listed first where not all fit. Absent: all are. */
  readonly news?: ReadonlySet<string>;
  readonly storm?: boolean;
}

const tell = (alert: TellableAlert, context: Pick<Context, "mode">): NotificationAlert => ({
  fingerprint: alert.fingerprint,
  status: alert.status,
  labels: alert.labels,
  annotations: alert.annotations,
  startsAt: alert.startsAt,
  endsAt: alert.endsAt,
  generatorURL: alert.generatorURL,
  severity: alert.severity,
  classification: attaches(context.mode) ? alert.classification : null,
});

/** The notification of one or more alerts; firing as long as one of them is. */
export const buildNotification = (telling: Telling, context: Pick<Context, "mode" | "publicUrl">): Notification => {
  const all = telling.alerts.map((alert) => tell(alert, context));
  const { alerts, truncated } = fitAlerts(all, (fingerprint) => telling.news?.has(fingerprint) ?? true);
  return {
    id: telling.id,
    kind: "alerts",
    status: all.some((alert) => alert.status === "firing") ? "firing" : "resolved",
    reason: telling.reason,
    groupKey: telling.groupKey,
    groupLabels: telling.groupLabels,
    commonLabels: commonLabels(all.map((alert) => alert.labels)),
    commonAnnotations: commonLabels(all.map((alert) => alert.annotations)),
    routeLabels: telling.routeLabels ?? {},
    receiver: telling.receiver,
    alerts,
    truncatedAlerts: truncated,
    publicUrl: context.publicUrl,
    enrichmentMode: context.mode,
    replay: false,
    ...(telling.storm === true ? { storm: true } : {}),
    at: telling.at,
  };
};

/** The group of one that an alert told alone is: its upstream's, where that named one. */
export const aloneKey = ({ upstream, labels }: Pick<AlertEvent, "upstream" | "labels">): string =>
  upstream?.groupKey || groupKey([[]], labels);

/** The notification of one event that is told alone: the same whenever it is built, so it need not be stored. */
export const tellAlone = (
  event: AlertEvent,
  target: string,
  said: Pick<Telling, "receiver" | "routeLabels"> & Pick<TellableAlert, "severity" | "classification">,
  context: Pick<Context, "mode" | "publicUrl">,
): Notification => {
  const { severity, classification, receiver, routeLabels } = said;
  return buildNotification(
    {
      id: notificationId(event.fingerprint, event.seq, target),
      alerts: [{ ...event, severity, classification }],
      reason: event.status === "firing" ? "firstNotification" : "allResolved",
      groupKey: aloneKey(event),
      groupLabels: event.labels,
      receiver,
      routeLabels,
      at: event.receivedAt,
    },
    context,
  );
};

/** The same from what is stored of an event; which receiver led to the target is no longer known. */
export const rebuildNotification = (
  event: AlertEvent,
  target: string,
  severity: Severity,
  classification: Classification | null,
  context: Pick<Context, "mode" | "publicUrl">,
): Notification => tellAlone(event, target, { severity, classification, receiver: "default" }, context);

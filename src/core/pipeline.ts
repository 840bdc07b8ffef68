/**
 * The stages in order, as one pure function: from an event and its context to what is told to whom, and why. Live
 * traffic, the proxy endpoint, dry run and explain all call it.
 */
import { alertName } from "./alert/alert.ts";
import { type Severity, severityOf } from "./alert/severity.ts";
import type { Classification } from "./classify/classification.ts";
import type { AlertEvent } from "./history/event.ts";
import { notificationId } from "./history/event.ts";
import type { TraceStep } from "./history/trace.ts";
import type { Notification } from "./publish/notification.ts";
import type { Target } from "./route/target.ts";

/** All that a decision may depend on; the consumer fetches it. */
export interface Context {
  readonly now: number;
  readonly targets: readonly Target[];
  readonly publicUrl: string;
  readonly mode: string;
  readonly configVersion: number | null;
}

export interface Decision {
  readonly severity: Severity;
  readonly classification: Classification | null;
  readonly mode: string;
  readonly configVersion: number | null;
  readonly trace: readonly TraceStep[];
  readonly notifications: readonly { readonly target: string; readonly notification: Notification }[];
}

/** Decides one event. */
export const process = (event: AlertEvent, context: Context): Decision => {
  const { now } = context;
  const trace: TraceStep[] = [{ at: now, stage: "dedup", decision: "stored", reason: event.kind }];
  const severity = severityOf(event.labels);
  const chosen: { target: string; notification: Notification }[] = [];
  if (event.kind === "new" && event.status === "resolved") {
    trace.push({ at: now, stage: "notify", decision: "none", reason: "never_fired" });
  } else {
    const enabled = context.targets.filter((target) => target.enabled);
    trace.push({ at: now, stage: "route", decision: "matched", reason: "default" });
    if (enabled.length === 0) trace.push({ at: now, stage: "notify", decision: "none", reason: "metrics_only" });
    for (const target of enabled) {
      if (event.status === "resolved" && !target.sendResolved) {
        trace.push({ at: now, stage: "notify", decision: "none", reason: "send_resolved_off", target: target.name });
        continue;
      }
      trace.push({ at: now, stage: "notify", decision: "queued", reason: notifyReason(event), target: target.name });
      chosen.push({ target: target.name, notification: notify(event, target.name, severity, context) });
    }
  }
  return {
    severity,
    classification: null,
    mode: context.mode,
    configVersion: context.configVersion,
    trace,
    notifications: chosen,
  };
};

const notifyReason = (event: AlertEvent): Notification["reason"] =>
  event.status === "firing" ? "firstNotification" : "allResolved";

/** The notification of one alert that is not grouped. */
export const notify = (event: AlertEvent, target: string, severity: Severity, context: Context): Notification => ({
  id: notificationId(event.fingerprint, event.seq, target),
  kind: "alerts",
  status: event.status,
  reason: notifyReason(event),
  groupKey: event.upstream?.groupKey ?? `{}:{alertname="${alertName(event.labels)}"}`,
  groupLabels: event.labels,
  commonLabels: event.labels,
  commonAnnotations: event.annotations,
  routeLabels: {},
  receiver: "default",
  alerts: [
    {
      fingerprint: event.fingerprint,
      status: event.status,
      labels: event.labels,
      annotations: event.annotations,
      startsAt: event.startsAt,
      endsAt: event.endsAt,
      generatorURL: event.generatorURL,
      severity,
      classification: null,
    },
  ],
  truncatedAlerts: 0,
  publicUrl: context.publicUrl,
  enrichmentMode: context.mode,
  replay: false,
  at: event.receivedAt,
});

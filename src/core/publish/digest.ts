/**
 * When a target is paced below its inflow, and the one message that what waits there becomes: true counts, the most
 * urgent alerts by name, and the way to the rest.
 */
import type { Millis } from "../alert/alert.ts";
import { isMoreUrgent } from "../alert/severity.ts";
import type { Format } from "./format.ts";
import type { Notification } from "./notification.ts";

/** What a target cannot work off within this is no news by the time it comes. */
const MAX_BACKLOG_SECONDS = 600;
/** A burst that began just now may be over; and two digests are at least this far apart. */
const MIN_WAIT_MS = 30_000;
/** Up to this many problems that came and went are told one by one. */
const MAX_MISSED_SINGLY = 5;
/** Alerts named in a digest. */
const MAX_NAMED = 10;

export interface Backlog {
  /** Notifications that wait in the high lane, and in the others. */
  readonly urgent: number;
  readonly others: number;
  /** Of all of them, those that only tell what came and went. */
  readonly missed: number;
  readonly oldestSince: Millis;
}

/** What is to be collapsed: nothing, what came and went, also the rest but the urgent, or everything. */
export type Collapse = "none" | "missed" | "others" | "all";

/** A machine gets everything, however late; a pager is never given fewer criticals than there are. */
export const collapseOf = (
  backlog: Backlog,
  pace: Format["pace"],
  audience: Format["audience"],
  now: Millis,
): Collapse => {
  if (pace === null || audience === "machine") return "none";
  const most = pace.perSecond * MAX_BACKLOG_SECONDS;
  if (now - backlog.oldestSince >= MIN_WAIT_MS) {
    if (audience === "chat" && backlog.urgent > most) return "all";
    if (backlog.others > most) return "others";
  }
  return audience === "chat" && backlog.missed > MAX_MISSED_SINGLY ? "missed" : "none";
};

export interface DigestFrame {
  readonly id: string;
  readonly target: string;
  readonly publicUrl: string;
  readonly at: Millis;
}

/** One notification that stands for all of these; there is at least one. */
export const digestOf = (collapsed: readonly Notification[], frame: DigestFrame): Notification => {
  const firing = collapsed.filter((notification) => notification.status === "firing").length;
  const alerts = collapsed.flatMap((notification) => notification.alerts);
  const named = alerts
    .toSorted((a, b) =>
      a.status !== b.status
        ? a.status === "firing"
          ? -1
          : 1
        : isMoreUrgent(a.severity, b.severity)
          ? -1
          : isMoreUrgent(b.severity, a.severity)
            ? 1
            : b.startsAt - a.startsAt,
    )
    .slice(0, MAX_NAMED);
  const hidden = collapsed.reduce((sum, notification) => sum + notification.truncatedAlerts, 0);
  return {
    id: frame.id,
    kind: "digest",
    status: firing > 0 ? "firing" : "resolved",
    reason: firing > 0 ? "newAlerts" : "allResolved",
    groupKey: `{}:{digest="${frame.target}"}`,
    groupLabels: {},
    commonLabels: { alertname: "Digest" },
    commonAnnotations: {},
    routeLabels: {},
    receiver: frame.target,
    alerts: named,
    truncatedAlerts: alerts.length - named.length + hidden,
    publicUrl: frame.publicUrl,
    enrichmentMode: collapsed[0]?.enrichmentMode ?? "transparent",
    replay: false,
    digest: {
      total: collapsed.length,
      firing,
      resolved: collapsed.length - firing,
      critical: collapsed.filter((notification) => notification.alerts.some((a) => a.severity === "critical")).length,
    },
    at: frame.at,
  };
};

/**
 * What a notification says to people, before any markup: the words and their order exist once, a format only lays them
 * out and escapes them. All texts are plain, free of control characters and as short as the asked detail.
 */
import { alertName, type Labels } from "../alert/alert.ts";
import { isMoreUrgent, type Severity } from "../alert/severity.ts";
import { safeLink } from "./escape.ts";
import type { Notification, NotificationAlert } from "./notification.ts";
import { cut, displayText, durationText, oneLine, timeText } from "./text.ts";

/** How much is told, in UTF-16 units of plain text and lines of a group. */
export interface Detail {
  readonly body: number;
  readonly lines: number;
  readonly value: number;
}

/** From rich to bare; a format takes the first that fits its limits (values first, then alerts; targets.md 1.4). */
export const DETAILS: readonly Detail[] = [
  { body: 2000, lines: 10, value: 200 },
  { body: 800, lines: 10, value: 100 },
  { body: 300, lines: 5, value: 80 },
  { body: 100, lines: 2, value: 40 },
  { body: 0, lines: 0, value: 20 },
];

export interface Link {
  readonly text: string;
  readonly href: string;
}

export interface Story {
  /** `[TEST] `, `[REPLAY] ` or nothing; stands before every title. */
  readonly mark: string;
  readonly state: "firing" | "resolved" | "missed" | "digest";
  readonly severity: Severity;
  readonly title: string;
  /** The state in words: `firing`, `resolved`, `3 firing, 1 resolved`, … */
  readonly status: string;
  readonly body: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly reasoning: string;
  readonly recommendations: readonly string[];
  /** One line per alert of a group. */
  readonly lines: readonly string[];
  /** How many alerts the lines leave out. */
  readonly more: number;
  readonly links: readonly Link[];
  /** Fingerprint or group key. */
  readonly reference: string;
  readonly emoji: string;
}

/** A longer filter makes a link that no provider takes; the list without it is still the right place. */
const MAX_QUERY = 800;

const EMOJI: Readonly<Record<Severity, string>> = { critical: "🔴", warning: "⚠️", info: "ℹ️", noise: "🔇" };

export const markOf = ({ kind, replay }: Notification): string =>
  `${kind === "test" ? "[TEST] " : ""}${replay ? "[REPLAY] " : ""}`;

/** The alert a notification is about, where it is about exactly one; a digest or a storm stands for many, whatever it lists. */
export const singleOf = ({ kind, alerts, storm }: Notification): NotificationAlert | null =>
  kind !== "digest" && storm !== true && alerts.length === 1 ? (alerts[0] ?? null) : null;

/** The most urgent severity of what fires, or of all when nothing does. */
export const severityOfNotification = (notification: Notification): Severity => {
  if ((notification.digest?.critical ?? 0) > 0) return "critical";
  const firing = notification.alerts.filter((alert) => alert.status === "firing");
  const asked = firing.length > 0 ? firing : notification.alerts;
  const [first, ...rest] = asked.map((alert) => alert.severity);
  return rest.reduce((worst, next) => (isMoreUrgent(next, worst) ? next : worst), first ?? "warning");
};

/** `3 firing, 1 resolved`, with the alerts that were left out. */
export const countsOf = ({ alerts, truncatedAlerts }: Notification): string => {
  const firing = alerts.filter((alert) => alert.status === "firing").length;
  const parts = [
    [firing, "firing"],
    [alerts.length - firing, "resolved"],
    [truncatedAlerts, "not listed"],
  ] as const;
  return (
    parts
      .filter(([count]) => count > 0)
      .map(([count, word]) => `${count} ${word}`)
      .join(", ") || "no alerts"
  );
};

const digestText = ({ digest }: Notification): string =>
  digest === undefined || digest.critical === 0 ? "" : `${digest.critical} of them critical`;

/** The name people look for: of the alert, or what the group has in common. */
export const nameOf = (notification: Notification): string => {
  const single = singleOf(notification);
  if (single !== null) return oneLine(alertName(single.labels)) || "unknown";
  const common = notification.groupLabels.alertname ?? notification.commonLabels.alertname;
  const many = `${notification.alerts.length + notification.truncatedAlerts} alerts`;
  if (notification.storm === true) return `Storm of ${many}${common === undefined ? "" : `: ${oneLine(common)}`}`;
  return common === undefined ? many : oneLine(common) || "unknown";
};

/** Where the history of this notification is shown. */
export const historyLink = (notification: Notification): string => {
  const { publicUrl, groupLabels } = notification;
  const single = singleOf(notification);
  if (single !== null) return `${publicUrl}/alerts?sel=${single.fingerprint}`;
  const matchers = Object.entries(groupLabels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const query = encodeURIComponent(matchers.join(",").toWellFormed());
  return query === "" || query.length > MAX_QUERY ? `${publicUrl}/alerts` : `${publicUrl}/alerts?q=${query}`;
};

/** The links worth offering: our history, the expression, the runbook, a dashboard. Only safe http(s) links. */
export const linksOf = (notification: Notification): readonly Link[] => {
  const [alert] = notification.alerts;
  const annotation = (...names: readonly string[]): string =>
    names.map((name) => notification.commonAnnotations[name] ?? alert?.annotations[name]).find(Boolean) ?? "";
  const offered: readonly (readonly [string, string])[] = [
    ["History", historyLink(notification)],
    ["View in Prometheus", alert?.generatorURL ?? ""],
    ["Runbook", annotation("runbook_url", "runbook")],
    ["Dashboard", annotation("grafana_url", "dashboard_url")],
  ];
  // What a digest stands for has no expression or runbook in common.
  return offered.slice(0, notification.kind === "digest" ? 1 : undefined).flatMap(([text, url]) => {
    const href = safeLink(url);
    return href === null ? [] : [{ text, href }];
  });
};

const textOf = (annotations: Labels): string =>
  [annotations.summary ?? annotations.message, annotations.description]
    .filter((text) => text !== undefined && text.trim() !== "")
    .map((text) => displayText(text ?? "").trim())
    .join("\n");

/** What fires comes first, and of that the most urgent. */
const byUrgency = (a: NotificationAlert, b: NotificationAlert): number => {
  if (a.status !== b.status) return a.status === "firing" ? -1 : 1;
  if (a.severity === b.severity) return 0;
  return isMoreUrgent(a.severity, b.severity) ? -1 : 1;
};

const lineOf = (alert: NotificationAlert, commonLabels: Labels, value: number): string => {
  const own = Object.entries(alert.labels).filter(
    ([name, text]) => commonLabels[name] !== text && name !== "alertname",
  );
  const labels = own.map(([name, text]) => `${oneLine(name)}=${oneLine(text)}`).join(" ");
  const word = alert.status === "resolved" ? "resolved" : alert.severity;
  const summary = oneLine(alert.annotations.summary ?? "");
  return cut([word, oneLine(alertName(alert.labels)), labels, summary].filter(Boolean).join(" · "), value);
};

const factsOf = (notification: Notification, status: string, value: number): Story["facts"] => {
  const single = singleOf(notification);
  const labels = single?.labels ?? notification.commonLabels;
  const { startsAt, endsAt, classification } = single ?? { startsAt: null, endsAt: null, classification: null };
  const ended =
    endsAt === null || startsAt === null ? null : `${timeText(endsAt)} (after ${durationText(endsAt - startsAt)})`;
  // What rules say of an alert is no word of a model, and they are sure of little.
  const judged =
    classification?.source === "llm" && `${classification.severity} (${Math.round(classification.confidence * 100)}%)`;
  const all: readonly (readonly [string, string | false | null | undefined])[] = [
    ["Status", status],
    ["Severity", severityOfNotification(notification)],
    ["Namespace", labels.namespace],
    ["Started", startsAt === null ? null : timeText(startsAt)],
    ["Ended", ended],
    ["AI Severity", judged],
    ["Instance", labels.instance],
    ["Job", labels.job],
    ["Service", labels.service],
  ];
  return all.map(([name, text]) => [name, cut(oneLine(text || ""), value)] as const).filter(([, text]) => text !== "");
};

/** Why a chat hears of an alert that it knows to fire. */
const FLAPPING: Readonly<Partial<Record<Notification["reason"], string>>> = {
  startedFlapping: ", started flapping: told again when it has settled",
  stoppedFlapping: ", stopped flapping",
};

const statusOf = (notification: Notification): string =>
  `${stateOf(notification)}${FLAPPING[notification.reason] ?? ""}`;

const stateOf = (notification: Notification): string => {
  const { digest } = notification;
  if (digest !== undefined) return `${digest.firing} firing, ${digest.resolved} resolved`;
  if (notification.kind === "missed") return "fired and resolved while unreachable";
  return singleOf(notification) !== null && notification.truncatedAlerts === 0
    ? notification.status
    : countsOf(notification);
};

/** The notification in plain words, as detailed as asked. */
export const tell = (notification: Notification, detail: Detail): Story => {
  const { kind, alerts, digest } = notification;
  const single = singleOf(notification);
  const state = kind === "digest" || kind === "missed" ? kind : notification.status;
  const severity = severityOfNotification(notification);
  const status = statusOf(notification);
  const listed = single === null ? alerts.toSorted(byUrgency).slice(0, detail.lines) : [];
  const total = alerts.length + notification.truncatedAlerts;
  const body =
    kind === "digest" ? digestText(notification) : textOf(single?.annotations ?? notification.commonAnnotations);
  const title =
    kind === "digest" ? `${digest?.total ?? total} notifications held back by the pace limit` : nameOf(notification);
  return {
    mark: markOf(notification),
    state,
    severity,
    title,
    status,
    body: cut(body, kind === "digest" ? Math.max(detail.body, 100) : detail.body),
    facts: kind === "digest" ? [] : factsOf(notification, status, detail.value),
    reasoning:
      detail.body === 0
        ? ""
        : cut(displayText(single?.classification?.reasoning ?? "").trim(), Math.min(300, detail.body)),
    recommendations:
      detail.body === 0
        ? []
        : (single?.classification?.recommendations ?? [])
            .slice(0, 3)
            .map((text) => cut(oneLine(text), detail.value))
            .filter(Boolean),
    lines: listed.map((one) => lineOf(one, notification.commonLabels, detail.value)),
    more: single === null ? total - listed.length : 0,
    links: linksOf(notification),
    reference: cut(oneLine(single?.fingerprint ?? notification.groupKey), detail.value),
    emoji: state === "resolved" || state === "missed" ? "✅" : EMOJI[severity],
  };
};

/** Renders with less and less detail until it fits; the barest is taken even when nothing does. */
export const tellWithin = <T>(
  notification: Notification,
  render: (story: Story) => T,
  fits: (made: T) => boolean,
): T => {
  let made = render(tell(notification, DETAILS[0]!));
  for (const detail of DETAILS.slice(1)) {
    if (fits(made)) return made;
    made = render(tell(notification, detail));
  }
  return made;
};

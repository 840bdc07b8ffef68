/** What Rootly is told of an incident or alert: exactly the attributes its published schema knows. */
import { alertName } from "../alert/alert.ts";
import type { Severity } from "../alert/severity.ts";
import type { Target } from "../route/target.ts";
import { escapeMarkdown, safeLink } from "./escape.ts";
import { cleanValues } from "./fit.ts";
import type { Notification, NotificationAlert } from "./notification.ts";
import { countsOf, historyLink, markOf, nameOf, severityOfNotification, singleOf } from "./story.ts";
import { cut, cutEscaped, oneLine, timeText, withoutControls } from "./text.ts";

const MAX_TITLE = 255;
const MAX_SUMMARY = 10_000;
const MAX_LABELS = 20;
const MAX_VALUE = 100;
const MAX_LINES = 20;

const SEVERITY_WORDS: Readonly<Record<Severity, string>> = {
  critical: "critical",
  warning: "major",
  info: "minor",
  noise: "low",
};

const percent = (confidence: number): string => `${Math.round(confidence * 100)}%`;

const namespaceOf = (notification: Notification): string =>
  oneLine((singleOf(notification)?.labels ?? notification.commonLabels).namespace ?? "") || "unknown";

const titleOf = (notification: Notification): string => {
  const judged = singleOf(notification)?.classification;
  const end = judged ? ` (LLM: ${judged.severity}, ${percent(judged.confidence)} confidence)` : "";
  const { digest } = notification;
  const start = digest
    ? `${markOf(notification)}Digest: ${digest.total} notifications held back by the pace limit`
    : `${markOf(notification)}[${nameOf(notification)}] Alert in ${namespaceOf(notification)}`;
  return cut(start, MAX_TITLE - end.length) + end;
};

const item = (name: string, value: string): string => `- **${escapeMarkdown(name)}:** ${escapeMarkdown(value)}`;

const valueLines = (values: Readonly<Record<string, string>>, skip: readonly string[]): readonly string[] =>
  Object.entries(values)
    .filter(([name]) => !skip.includes(name))
    .slice(0, MAX_LINES)
    .map(([name, value]) => item(cut(oneLine(name), MAX_VALUE), cut(oneLine(value), MAX_VALUE)));

const block = (heading: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ["", `**${heading}**`, ...lines];

const classificationLines = ({ classification }: NotificationAlert): readonly string[] =>
  classification === null
    ? []
    : [
        ...block("AI Classification", [
          item("Severity", classification.severity),
          item("Category", classification.category),
          item("Confidence", percent(classification.confidence)),
          item("Reasoning", cut(oneLine(classification.reasoning), 1000)),
        ]),
        ...block(
          "Recommendations",
          classification.recommendations.slice(0, 5).map((text) => `- ${escapeMarkdown(cut(oneLine(text), 300))}`),
        ),
      ];

const singleLines = (alert: NotificationAlert): readonly string[] => [
  item("Alert", cut(oneLine(alertName(alert.labels)), MAX_VALUE)),
  item("Status", alert.status),
  item("Namespace", cut(oneLine(alert.labels.namespace ?? "unknown"), MAX_VALUE)),
  item("Started", timeText(alert.startsAt)),
  ...["summary", "description"].flatMap((name) => {
    const text = alert.annotations[name];
    return text ? ["", cutEscaped(withoutControls(text), 1500, escapeMarkdown)] : [];
  }),
  ...classificationLines(alert),
  ...block("Labels", valueLines(alert.labels, [])),
  ...block("Annotations", valueLines(alert.annotations, ["summary", "description"])),
];

const groupLines = (notification: Notification): readonly string[] => [
  item("Alerts", countsOf(notification)),
  ...(notification.digest ? [item("Digest", JSON.stringify(notification.digest))] : []),
  ...block("Labels in common", valueLines(notification.commonLabels, [])),
  ...block(
    "Alerts",
    notification.alerts
      .slice(0, MAX_LINES)
      .map((alert) => item(alert.status, cut(oneLine(Object.values(alert.labels).join(" ")), MAX_VALUE))),
  ),
];

/** Whole lines only, so that no escape is cut; every line is far below the limit. */
const summaryOf = (notification: Notification): string => {
  const single = singleOf(notification);
  const lines = [...(single ? singleLines(single) : groupLines(notification)), "", historyLink(notification)];
  let size = 0;
  return lines
    .filter((line) => {
      const taken = size + line.length + 1 <= MAX_SUMMARY;
      if (taken) size += line.length + 1;
      return taken;
    })
    .join("\n");
};

const confidenceWord = (confidence: number): string =>
  confidence >= 0.8 ? "high" : confidence >= 0.5 ? "medium" : "low";

const labelsOf = (notification: Notification): Readonly<Record<string, string>> => {
  const single = singleOf(notification);
  const labels = single?.labels ?? notification.commonLabels;
  const judged = single?.classification;
  const all: readonly (readonly [string, string | undefined])[] = [
    ["managed_by", "alert-history"],
    ["alert", nameOf(notification)],
    ["namespace", namespaceOf(notification)],
    ["fingerprint", single?.fingerprint],
    ["severity", SEVERITY_WORDS[severityOfNotification(notification)]],
    ["llm_severity", judged?.severity],
    ["confidence", judged ? confidenceWord(judged.confidence) : undefined],
    ["service", labels.service],
    ["job", labels.job],
    ["instance", labels.instance],
  ];
  const stated = all.flatMap(([name, value]) => {
    const clean = cut(oneLine(value ?? ""), MAX_VALUE).replaceAll(" ", "-");
    return clean === "" ? [] : [[name, clean] as const];
  });
  return Object.fromEntries(stated.slice(0, MAX_LABELS));
};

const urlOf = (notification: Notification): string | undefined =>
  safeLink(singleOf(notification)?.generatorURL ?? "") ?? safeLink(historyLink(notification)) ?? undefined;

const startedAt = (notification: Notification): string =>
  new Date(Math.min(notification.at, ...notification.alerts.map((alert) => alert.startsAt))).toISOString();

const idsOf = ({ options }: Target): object => ({
  service_ids: options.serviceIds,
  environment_ids: options.environmentIds,
  group_ids: options.groupIds,
});

export const incidentAttributes = (notification: Notification, target: Target): object => {
  const severity = severityOfNotification(notification);
  const ids = new Map(Object.entries(target.options.severityIds ?? {}));
  return {
    title: titleOf(notification),
    kind: notification.kind === "test" ? "test" : "normal",
    status: "started",
    summary: summaryOf(notification),
    severity_id: ids.get(SEVERITY_WORDS[severity]) ?? ids.get(severity),
    started_at: startedAt(notification),
    url: urlOf(notification),
    labels: labelsOf(notification),
    ...idsOf(target),
  };
};

export const alertAttributes = (notification: Notification, target: Target, key: string): object => ({
  source: "alertmanager",
  summary: titleOf(notification),
  description: summaryOf(notification),
  status: "triggered",
  noise: severityOfNotification(notification) === "noise" ? "noise" : "not_noise",
  started_at: startedAt(notification),
  external_id: key,
  external_url: urlOf(notification),
  deduplication_key: key,
  labels: Object.entries(labelsOf(notification)).map(([name, value]) => ({ key: name, value })),
  data: { labels: cleanValues(notification.commonLabels, MAX_VALUE, MAX_LINES), counts: countsOf(notification) },
  ...idsOf(target),
});

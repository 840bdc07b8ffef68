/** Made-up notifications a template is tried on. Their texts hold what breaks careless templates. */
import type { Notification, NotificationAlert } from "./notification.ts";

const STARTED = Date.UTC(2026, 0, 1);

const alertOf = (instance: string, ended: boolean): NotificationAlert => ({
  fingerprint: "144c2acf086139f0",
  status: ended ? "resolved" : "firing",
  labels: { alertname: "HighCPU", instance, namespace: "production", severity: "critical", job: 'node "exporter"' },
  annotations: {
    summary: `CPU is "high" on ${instance} & {more} <b>than</b> 90%`,
    description: "first line\nsecond line\twith a tab and a \\ backslash",
    runbook_url: "https://runbooks.example.com/cpu?a=1&b=2",
  },
  startsAt: STARTED,
  endsAt: ended ? STARTED + 600_000 : null,
  generatorURL: "https://prometheus.example.com/graph?g0.expr=up",
  severity: "critical",
  classification: null,
});

const notificationOf = (alerts: readonly NotificationAlert[]): Notification => ({
  id: "sample",
  kind: "alerts",
  status: alerts.some((alert) => alert.status === "firing") ? "firing" : "resolved",
  reason: "firstNotification",
  groupKey: '{}:{alertname="HighCPU"}',
  groupLabels: { alertname: "HighCPU" },
  commonLabels: { alertname: "HighCPU", namespace: "production", severity: "critical" },
  commonAnnotations: alerts.length === 1 ? (alerts[0]?.annotations ?? {}) : {},
  routeLabels: {},
  receiver: "sample",
  alerts,
  truncatedAlerts: 0,
  publicUrl: "https://alerts.example.com",
  enrichmentMode: "enriched",
  replay: false,
  at: STARTED + 700_000,
});

export const SAMPLES: readonly Notification[] = [
  notificationOf([alertOf("a:9100", false)]),
  notificationOf([alertOf("a:9100", false), alertOf("b:9100", true)]),
  notificationOf([alertOf("a:9100", true)]),
];

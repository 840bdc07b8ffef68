/** Alerts as an Alertmanager sends them: a real webhook of version 4, about 700 bytes an alert. */

let made = 0;

export interface MadeAlert {
  readonly status: "firing" | "resolved";
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL: string;
}

/** A firing alert nobody has seen; alerts made together share their alertname, as one Alertmanager group does. */
const makeAlert = (name: string, namespace: string): MadeAlert => {
  made += 1;
  return {
    status: "firing",
    labels: {
      alertname: name,
      cluster: "eu-west-1",
      container: "api",
      instance: `10.2.${made % 250}.${(made >> 8) % 250}:8080`,
      job: "kubernetes-pods",
      namespace,
      pod: `payments-api-${made.toString(36)}-x7k2p`,
      severity: made % 10 === 0 ? "critical" : "warning",
      team: "payments",
    },
    annotations: {
      summary: `Container api of pod payments-api-${made.toString(36)} restarts again and again`,
      description: "The container has been restarted more than five times within ten minutes; see the runbook.",
      runbook_url: "https://runbooks.example.com/payments/crash-loop",
    },
    startsAt: new Date().toISOString(),
    endsAt: "0001-01-01T00:00:00Z",
    generatorURL:
      "https://prometheus.example.com/graph?g0.expr=increase%28kube_pod_container_status_restarts_total%5B10m%5D%29+%3E+5&g0.tab=1",
  };
};

/** Alertnames spread over the shards as a company's rules would. */
const NAMES = Array.from({ length: 64 }, (_, i) => `PodCrashLooping${i}`);
let group = 0;

export const makeAlerts = (count: number, namespace = "payments"): MadeAlert[] => {
  group += 1;
  const name = NAMES[group % NAMES.length] ?? "";
  return Array.from({ length: count }, () => makeAlert(name, namespace));
};

export const resolve = (alerts: readonly MadeAlert[]): MadeAlert[] =>
  alerts.map((alert) => ({ ...alert, status: "resolved", endsAt: new Date().toISOString() }));

/** The webhook of one Alertmanager group. */
export const webhookOf = (alerts: readonly MadeAlert[]): string => {
  const status = alerts.some((alert) => alert.status === "firing") ? "firing" : "resolved";
  const alertname = alerts[0]?.labels.alertname ?? "";
  return JSON.stringify({
    version: "4",
    groupKey: `{}:{alertname="${alertname}"}`,
    truncatedAlerts: 0,
    status,
    receiver: "alert-history",
    groupLabels: { alertname },
    commonLabels: { alertname },
    commonAnnotations: {},
    externalURL: "https://alertmanager.example.com",
    alerts,
  });
};

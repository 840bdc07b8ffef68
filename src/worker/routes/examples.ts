/**
 * One example per route, shown in the API document and executed by a test against the running Worker. A GET route that
 * needs nothing but its address is its own example. Names are those of the README: the target `on-call`, the alert
 * HighCPU with severity critical, whose fingerprint is bbf38a17b6294e0a.
 */

export interface Example {
  /** Parts of the path. */
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a text as it is. */
  readonly body?: unknown;
  readonly status: number;
}

const FINGERPRINT = "bbf38a17b6294e0a";
const HIGH_CPU = { alertname: "HighCPU", severity: "critical" };
const ALERT = { labels: HIGH_CPU, annotations: { summary: "CPU above 90 %" } };
/** `<at>.<seq>.<replay>.<target>.<subject>`. */
const NOTIFICATION = `1767268800000.1.0.on-call.${FINGERPRINT}`;
const UUID = "01920000-0000-7000-8000-000000000000";

const ofAlert = { params: { fingerprint: FINGERPRINT }, status: 200 };
const ofNotification = { params: { id: NOTIFICATION }, status: 200 };
const ofTarget = { params: { name: "on-call" }, status: 200 };

const INGEST: Readonly<Record<string, Example>> = {
  "POST /webhook": {
    body: {
      version: "4",
      groupKey: '{}:{alertname="HighCPU"}',
      receiver: "alert-history",
      status: "firing",
      alerts: [{ status: "firing", startsAt: "2026-01-01T10:00:00Z", endsAt: "0001-01-01T00:00:00Z", ...ALERT }],
    },
    status: 200,
  },
  "PUT /webhook": { body: { alertname: "BackupFailed", severity: "warning", message: "dump exited 1" }, status: 200 },
  "POST /webhook/proxy": { query: { wait: "5" }, body: { alertname: "DiskFull", severity: "critical" }, status: 200 },
  "POST /api/v2/alerts": {
    body: [{ startsAt: "2026-01-01T10:00:00Z", generatorURL: "http://prometheus/graph", ...ALERT }],
    status: 200,
  },
  "POST /api/v1/sources/preview": { body: { body: { alertname: "BackupFailed" }, endpoint: "/webhook" }, status: 200 },
};

const ALERTS: Readonly<Record<string, Example>> = {
  "GET /history": { query: { severity: "critical", limit: "10" }, status: 200 },
  "GET /history/export": { query: { severity: "critical", format: "ndjson" }, status: 200 },
  "POST /history/search": {
    body: { filters: { severity: ["critical"] }, pagination: { limit: 10 }, sorting: { sort_order: "desc" } },
    status: 200,
  },
  "GET /history/{fingerprint}": ofAlert,
  "GET /api/v1/alerts/{fingerprint}/trace": ofAlert,
  "GET /classification/{fingerprint}": ofAlert,
  "POST /classification/refresh/{fingerprint}": ofAlert,
  "POST /classification/classify": { body: { alert: { labels: HIGH_CPU }, force: false }, status: 200 },
  "POST /classification/bulk": { body: { fingerprints: [FINGERPRINT] }, status: 200 },
  "POST /enrichment/mode": { body: { mode: "enriched", reason: "the model answers again" }, status: 200 },
  "DELETE /enrichment/mode": { status: 200 },
  "POST /api/v1/explain": { body: { labels: HIGH_CPU }, status: 200 },
  "GET /api/v1/receipts/{id}": { params: { id: UUID }, status: 200 },
  "GET /api/v1/incidents/{id}": { params: { id: UUID }, status: 200 },
};

const SILENCES: Readonly<Record<string, Example>> = {
  "GET /api/v2/alerts": { query: { filter: 'severity="critical"', active: "true" }, status: 200 },
  "POST /api/v2/silences": {
    body: {
      matchers: [{ name: "instance", value: "db-1", isRegex: false, isEqual: true }],
      startsAt: "2026-01-01T10:00:00Z",
      endsAt: "2099-01-01T12:00:00Z",
      createdBy: "ann",
      comment: "maintenance of db-1",
    },
    status: 200,
  },
  "GET /api/v2/silence/{id}": { params: { id: UUID }, status: 200 },
  "DELETE /api/v2/silence/{id}": { params: { id: UUID }, status: 200 },
  "POST /api/v1/silences/preview": {
    body: { matchers: [{ name: "alertname", value: "High.*", isRegex: true }] },
    status: 200,
  },
};

const DELIVERIES: Readonly<Record<string, Example>> = {
  "GET /api/v1/notifications/{id}": ofNotification,
  "GET /api/v1/notifications/{id}/request": ofNotification,
  "POST /api/v1/notifications/replay": { body: { target: "on-call", state: "delivered", dry_run: true }, status: 200 },
  "POST /api/v1/dead-letters/replay": { body: { target: "broken", dry_run: true }, status: 200 },
  "DELETE /api/v1/dead-letters/{id}": { params: { id: NOTIFICATION }, status: 204 },
  "GET /publishing/queue/jobs/{id}": ofNotification,
  "POST /publishing/dlq/{id}/replay": ofNotification,
  "DELETE /publishing/dlq/purge": { query: { older_than_hours: "168" }, status: 200 },
  "POST /publishing/test/{target}": { params: { target: "on-call" }, body: { timeout_seconds: 5 }, status: 200 },
  "POST /publishing/targets/{target}/test": {
    params: { target: "on-call" },
    body: { alert_name: "TestAlert" },
    status: 200,
  },
  "POST /publishing/parallel/targets": { body: { alert: ALERT, target_names: ["on-call"] }, status: 200 },
  "POST /publishing/parallel/all": { body: { alert: ALERT }, status: 200 },
  "POST /publishing/parallel/healthy": { body: { alert: ALERT }, status: 200 },
  "POST /publishing/submit": { body: { alert: ALERT, target_name: "on-call" }, status: 202 },
};

const TARGETS: Readonly<Record<string, Example>> = {
  "POST /api/v1/targets": {
    body: { name: "on-call", type: "webhook", url: "https://hooks.example.com/alerts" },
    status: 200,
  },
  "DELETE /api/v1/targets/{name}": { params: { name: "on-call" }, status: 204 },
  "GET /publishing/targets/{name}": ofTarget,
  "GET /publishing/targets/health/{name}": ofTarget,
  "POST /publishing/targets/health/{name}/check": ofTarget,
  "POST /publishing/targets/refresh": { status: 202 },
  "POST /publishing/targets/reseal": { status: 200 },
  "POST /proxy/filters/rules": {
    body: { name: "no_lab", action: "deny", conditions: { namespace: "lab" }, priority: 50 },
    status: 201,
  },
  "DELETE /proxy/filters/rules/{name}": { params: { name: "no_lab" }, status: 200 },
};

const ADMINISTRATION: Readonly<Record<string, Example>> = {
  "PUT /api/v1/config": {
    query: { note: "everything to on-call", dry_run: "true" },
    headers: { "content-type": "application/yaml" },
    body: "route:\n  receiver: on-call\nreceivers:\n  - name: on-call\n    targets: [on-call]\n",
    status: 200,
  },
  "GET /api/v1/config/versions/{version}": { params: { version: "1" }, status: 200 },
  "POST /api/v1/config/rollback": { body: { version: 1, dry_run: true }, status: 200 },
  "POST /api/v1/tokens": { body: { name: "grafana", scopes: ["read"] }, status: 201 },
  "DELETE /api/v1/tokens/{name}": { params: { name: "grafana" }, status: 204 },
  "POST /api/v1/session": { body: { token: "<a token with the scope read>" }, status: 200 },
  "DELETE /api/v1/session": { status: 204 },
  "GET /api/v1/live": { headers: { upgrade: "websocket" }, status: 101 },
};

/** By method and path, as in the document. */
export const EXAMPLES: Readonly<Record<string, Example>> = {
  ...INGEST,
  ...ALERTS,
  ...SILENCES,
  ...DELIVERIES,
  ...TARGETS,
  ...ADMINISTRATION,
};

/** The example of a route; null where it needs one and has none. */
export const exampleOf = (method: string, path: string): Example | null => {
  const given = EXAMPLES[`${method.toUpperCase()} ${path}`];
  if (given !== undefined) return given;
  return method.toUpperCase() === "GET" && !path.includes("{") ? { status: 200 } : null;
};

/** What is pasted into a sender's configuration, with the real address. */
export const SNIPPETS: readonly { readonly title: string; readonly text: (url: string) => string }[] = [
  {
    title: "Alertmanager",
    text: (url) => `receivers:
  - name: alert-history
    webhook_configs:
      - url: ${url}/webhook
        max_alerts: 0
        http_config:
          authorization:
            credentials: INGEST_TOKEN`,
  },
  {
    title: "Prometheus, without an Alertmanager",
    text: (url) => `alerting:
  alertmanagers:
    - scheme: ${url.startsWith("https") ? "https" : "http"}
      authorization:
        credentials: INGEST_TOKEN
      static_configs:
        - targets: ["${url.replace(/^https?:\/\//, "")}"]`,
  },
  {
    title: "Grafana",
    text: (url) => `apiVersion: 1
contactPoints:
  - orgId: 1
    name: alert-history
    receivers:
      - uid: alert-history
        type: webhook
        settings:
          url: ${url}/webhook
          authorization_scheme: Bearer
          authorization_credentials: INGEST_TOKEN`,
  },
  {
    title: "Anything that can POST",
    text: (url) => `curl ${url}/webhook \\
  -H 'Authorization: Bearer INGEST_TOKEN' \\
  -H 'Content-Type: application/json' \\
  -d '{"alertname":"DiskAlmostFull","severity":"warning","instance":"db-1"}'`,
  },
];

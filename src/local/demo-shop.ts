/** The fictitious shop of the demo: its clusters, who is told, and what goes wrong there on ordinary days. */

export const CLUSTERS = ["eu-west", "us-east", "ap-south"] as const;
export type Cluster = (typeof CLUSTERS)[number];

/** One kind of trouble of one service. */
export interface Kind {
  readonly name: string;
  readonly severity: "critical" | "warning" | "info";
  readonly namespace: string;
  readonly team: string;
  readonly service: string;
  readonly summary: string;
  /** How often per day and cluster. */
  readonly perDay: number;
  /** Minutes it lasts, from and to. */
  readonly lasts: readonly [number, number];
}

// biome-ignore format: a table reads best as one row per kind
export const KINDS: readonly Kind[] = [
  { name: "HighErrorRate", severity: "warning", namespace: "checkout", team: "payments", service: "checkout-api", summary: "4 % of requests to checkout-api fail", perDay: 4, lasts: [35, 90] },
  { name: "PaymentProviderTimeouts", severity: "critical", namespace: "payments", team: "payments", service: "card-gateway", summary: "Card payments time out at the provider", perDay: 0.7, lasts: [40, 70] },
  { name: "HighLatency", severity: "warning", namespace: "catalog", team: "storefront", service: "search", summary: "p99 of search is above 800 ms", perDay: 6, lasts: [35, 120] },
  { name: "CartConversionDrop", severity: "info", namespace: "storefront", team: "storefront", service: "cart", summary: "A fifth fewer carts end in an order than last week", perDay: 1.5, lasts: [60, 180] },
  { name: "PodCrashLooping", severity: "warning", namespace: "catalog", team: "platform", service: "image-resizer", summary: "image-resizer restarts again and again", perDay: 5, lasts: [35, 150] },
  { name: "HighMemoryUsage", severity: "warning", namespace: "storefront", team: "platform", service: "web", summary: "web uses 93 % of its memory limit", perDay: 4, lasts: [40, 100] },
  { name: "KubeNodeNotReady", severity: "critical", namespace: "kube-system", team: "platform", service: "node", summary: "A node takes no work", perDay: 0.6, lasts: [40, 60] },
  { name: "DiskAlmostOutOfSpace", severity: "warning", namespace: "data", team: "data", service: "warehouse", summary: "warehouse has less than 8 % left", perDay: 2, lasts: [90, 300] },
  { name: "SlowQueries", severity: "warning", namespace: "data", team: "data", service: "orders-db", summary: "Queries of orders-db take 2 s and more", perDay: 3, lasts: [35, 90] },
  { name: "ReplicaLag", severity: "info", namespace: "data", team: "data", service: "orders-db", summary: "The replica is 40 s behind", perDay: 3, lasts: [35, 70] },
  { name: "QueueBacklog", severity: "warning", namespace: "payments", team: "payments", service: "invoice-mailer", summary: "12 000 invoices wait to be sent", perDay: 2, lasts: [45, 160] },
  { name: "BackupFailed", severity: "warning", namespace: "data", team: "data", service: "warehouse", summary: "Last night's backup did not end well", perDay: 0.5, lasts: [120, 400] },
  { name: "CertificateExpiring", severity: "info", namespace: "edge", team: "platform", service: "edge-proxy", summary: "The certificate of the shop expires in 9 days", perDay: 0.2, lasts: [600, 1400] },
];

/** What one failing database takes along, in the order it shows; minutes after the first and how long each lasts. */
// biome-ignore format: a table reads best as one row per alert
export const INCIDENT: readonly (readonly [after: number, lasts: number, kind: Omit<Kind, "perDay" | "lasts">])[] = [
  [0, 58, { name: "PostgresDown", severity: "critical", namespace: "payments", team: "payments", service: "payments-db", summary: "payments-db takes no connections" }],
  [2, 55, { name: "CheckoutDown", severity: "critical", namespace: "payments", team: "payments", service: "checkout-api", summary: "Nobody can pay" }],
  [3, 57, { name: "HighErrorRate", severity: "warning", namespace: "payments", team: "payments", service: "card-gateway", summary: "71 % of requests to card-gateway fail" }],
  [4, 61, { name: "HighErrorRate", severity: "warning", namespace: "payments", team: "payments", service: "refunds", summary: "96 % of requests to refunds fail" }],
  [6, 66, { name: "QueueBacklog", severity: "warning", namespace: "payments", team: "payments", service: "order-events", summary: "40 000 orders wait" }],
  [7, 40, { name: "PodCrashLooping", severity: "warning", namespace: "payments", team: "payments", service: "ledger", summary: "ledger restarts again and again" }],
  [9, 52, { name: "HighLatency", severity: "warning", namespace: "payments", team: "payments", service: "fraud-check", summary: "p99 of fraud-check is above 9 s" }],
  [12, 70, { name: "CartConversionDrop", severity: "info", namespace: "payments", team: "storefront", service: "cart", summary: "No cart ends in an order" }],
];

/** The document in force; the first version has no night for what can wait. */
export const documentOf = (version: 1 | 2): string => `# The shop's routes. Alertmanager's form; what it lacks is below.
route:
  receiver: everybody
  group_by: ['...']
  group_wait: 0s
  group_interval: 1m
  routes:
    - matchers: ['alertname="Watchdog"']
      receiver: nobody
    - matchers: ['severity="critical"']
      receiver: on-call
      continue: true
    - matchers: ['team="payments"']
      receiver: payments
    - matchers: ['team="data"']
      receiver: data${version === 1 ? "" : "\n      mute_time_intervals: [lunch]"}
    - matchers: ['cluster="ap-south"']
      receiver: operations-room
receivers:
  - name: nobody
  - name: everybody
    targets: [shop-chat]
  - name: on-call
    targets: [on-call-pager]
  - name: payments
    targets: [payments-chat, status-page]
  - name: data
    targets: [shop-chat, data-archive]
  - name: operations-room
    targets: [shop-chat, wall-display]
inhibit_rules:
  - source_matchers: ['alertname="PostgresDown"']
    target_matchers: ['alertname=~"HighLatency|CartConversionDrop"']
    equal: [cluster, namespace]
${version === 1 ? "" : "time_intervals:\n  - name: lunch\n    time_intervals:\n      - times: [{ start_time: '12:00', end_time: '12:30' }]\n"}correlation:
  labels: [cluster, namespace]
  within: 15m
heartbeats:
${CLUSTERS.map((cluster) => `  - name: prometheus-${cluster}\n    matchers: 'alertname="Watchdog", cluster="${cluster}"'\n    within: 3m\n`).join("")}`;

export interface SinkUrls {
  readonly of: (name: string) => string;
}

const secret = (name: string, fields: Readonly<Record<string, string>>): string =>
  `apiVersion: v1
kind: Secret
metadata:
  name: ${name}
  namespace: alert-targets
  labels:
    alert-history.io/publish-target: "true"
stringData:
${Object.entries(fields)
  .map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`)
  .join("")}`;

/** What the exporter of each cluster finds there; one of the Secrets is wrong, as one always is. */
export const manifestsOf = (cluster: Cluster, { of }: SinkUrls): readonly string[] =>
  ({
    "eu-west": [
      secret("on-call-pager", {
        type: "pagerduty",
        url: of("on-call-pager"),
        "routing-key": "0123456789abcdef".repeat(2),
      }),
      secret("payments-chat", { type: "slack", url: of("payments-chat") }),
      secret("status-page", { type: "webhook", url: of("status-page") }),
    ],
    "us-east": [
      secret("shop-chat", { type: "slack", url: of("shop-chat") }),
      secret("data-archive", { type: "webhook", url: of("data-archive") }),
    ],
    "ap-south": [
      secret("wall-display", { type: "webhook", url: of("wall-display"), "retry-window-seconds": "3600" }),
      secret("old-pager", { type: "pagerduty", url: of("on-call-pager") }),
    ],
  })[cluster];

/** Builders of notifications, with texts that have broken integrations before. */
import type { Notification, NotificationAlert, NotifyReason } from "../../src/core/publish/notification.ts";

export const NOW = Date.UTC(2026, 10, 24, 3, 10, 0);
const STARTED = NOW - 964_000;

export const alertOf = (over: Partial<NotificationAlert> = {}): NotificationAlert => ({
  fingerprint: "144c2acf086139f0",
  status: "firing",
  labels: {
    alertname: "HighCPU",
    namespace: "production",
    instance: "a:9100",
    job: "node-exporter",
    severity: "critical",
    service: "checkout",
  },
  annotations: {
    summary: "CPU high on a",
    description: "CPU has been above 90% for 10 minutes.",
    runbook_url: "https://runbooks.example.com/cpu",
  },
  startsAt: STARTED,
  endsAt: null,
  generatorURL: "https://prometheus.example.com/graph?g0.expr=up%3D%3D0&g0.tab=1",
  severity: "critical",
  classification: {
    severity: "critical",
    category: "capacity",
    confidence: 0.95,
    reasoning: "CPU saturation on the checkout node.",
    recommendations: ["Scale out", "Look at the last deploy", "Check the noisy neighbour", "Never shown"],
    source: "llm",
    model: "test-model",
    promptVersion: "1",
    createdAt: STARTED + 1000,
    cached: false,
    processingMs: 120,
    metadata: {},
  },
  ...over,
});

const common = (maps: readonly Readonly<Record<string, string>>[]): Readonly<Record<string, string>> => {
  const [first = {}, ...rest] = maps;
  return Object.fromEntries(Object.entries(first).filter(([name, value]) => rest.every((map) => map[name] === value)));
};

export const notificationOf = (
  alerts: readonly NotificationAlert[],
  over: Partial<Notification> = {},
): Notification => ({
  id: "144c2acf086139f0:1:target",
  kind: "alerts",
  status: alerts.some((alert) => alert.status === "firing") ? "firing" : "resolved",
  reason: "firstNotification",
  groupKey: '{}/{severity="critical"}:{alertname="HighCPU"}',
  groupLabels: { alertname: "HighCPU" },
  commonLabels: common(alerts.map((alert) => alert.labels)),
  commonAnnotations: common(alerts.map((alert) => alert.annotations)),
  routeLabels: {},
  receiver: "on-call",
  alerts,
  truncatedAlerts: 0,
  publicUrl: "https://alerts.example.com",
  enrichmentMode: "enriched",
  replay: false,
  at: NOW - 500,
  ...over,
});

export const resolvedAlert = (over: Partial<NotificationAlert> = {}): NotificationAlert =>
  alertOf({ status: "resolved", endsAt: NOW - 1000, ...over });

export const firingBecause = (
  reason: NotifyReason = "firstNotification",
  alerts: readonly NotificationAlert[] = [alertOf()],
): Notification => notificationOf(alerts, { reason });

const hex = (index: number): string => index.toString(16).padStart(16, "0");

/** A group of `count` alerts, every fifth of them resolved. */
export const groupOf = (count: number): readonly NotificationAlert[] =>
  Array.from({ length: count }, (_, index) =>
    alertOf({
      fingerprint: hex(index + 1),
      labels: { ...alertOf().labels, instance: `node-${index}:9100`, pod: `checkout-${"x".repeat(40)}-${index}` },
      annotations: { summary: `CPU high on node-${index}`, description: "d".repeat(500) },
      classification: null,
      ...(index % 5 === 4 ? { status: "resolved", endsAt: NOW - 1000 } : {}),
    }),
  );

const long = (size: number): string => "0123456789 & <abc> _*x*_ ".repeat(Math.ceil(size / 25)).slice(0, size);

export const HUGE = alertOf({
  labels: {
    ...alertOf().labels,
    ...Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`label_${index}`, long(2000)])),
    alertname: long(3000),
    namespace: long(3000),
    instance: long(3000),
    job: long(3000),
  },
  annotations: {
    summary: long(50_000),
    description: long(700_000),
    runbook_url: `https://r.example.com/${"r".repeat(5000)}`,
  },
});

export const FOREIGN = alertOf({
  labels: { alertname: "מעבד גבוה 🔥👩‍👩‍👧‍👦", namespace: "إنتاج", instance: "é́́:9100", severity: "critical" },
  annotations: {
    summary: `${"👩‍👩‍👧‍👦🇩🇪".repeat(200)} העומס גבוה`,
    description: `${"الحمل مرتفع جدا ".repeat(500)}\u202eevil`,
  },
});

/** Every text tries to ping, to format, to leave its place, or to forge a header. */
export const HOSTILE_TEXTS = [
  "<!channel> <!here|here> <@U012AB3CD> <#C024BE7LR>",
  "@everyone @here <@&123> <@123> @somebody",
  "<script>alert(1)</script></b></code></pre>",
  "x\r\nX-Injected: yes\r\n\r\nbody",
  '","text":"forged","x":"',
  "[click](https://evil.example) **bold** `code` ||spoiler|| # heading",
  "https://evil.example|trusted> &amp; &lt; &#0; &bogus;",
  "{{ constructor }} {% raw %} \u0000\u0007\u001b[31m\u202e",
  "\ud800 half \udc00",
] as const;

const hostile = HOSTILE_TEXTS.join("\n");

export const HOSTILE = alertOf({
  labels: {
    alertname: hostile,
    namespace: hostile,
    instance: hostile,
    job: hostile,
    service: hostile,
    severity: hostile,
    "<!channel>": "@everyone",
    __proto__x: "x",
  },
  annotations: {
    summary: hostile,
    description: hostile,
    runbook_url: "javascript:alert(1)",
    dashboard_url: "https://evil.example/>|<!channel>",
    image_url: "http://insecure.example/i.png",
  },
  generatorURL: 'https://prometheus.example.com/graph?x="><!channel>&y=\r\nX-Injected: yes',
  classification: {
    ...alertOf().classification!,
    reasoning: hostile,
    recommendations: HOSTILE_TEXTS,
  },
});

export const digestOf = (alerts: readonly NotificationAlert[] = []): Notification =>
  notificationOf(alerts, {
    id: "digest:1:target",
    kind: "digest",
    status: "firing",
    groupKey: "",
    groupLabels: {},
    digest: { total: 137, firing: 100, resolved: 37, critical: 4 },
  });

/** What every format must be able to tell, by name. */
export const SITUATIONS: Readonly<Record<string, Notification>> = {
  firing: notificationOf([alertOf()]),
  resolved: notificationOf([resolvedAlert()], { reason: "allResolved" }),
  "a group of 50": notificationOf(groupOf(50), { truncatedAlerts: 3 }),
  "a resolved group": notificationOf(
    groupOf(50).map((alert) => ({ ...alert, status: "resolved" as const, endsAt: NOW - 1000 })),
    { reason: "allResolved" },
  ),
  "huge labels": notificationOf([HUGE], { groupLabels: HUGE.labels }),
  "a huge group": notificationOf(Array.from({ length: 40 }, (_, index) => ({ ...HUGE, fingerprint: hex(index + 1) }))),
  "right-to-left text and emoji": notificationOf([FOREIGN]),
  "no annotations": notificationOf([
    alertOf({ annotations: {}, labels: { alertname: "Bare" }, generatorURL: "", classification: null }),
  ]),
  "no labels in common": notificationOf([alertOf({ labels: { a: "1" } }), alertOf({ labels: { b: "2" } })], {
    groupLabels: {},
    groupKey: "{}:{}",
    receiver: "",
  }),
  "hostile text": notificationOf([HOSTILE], {
    groupKey: hostile,
    groupLabels: HOSTILE.labels,
    receiver: hostile,
    id: "a:1:t\r\nX-Injected: yes",
  }),
  "a hostile group": notificationOf([HOSTILE, { ...HOSTILE, fingerprint: hex(2) }], { groupLabels: HOSTILE.labels }),
  "a storm": notificationOf(groupOf(50), {
    storm: true,
    reason: "newAlerts",
    groupKey: "{}:{}#storm",
    groupLabels: {},
    truncatedAlerts: 400,
  }),
  "the last of a storm": notificationOf([resolvedAlert()], {
    storm: true,
    reason: "allResolved",
    groupKey: "{}:{}#storm",
    groupLabels: {},
  }),
  flapping: notificationOf([alertOf()], { reason: "startedFlapping" }),
  "no longer flapping": notificationOf([alertOf()], { reason: "stoppedFlapping" }),
  digest: digestOf(),
  "digest with alerts": digestOf(groupOf(20)),
  missed: notificationOf([resolvedAlert()], { kind: "missed", reason: "allResolved" }),
  test: notificationOf([alertOf()], { kind: "test", id: "test-1" }),
  replay: notificationOf([alertOf()], { replay: true }),
};

/** Builders for decisions: an event, a target and a context in which nothing stands in the way. */
import { fingerprint } from "../../src/core/alert/fingerprint.ts";
import type { AlertEvent } from "../../src/core/history/event.ts";
import type { Context, RouteMatch, TargetState } from "../../src/core/pipeline/context.ts";
import type { Target } from "../../src/core/route/target.ts";

export const NOW = Date.parse("2026-01-01T10:00:00Z");

export const event = (labels: Record<string, string>, over: Partial<AlertEvent> = {}): AlertEvent => ({
  fingerprint: fingerprint(labels),
  seq: 1,
  kind: "new",
  status: "firing",
  previousStatus: null,
  labels,
  annotations: {},
  startsAt: NOW - 60_000,
  endsAt: null,
  generatorURL: "",
  receivedAt: NOW,
  expired: false,
  episodeSeq: 1,
  receiptId: null,
  source: null,
  format: "generic",
  upstream: null,
  sourceFingerprint: null,
  ...over,
});

export const target = (name: string, over: Partial<Target> = {}): TargetState => ({
  target: {
    name,
    type: "webhook",
    format: "webhook",
    url: `https://${name}.example.com/`,
    enabled: true,
    priority: 100,
    sendResolved: true,
    timeoutSeconds: 10,
    retryWindowSeconds: 86_400,
    per: null,
    headers: {},
    filter: { severity: [], namespaces: [], excludeNoise: true, minConfidence: null, alertNamePattern: null },
    credentials: {},
    options: {},
    description: "",
    metadata: {},
    ...over,
  },
  own: { severity: [], namespaces: [], excludeNoise: true, namePattern: null },
});

export const route = (over: Partial<RouteMatch> = {}): RouteMatch => ({
  id: "",
  path: [[]],
  receiver: "default",
  labels: {},
  targets: ["chat", "pager"],
  groupBy: ["..."],
  splitBy: [],
  timing: { groupWaitMs: 0, groupIntervalMs: 1_000, repeatIntervalMs: 14_400_000 },
  repeats: false,
  regroup: false,
  isSink: false,
  fallback: null,
  ...over,
});

export const context = (over: Partial<Context> = {}): Context => ({
  now: NOW,
  publicUrl: "https://alerts.example.com",
  mode: "enriched",
  threshold: 0.8,
  suppressionEnabled: false,
  configVersion: 7,
  metricsOnlyForced: false,
  targets: new Map([target("chat"), target("pager")].map((state) => [state.target.name, state])),
  filterRules: [],
  match: () => [route()],
  timeMute: () => null,
  silencedBy: () => [],
  inhibitedBy: () => [],
  flappingUntil: () => null,
  storm: null,
  toldTargets: () => [],
  ...over,
});

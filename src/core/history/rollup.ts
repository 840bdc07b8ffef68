/**
 * What one event adds to the counts of its hour. Charts and rankings read one row per hour and never the events, so
 * their cost depends on the hours they show and not on what happened in them. Storing and summing is db/rollups.ts.
 */
import type { Millis } from "../alert/alert.ts";
import type { Severity } from "../alert/severity.ts";
import type { AlertEvent } from "./event.ts";

export const HOUR_MS: Millis = 3_600_000;

/** Rules, and alerts, that one hour keeps apart: a storm of others still counts in the totals. */
export const MAX_KEYS_PER_HOUR = 200;
/** Smallest fingerprints kept of an hour: different alerts are counted exactly up to this, beyond it estimated. */
export const SKETCH_SIZE = 128;
/** Names are cut here so that the row of an hour stays far below the size D1 allows. */
const MAX_NAME_CHARS = 120;
/** A stretch of firing that ends by itself within this is called short-lived. */
export const SHORT_LIVED_MS: Millis = 5 * 60_000;

/** By rule: alerts of one name, namespace and severity. */
export type RuleCell = readonly [
  started: number,
  resolved: number,
  durationMs: number,
  reopened: number,
  shortLived: number,
  lastAt: Millis,
  fingerprint: string,
];

/** By fingerprint. */
export type AlertCell = readonly [
  started: number,
  resolved: number,
  durationMs: number,
  transitions: number,
  lastFiredAt: Millis,
  lastTransitionAt: Millis,
  alertname: string,
  namespace: string | null,
  severity: Severity,
];

/** What is counted of an event; its name and namespace are as stored beside it. */
export interface CountedEvent
  extends Pick<
    AlertEvent,
    "fingerprint" | "kind" | "status" | "previousStatus" | "startsAt" | "endsAt" | "receivedAt" | "expired"
  > {
  readonly alertname: string;
  readonly namespace: string | null;
  readonly severity: Severity;
  /** Of its classification. */
  readonly category: string | null;
}

export interface RollupDelta {
  readonly hour: Millis;
  readonly fingerprint: string;
  /** Sums under short names: `started`, `resolved`, `expired`, `duration_ms`, `s:`, `r:`, `n:`, `c:` and what follows. */
  readonly counts: Readonly<Record<string, number>>;
  readonly ruleKey: string;
  readonly rule: RuleCell;
  readonly alert: AlertCell;
}

export const hourOf = (at: Millis): Millis => Math.floor(at / HOUR_MS) * HOUR_MS;

const cut = (text: string): string => text.slice(0, MAX_NAME_CHARS);

export const ruleKey = (alertname: string, namespace: string | null, severity: string): string =>
  JSON.stringify([cut(alertname), namespace === null ? null : cut(namespace), severity]);

/** The counts of one event; a resolve of what never fired starts nothing and ends nothing. */
export const rollupOf = (event: CountedEvent): RollupDelta => {
  const { alertname: name, severity, category } = event;
  const started = event.status === "firing" ? 1 : 0;
  const resolved = event.kind === "resolved" ? 1 : 0;
  const durationMs = resolved === 1 ? Math.max(0, (event.endsAt ?? event.receivedAt) - event.startsAt) : 0;
  const namespace = event.namespace || null;
  const counts: [string, number][] = [
    ["events", 1],
    ["started", started],
    ["resolved", resolved],
    ["expired", event.expired ? 1 : 0],
    ["duration_ms", durationMs],
    [`s:${severity}`, started],
    [`r:${severity}`, resolved],
    [`n:${cut(namespace ?? "")}`, started],
    ...(category === null ? [] : [[`c:${category}`, started] as [string, number]]),
  ];
  return {
    hour: hourOf(event.receivedAt),
    fingerprint: event.fingerprint,
    counts: Object.fromEntries(counts.filter(([, n]) => n > 0)),
    ruleKey: ruleKey(name, namespace, severity),
    rule: [
      started,
      resolved,
      durationMs,
      event.kind === "reopened" ? 1 : 0,
      resolved === 1 && durationMs < SHORT_LIVED_MS ? 1 : 0,
      event.receivedAt,
      event.fingerprint,
    ],
    alert: [
      started,
      resolved,
      durationMs,
      event.previousStatus === null ? 0 : 1,
      started === 1 ? event.receivedAt : 0,
      event.previousStatus === null ? 0 : event.receivedAt,
      cut(name),
      namespace === null ? null : cut(namespace),
      severity,
    ],
  };
};

/** What many events add to one hour. */
export interface HourDelta {
  readonly hour: Millis;
  readonly counts: Readonly<Record<string, number>>;
  readonly rules: Readonly<Record<string, RuleCell>>;
  readonly alerts: Readonly<Record<string, AlertCell>>;
  /** The smallest fingerprints of the hour. */
  readonly sketch: readonly string[];
}

const addRule = (a: RuleCell | undefined, b: RuleCell): RuleCell =>
  a === undefined
    ? b
    : [
        a[0] + b[0],
        a[1] + b[1],
        a[2] + b[2],
        a[3] + b[3],
        a[4] + b[4],
        Math.max(a[5], b[5]),
        a[5] > b[5] ? a[6] : b[6],
      ];

const addAlert = (a: AlertCell | undefined, b: AlertCell): AlertCell =>
  a === undefined
    ? b
    : [
        ...([a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]] as const),
        ...([Math.max(a[4], b[4]), Math.max(a[5], b[5])] as const),
        ...([b[6], b[7], b[8]] as const),
      ];

/** The same for many events at once, hour by hour. */
export const sumByHour = (deltas: readonly RollupDelta[]): HourDelta[] =>
  [...Map.groupBy(deltas, ({ hour }) => hour)].map(([hour, list]) => {
    const counts = new Map<string, number>();
    const rules = new Map<string, RuleCell>();
    const alerts = new Map<string, AlertCell>();
    for (const delta of list) {
      for (const [key, n] of Object.entries(delta.counts)) counts.set(key, (counts.get(key) ?? 0) + n);
      rules.set(delta.ruleKey, addRule(rules.get(delta.ruleKey), delta.rule));
      alerts.set(delta.fingerprint, addAlert(alerts.get(delta.fingerprint), delta.alert));
    }
    return {
      hour,
      counts: Object.fromEntries(counts),
      rules: Object.fromEntries(rules),
      alerts: Object.fromEntries(alerts),
      sketch: [...alerts.keys()].toSorted().slice(0, SKETCH_SIZE),
    };
  });

/**
 * How many different fingerprints there are, from the smallest of them: as many as there are while they are few, else
 * from how close together they lie (about 9 % off).
 */
export const countDistinct = (smallest: readonly string[]): number => {
  if (smallest.length < SKETCH_SIZE) return smallest.length;
  const last = smallest[SKETCH_SIZE - 1] ?? "";
  const share = Number.parseInt(last.slice(0, 12), 16) / 2 ** 48;
  return Math.round((SKETCH_SIZE - 1) / share);
};

/**
 * How much of a rule's talk is noise, 0 to 1: what ended by itself within minutes, what came back again and again, and
 * what nobody ever acted on. A rule that fired only once or twice has not been noisy yet.
 */
export const noiseScore = (rule: {
  readonly started: number;
  readonly reopened: number;
  readonly shortLived: number;
  readonly actedOn: boolean;
}): number => {
  if (rule.started < 3) return 0;
  const flaps = Math.min(1, rule.reopened / rule.started);
  const short = Math.min(1, rule.shortLived / rule.started);
  return Math.round((0.4 * short + 0.4 * flaps + (rule.actedOn ? 0 : 0.2)) * 100) / 100;
};

/**
 * Alerts that belong together because they share labels within a window: which incident an alert joins, and what an
 * incident says of its members. It changes no delivery; storing is db/incidents.ts.
 */
import { type AlertStatus, alertName, type Labels, type Millis } from "../alert/alert.ts";
import { fingerprint } from "../alert/fingerprint.ts";
import { isEmpty, pickLabels, sortedNames } from "../alert/labels.ts";
import { SEVERITIES, type Severity } from "../alert/severity.ts";

/** `rolling`: every new member keeps the window open; `fixed`: it closes so long after the first. */
export interface CorrelationRule {
  readonly labels: readonly string[];
  readonly withinMs: Millis;
  readonly window?: "rolling" | "fixed";
}

const MIN_WINDOW_MS: Millis = 60_000;
/** However long alerts keep coming, an incident takes nobody in after this. */
export const MAX_WINDOW_MS: Millis = 48 * 3_600_000;

/** What alerts of one incident share, as text; null where an alert has none of the labels. */
export const incidentKey = (labels: Labels, rule: CorrelationRule): string | null => {
  const shared = pickLabels(labels, rule.labels);
  if (isEmpty(shared)) return null;
  return sortedNames(shared)
    .map((name) => `${name}=${shared[name]}`)
    .join(" ");
};

/** The id of the incident that an alert opens: the same however often it is decided. */
export const incidentId = (key: string, openedAt: Millis): string =>
  `inc-${fingerprint({ key })}-${openedAt.toString(36)}`;

/** How long after a start at `at` others may still join; in a fixed window the start of the first decides. */
export const joinMs = (rule: CorrelationRule): Millis =>
  Math.min(MAX_WINDOW_MS, Math.max(MIN_WINDOW_MS, rule.withinMs));

export interface IncidentMember {
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly status: AlertStatus;
  readonly severity: Severity;
  readonly startsAt: Millis;
  readonly endsAt: Millis | null;
  readonly joinedAt: Millis;
}

export interface IncidentSummary {
  readonly title: string;
  readonly status: "open" | "resolved";
  readonly severity: Severity;
  readonly firing: number;
  readonly resolved: number;
  /** When the last of them resolved; null while one fires. */
  readonly endedAt: Millis | null;
  /** Who may have caused the others; null of nobody. */
  readonly firstCause: { readonly fingerprint: string; readonly why: "inhibits_others" | "earliest" } | null;
  /** What happened, oldest first. */
  readonly timeline: readonly {
    readonly at: Millis;
    readonly fingerprint: string;
    readonly what: "fired" | "resolved";
  }[];
}

const laterOf = (a: Millis | null, b: Millis | null): Millis | null =>
  a === null ? b : b === null ? a : Math.max(a, b);

/**
 * What an incident of these members is. `inhibitors` names the members that inhibit a member: who stands above others
 * by inhibition is a better guess at the cause than who was merely first.
 */
export const summariseIncident = (
  key: string,
  members: readonly IncidentMember[],
  inhibitors: (member: IncidentMember) => readonly string[],
): IncidentSummary => {
  const firing = members.filter(({ status }) => status === "firing").length;
  const upstream = new Set(members.flatMap((member) => inhibitors(member)));
  const byStart = members.toSorted((a, b) => a.startsAt - b.startsAt || a.joinedAt - b.joinedAt);
  const above = byStart.find((member) => upstream.has(member.fingerprint));
  const first = above ?? byStart[0];
  const names = [...new Set(byStart.map(({ labels }) => alertName(labels)))];
  const what = names.length === 1 ? `${names[0]} × ${members.length}` : `${members.length} alerts`;
  const timeline = members.flatMap((member) => [
    { at: member.startsAt, fingerprint: member.fingerprint, what: "fired" as const },
    ...(member.status === "resolved" && member.endsAt !== null
      ? [{ at: member.endsAt, fingerprint: member.fingerprint, what: "resolved" as const }]
      : []),
  ]);
  return {
    title: `${what}: ${key}`,
    status: firing > 0 ? "open" : "resolved",
    severity: SEVERITIES.find((severity) => members.some((member) => member.severity === severity)) ?? "warning",
    firing,
    resolved: members.length - firing,
    endedAt: firing > 0 ? null : members.reduce<Millis | null>((last, { endsAt }) => laterOf(last, endsAt), null),
    firstCause:
      first === undefined
        ? null
        : { fingerprint: first.fingerprint, why: above === undefined ? "earliest" : "inhibits_others" },
    timeline: timeline.toSorted((a, b) => a.at - b.at),
  };
};

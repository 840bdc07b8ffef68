/**
 * Whether a target may hear of a firing alert now, and if not, why and until when. Asked when an alert comes in and
 * again at every flush of its group, so that a silence made meanwhile still wins and one that ended no longer does.
 */
import type { AlertStatus, Labels, Millis } from "../alert/alert.ts";
import { type Severity, severityOf } from "../alert/severity.ts";
import type { Classification } from "../classify/classification.ts";
import { applyClassification, type Verdict } from "../classify/policy.ts";
import { applyFilters, type FilterDecision } from "../filter/rules.ts";
import type { Stage } from "../history/trace.ts";
import type { Context, Judgement, RouteMatch, TargetState } from "./context.ts";

/** What is decided about. */
export interface Subject {
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly status: AlertStatus;
  readonly classification: Classification | null;
  /** When its present change was committed: a delay counts from here. */
  readonly receivedAt: Millis;
}

export interface Held {
  readonly stage: Stage;
  readonly reason: string;
  /** When to look again; null: whenever the group looks next. */
  readonly until: Millis | null;
  /** An operator's word that time does not change. */
  readonly final: boolean;
}

/** What holds for every target of a route: inhibition, times, silences, in Alertmanager's order; null: nothing. */
export const holdRoute = (subject: Subject, routeId: string, context: Context): Held | null => {
  const inhibitors = context.inhibitedBy(subject.labels, subject.fingerprint);
  if (inhibitors.length > 0) return hold("inhibit", `inhibited by ${inhibitors.join(", ")}`);
  const interval = context.timeMute(routeId, context.now);
  if (interval !== null) return hold("mute", `muted by ${interval}`);
  const silences = context.silencedBy(subject.labels, context.now);
  return silences.length > 0 ? hold("silence", `silenced by ${silences.join(", ")}`) : null;
};

const hold = (stage: Stage, reason: string): Held => ({ stage, reason, until: null, final: false });

/** What the classification may do at one target, whose own threshold counts where it has one. */
export const verdictAt = (
  subject: Pick<Subject, "labels" | "classification">,
  state: TargetState | null,
  context: Context,
): Verdict =>
  applyClassification({
    alert: subject,
    classification: subject.classification,
    mode: context.mode,
    threshold: state?.target.filter.minConfidence ?? context.threshold,
    suppressionEnabled: context.suppressionEnabled,
  });

/** The severity an alert counts as where no target is named. */
export const effectiveSeverity = (subject: Pick<Subject, "labels" | "classification">, context: Context): Severity =>
  subject.classification === null ? severityOf(subject.labels) : verdictAt(subject, null, context).effectiveSeverity;

/** Whether a target exists and is switched on. */
export const isEnabled = (name: string, { targets }: Pick<Context, "targets">): boolean =>
  targets.get(name)?.target.enabled === true;

/**
 * Whom a route tells: its targets, or its fallback where none of them is there and switched on. A receiver that is meant
 * to tell nobody has none.
 */
export const toldBy = (
  { targets, fallback, isSink }: Pick<RouteMatch, "targets"> & Partial<Pick<RouteMatch, "fallback" | "isSink">>,
  context: Context,
): readonly string[] => {
  if (fallback == null || isSink === true || targets.some((name) => isEnabled(name, context))) return targets;
  return isEnabled(fallback.target, context) ? [fallback.target] : targets;
};

/**
 * What routes may ask of the classification: only in mode enriched and from the threshold up, null otherwise. It is the
 * classification's own word, since a route can only add.
 */
export const judgementOf = (
  { classification }: Pick<Subject, "classification">,
  { mode, threshold }: Pick<Context, "mode" | "threshold">,
): Judgement | null => {
  if (classification === null || mode !== "enriched" || classification.confidence < threshold) return null;
  const { severity, category, confidence } = classification;
  return { severity, category, confidence };
};

export interface Admission {
  readonly filter: FilterDecision;
  readonly held: Held | null;
}

/** A filter's decision as the trace tells it: decision and reason of each step, what it was kept from doing first. */
export const filterSteps = (filter: FilterDecision): readonly (readonly [decision: string, reason: string])[] => [
  ...(filter.would === null ? [] : [[filter.would.action, filter.would.rule] as const]),
  ...(filter.guarded === null ? [] : [["suppression_guard", filter.guarded] as const]),
  [filter.action, filter.rule ?? filter.reason],
];

/** What this one target's filters say. A delay that has passed is over: it is never put on twice in one stretch. */
export const admit = (subject: Subject, state: TargetState, context: Context): Admission => {
  const verdict = verdictAt(subject, state, context);
  const { labels, status, classification } = subject;
  const { own } = state;
  const filter = applyFilters({
    targetName: state.target.name,
    own,
    rules: context.filterRules,
    labels,
    status,
    classification,
    verdict,
  });
  if (filter.action === "allow") return { filter, held: null };
  const reason = filter.rule ?? filter.reason;
  if (filter.action === "deny") return { filter, held: { stage: "filter", reason, until: null, final: true } };
  const until = subject.receivedAt + filter.delaySeconds * 1000;
  if (until > context.now) return { filter, held: { stage: "filter", reason, until, final: false } };
  return { filter: { ...filter, action: "allow", reason: "delay_over", rule: null }, held: null };
};

/** What keeps a firing alert of a route from one target now; null: nothing. */
export const heldFrom = (
  subject: Subject,
  routeId: string,
  targets: readonly string[],
  context: Context,
): ReadonlyMap<string, Held> => {
  const all = holdRoute(subject, routeId, context);
  const held = new Map<string, Held>();
  for (const name of targets) {
    const state = context.targets.get(name);
    const own = all ?? (state === undefined ? null : admit(subject, state, context).held);
    if (own !== null) held.set(name, own);
  }
  return held;
};

/** The same words for a decision whether it falls at once or in a group. */
export const heldAs = ({ stage, final }: Held): string =>
  stage !== "filter" ? "suppressed" : final ? "deny" : "delay";

/** What holds an alert back from whom, in a line: equal while nothing changed. */
export const describeHeld = (byTarget: ReadonlyMap<string, Held>): string =>
  [...byTarget].map(([target, { stage, reason }]) => `${target} ${stage} ${reason}`).join("; ");

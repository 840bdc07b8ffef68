/** The routing document as data: what config.ts reads and tree.ts compiles. Nothing of it decides. */
import type { Labels, Millis } from "../alert/alert.ts";
import type { Matcher } from "../alert/matcher.ts";
import type { InhibitRule } from "../filter/inhibition.ts";
import type { FilterRule } from "../filter/rules.ts";
import type { TimeIntervals } from "./time-interval.ts";

/** Stands in `groupBy` for every label: each alert is a group of its own. */
export const GROUP_BY_ALL = "...";

/** A node of the routing tree as the document states it; null is inherited from the parent. */
export interface RouteNode {
  /** JSON pointer into the document. */
  readonly path: string;
  readonly receiver: string | null;
  /** In Alertmanager's order. Those on `llm_severity` and `llm_category` ask the classification, not labels. */
  readonly matchers: readonly Matcher[];
  /** Confidence its classification matchers want, above the threshold of all; null: the threshold. Not inherited. */
  readonly minConfidence: number | null;
  readonly continue: boolean;
  readonly groupBy: readonly string[] | null;
  readonly groupWaitMs: Millis | null;
  readonly groupIntervalMs: Millis | null;
  readonly repeatIntervalMs: Millis | null;
  /** Not inherited, as in Alertmanager. */
  readonly muteTimeIntervals: readonly string[];
  readonly activeTimeIntervals: readonly string[];
  /** Added to those of the parent. */
  readonly labels: Labels;
  /** Name of the target that is told when the receiver's targets could not be. */
  readonly fallback: string | null;
  readonly fallbackAfterMs: Millis | null;
  /** Alerts that an upstream Alertmanager or Grafana has grouped already wait for a group here again. */
  readonly regroup: boolean | null;
  readonly routes: readonly RouteNode[];
}

export interface Receiver {
  readonly name: string;
  /** Names of targets, which need not exist, or patterns of them (target-choice); `all`: every enabled target. */
  readonly targets: readonly string[] | "all";
  /** It lists none, so the target of its own name is meant, where there is one: `receiver: "null"` tells nobody. */
  readonly isBare?: boolean;
}

/** An alert that must keep coming; where it stays away, we raise one ourselves. */
export interface Heartbeat {
  readonly name: string;
  readonly matchers: readonly Matcher[];
  /** Longest time without it. */
  readonly withinMs: Millis;
  /** Added to the alert that is raised. */
  readonly labels: Labels;
  readonly annotations: Labels;
}

/** Which alerts are shown as belonging together; it changes no delivery. */
export interface Correlation {
  readonly labels: readonly string[];
  readonly withinMs: Millis;
  /** `rolling`: every new member keeps the window open; `fixed`: it closes so long after the first. */
  readonly window: "rolling" | "fixed";
}

/** More starts than this within the window are told as one. */
export interface Storm {
  readonly moreThan: number;
  readonly withinMs: Millis;
}

/** What changes its state so often in a row is told again only when it has settled. */
export interface Flapping {
  readonly transitions: number;
  readonly settleMs: Millis;
}

/** What the document says of classification; null leaves it to the environment. */
export interface ClassificationSettings {
  readonly enabled: boolean | null;
  readonly threshold: number | null;
  readonly suppression: boolean | null;
  readonly model: string | null;
  readonly promptVersion: string | null;
  readonly callsPerDay: number | null;
  readonly callsPerNamePerHour: number | null;
  readonly severityFloor: "critical" | "warning" | "info" | null;
  readonly redactLabels: readonly string[];
  readonly redactEmails: boolean | null;
}

/** How long things are kept; null leaves it to the environment. */
export interface Retention {
  readonly eventsMs: Millis | null;
  readonly notificationsMs: Millis | null;
  readonly rollupsMs: Millis | null;
  readonly auditMs: Millis | null;
}

export interface RoutingConfig {
  /** After how long a firing alert without an end counts as resolved; null leaves it to the environment. */
  readonly resolveTimeoutMs: Millis | null;
  readonly route: RouteNode;
  readonly receivers: readonly Receiver[];
  readonly inhibitRules: readonly InhibitRule[];
  readonly timeIntervals: TimeIntervals;
  /** The operator's own; the built-in ones are not among them. */
  readonly filters: readonly FilterRule[];
  readonly classification: ClassificationSettings;
  readonly heartbeats: readonly Heartbeat[];
  readonly correlation: Correlation | null;
  /** null: however many begin at once, each is told as ever. */
  readonly storm: Storm | null;
  /** null: nothing is held back for changing often. */
  readonly flapping: Flapping | null;
  readonly retention: Retention;
}

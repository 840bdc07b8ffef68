/** All that a decision may depend on, as questions it can ask. Live traffic, explain and tests each answer them their way. */
import type { Labels, Millis } from "../alert/alert.ts";
import type { MatcherSpec } from "../alert/matcher.ts";
import type { Severity } from "../alert/severity.ts";
import type { Category } from "../classify/classification.ts";
import type { EnrichmentMode } from "../classify/mode.ts";
import type { FilterRule, OwnFilter } from "../filter/rules.ts";
import type { Timing } from "../group/group.ts";
import type { StormOptions } from "../group/storm.ts";
import type { AlertEvent } from "../history/event.ts";
import type { Target } from "../route/target.ts";

/** Who is told instead, or as well, of what a route's targets cannot be told. */
export interface Fallback {
  /** Name of a target. */
  readonly target: string;
  /** How long a target may fail before this one is told as well. */
  readonly afterMs: Millis;
}

/** A route an alert has taken, with everything inherited from its parents. */
export interface RouteMatch {
  /** Position in the tree, such as `0.2`; the root is the empty text. */
  readonly id: string;
  /** Matchers from the root down. */
  readonly path: readonly (readonly MatcherSpec[])[];
  readonly receiver: string;
  /** Labels of the route itself, which its notifications carry beside those of alerts. */
  readonly labels: Labels;
  /** Names of the receiver's targets that exist. */
  readonly targets: readonly string[];
  readonly groupBy: readonly string[];
  /** Labels its targets are chosen by: no group, an upstream's neither, holds alerts that differ in them. */
  readonly splitBy: readonly string[];
  readonly timing: Timing;
  /** What still fires is told again after its repeat interval although it does not group. */
  readonly repeats: boolean;
  /** Groups of an upstream Alertmanager are grouped again, with this route's waits. */
  readonly regroup: boolean;
  /** Its receiver was written without targets and there is none of its name: telling nobody is what is meant. */
  readonly isSink: boolean;
  readonly fallback: Fallback | null;
}

export interface TargetState {
  readonly target: Target;
  readonly own: OwnFilter;
}

/** What a classification says where it counts; routes may match on it. */
export interface Judgement {
  readonly severity: Severity;
  readonly category: Category;
  readonly confidence: number;
}

export interface Context {
  readonly now: Millis;
  readonly publicUrl: string;
  readonly mode: EnrichmentMode;
  /** Confidence from which a classification may change anything, 0 to 1. */
  readonly threshold: number;
  readonly suppressionEnabled: boolean;
  readonly configVersion: number | null;
  readonly metricsOnlyForced: boolean;
  readonly targets: ReadonlyMap<string, TargetState>;
  /** In the order they are asked. */
  readonly filterRules: readonly FilterRule[];
  readonly match: (labels: Labels, judgement: Judgement | null) => readonly RouteMatch[];
  /** Name of the interval that withholds this route's notifications at a time, or null. */
  readonly timeMute: (routeId: string, at: Millis) => string | null;
  /** Ids of the silences active at a time that match. */
  readonly silencedBy: (labels: Labels, at: Millis) => readonly string[];
  /** Fingerprints of the firing alerts that inhibit this one. */
  readonly inhibitedBy: (labels: Labels, fingerprint: string) => readonly string[];
  /** When an alert that flaps with this event will have settled; null: it does not flap, or nobody wants it held back. */
  readonly flappingUntil: (event: AlertEvent) => Millis | null;
  /** null: however many alerts begin at once, each is told as ever. */
  readonly storm: StormOptions | null;
  /** Targets that were told, or are to be told, of this alert's present stretch of firing directly. */
  readonly toldTargets: (fingerprint: string) => readonly string[];
}

/** One group of alerts (often of one) addressed to one target: all that a format needs to know. */
import type { AlertStatus, Labels, Millis } from "../alert/alert.ts";
import type { Severity } from "../alert/severity.ts";
import type { Classification } from "../classify/classification.ts";
import type { NotifyReason } from "../group/decide.ts";

export type { NotifyReason };

export interface NotificationAlert {
  readonly fingerprint: string;
  readonly status: AlertStatus;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAt: Millis;
  readonly endsAt: Millis | null;
  readonly generatorURL: string;
  /** Effective severity: of label and classification, as the decision saw it. */
  readonly severity: Severity;
  readonly classification: Classification | null;
}

export interface Notification {
  /** Constant over retries: the key receivers deduplicate by. */
  readonly id: string;
  /**
   * What is told: a change of alerts; a test; a digest of what pacing collapsed; or a problem that came and went while
   * the target could not be reached.
   */
  readonly kind: "alerts" | "test" | "digest" | "missed";
  /** firing if any of its alerts is. */
  readonly status: AlertStatus;
  readonly reason: NotifyReason;
  readonly groupKey: string;
  readonly groupLabels: Labels;
  readonly commonLabels: Labels;
  readonly commonAnnotations: Labels;
  readonly routeLabels: Labels;
  readonly receiver: string;
  readonly alerts: readonly NotificationAlert[];
  /** How many more alerts there are than `alerts` holds. */
  readonly truncatedAlerts: number;
  /** Base URL of this service, without a trailing slash; links are made from it. */
  readonly publicUrl: string;
  readonly enrichmentMode: string;
  /** The confidence from which a classification counted, 0 to 1, where the decision knew it. */
  readonly classificationThreshold?: number;
  readonly replay: boolean;
  /** Only for a digest: how many notifications it stands for, by severity and status. */
  readonly digest?: {
    readonly total: number;
    readonly firing: number;
    readonly resolved: number;
    readonly critical: number;
  };
  /** Many alerts that began at once, told as one however many of them are left. */
  readonly storm?: boolean;
  /** When the change was committed by us. */
  readonly at: Millis;
}

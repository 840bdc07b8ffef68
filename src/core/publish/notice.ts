/** The alert about ourselves: a target that no longer takes anything is told of through another one. */
import type { Labels, Millis } from "../alert/alert.ts";
import { fingerprint } from "../alert/fingerprint.ts";
import type { Notification } from "./notification.ts";

export interface TargetTrouble {
  /** The target in trouble. */
  readonly target: string;
  /** The target that is told. */
  readonly teller: string;
  /** Counts the notices about this target. */
  readonly seq: number;
  readonly status: "firing" | "resolved";
  /** Without secrets; the last one also when it is over. */
  readonly error: string;
  readonly since: Millis;
  readonly now: Millis;
  readonly publicUrl: string;
}

const labelsOf = (target: string): Labels => ({ alertname: "TargetUnhealthy", severity: "critical", target });

/** The line all notices about one target stand in. */
export const troubleSubject = (target: string): string => fingerprint(labelsOf(target));

export const troubleNotification = (trouble: TargetTrouble): Notification => {
  const { target, status } = trouble;
  const labels = labelsOf(target);
  const annotations: Labels = {
    summary: status === "firing" ? `Target ${target} refuses our notifications` : `Target ${target} works again`,
    description: `It answered: ${trouble.error}. What it was to be told is kept as dead letters.`,
  };
  return {
    id: `${troubleSubject(target)}:${trouble.seq}:${trouble.teller}`,
    kind: "alerts",
    status,
    reason: status === "firing" ? "firstNotification" : "allResolved",
    groupKey: `{}:{alertname="TargetUnhealthy", target="${target}"}`,
    groupLabels: labels,
    commonLabels: labels,
    commonAnnotations: annotations,
    routeLabels: {},
    receiver: trouble.teller,
    alerts: [
      {
        fingerprint: troubleSubject(target),
        status,
        labels,
        annotations,
        startsAt: trouble.since,
        endsAt: status === "resolved" ? trouble.now : null,
        generatorURL: "",
        severity: "critical",
        classification: null,
      },
    ],
    truncatedAlerts: 0,
    publicUrl: trouble.publicUrl,
    enrichmentMode: "transparent",
    replay: false,
    at: trouble.now,
  };
};

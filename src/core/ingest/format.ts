/** What every input format is: three pure functions from a body to drafts of alerts. The common rules come afterwards. */
import type { AlertStatus, IngestFormat, Labels, Millis, UpstreamGroup } from "../alert/alert.ts";
import type { Defect, Result } from "../result.ts";
import type { JsonObject } from "./json.ts";

export interface InputFormat {
  readonly name: IngestFormat;
  /** Whether a body is of this format, given that no format before it in the table claimed it (contracts 3.1). */
  readonly detects: (body: Body) => boolean;
  readonly open: (body: Body) => Envelope;
  /** One entry; `path` is its place in the body. */
  readonly read: (entry: JsonObject, path: string, section: Section, envelope: Envelope) => Result<Draft, Defect>;
}

export type Body = JsonObject | readonly unknown[];

/** The body around the alerts. */
export interface Envelope {
  readonly sections: readonly Section[];
  /** What the sender says of the whole body; a default for alerts that do not say. */
  readonly status: AlertStatus | null;
  readonly upstream: UpstreamGroup | null;
  readonly groupMeta: GroupMeta | null;
  /** How many alerts the sender left out. Their absence says nothing about them. */
  readonly truncatedAlerts: number;
}

/** One list of alerts in a body. */
export interface Section {
  readonly entries: readonly unknown[];
  /** JSON pointer of the entry at a position. */
  readonly pathOf: (position: number) => string;
  /** Labels that stand under those of each entry, and where. */
  readonly under?: { readonly labels: JsonObject; readonly path: string };
}

/** What an Alertmanager or Grafana said of the group; kept with the receipt, never part of an alert. */
export interface GroupMeta {
  readonly version: string;
  readonly status: AlertStatus | null;
  readonly groupLabels: Labels;
  readonly commonLabels: Labels;
  readonly commonAnnotations: Labels;
  readonly routeLabels: Labels;
  /** Alertmanager 0.32 and later; "" otherwise. */
  readonly notificationReason: string;
  /** Grafana only. */
  readonly orgId: number | null;
  readonly title: string;
  readonly state: string;
  readonly message: string;
}

/** One alert as its format reads it: fields found, values not judged yet. */
export interface Draft {
  readonly labels: unknown;
  /** JSON pointer of one label, where that is not below `labels` of the entry. */
  readonly labelPath?: (name: string) => string;
  readonly annotations: unknown;
  /** null where the sender does not say: then the end decides. */
  readonly status: AlertStatus | "pending" | null;
  /** null: not set or unreadable. */
  readonly startsAt: Millis | null;
  readonly endsAt: Millis | null;
  readonly generatorURL: unknown;
  /** The sender's own. */
  readonly fingerprint: unknown;
}

/** An envelope without anything said about the group. */
export const plainEnvelope = (sections: readonly Section[], status: AlertStatus | null = null): Envelope => ({
  sections,
  status,
  upstream: null,
  groupMeta: null,
  truncatedAlerts: 0,
});

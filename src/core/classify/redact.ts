/**
 * What of an alert may leave for a model: visible text without credentials and without the labels the operator named,
 * within limits. Requests to models are built from its result only, never from an alert.
 */
import { type Alert, type AlertStatus, alertName, type Labels } from "../alert/alert.ts";
import { formatTime } from "../alert/time.ts";
import { isCredentialName, MASK, maskCredentials, maskEmails } from "./credentials.ts";
import { cut, firstWords } from "./text.ts";

/** Characters of one value (contracts 5.2). */
const MAX_VALUE = 1000;
/** Characters of a value that are looked at: masking shortens, so text behind the first 1000 can move up. */
const WINDOW = 4000;
const MAX_NAME = 128;
/** Characters of all labels and annotations together, about 5 000 tokens; an alert of 10 MiB must not become a bill. */
const MAX_TOTAL = 16_000;
/** Labels and annotations together that are looked at; masking them is what costs time. */
const MAX_ENTRIES = 100;
/** What a model needs most comes first when the total is short. */
const FIRST_NAMES = ["alertname", "severity", "summary", "description", "message"];

export interface RedactOptions {
  /** Names of labels and annotations that never leave, nor do their values in other texts. */
  readonly removeLabels: readonly string[];
  /** Whether addresses are masked too. */
  readonly emails: boolean;
  /** Strings known to be secret, such as our own keys; masked wherever they appear. */
  readonly secrets: readonly string[];
}
export const DEFAULT_REDACTION: RedactOptions = { removeLabels: [], emails: false, secrets: [] };

/** What classification looks at: an alert, or an event of it. */
export type Classifiable = Pick<Alert, "fingerprint" | "labels" | "annotations" | "status" | "startsAt">;

/** An alert as a model may see it. */
export interface AlertData {
  readonly alertname: string;
  readonly status: AlertStatus;
  readonly labels: Labels;
  readonly annotations: Labels;
  /** RFC 3339. */
  readonly startsAt: string;
  readonly fingerprint: string;
  /** How many labels and annotations did not fit. */
  readonly omitted: number;
}

/** A value as it may leave: visible, masked, at most 1000 characters. */
export function redactValue(value: string, options: RedactOptions = DEFAULT_REDACTION): string {
  const masked = maskCredentials(firstWords(value, WINDOW), options.secrets);
  return cut(options.emails ? maskEmails(masked) : masked, MAX_VALUE);
}

/** The alert as data for a model, or for anything else outside. Pure: the same alert gives the same data. */
export function redactAlert(alert: Classifiable, options: RedactOptions = DEFAULT_REDACTION): AlertData {
  const removed = new Set(options.removeLabels);
  const known = { ...options, secrets: [...options.secrets, ...valuesOf(removed, alert)] };
  let room = MAX_TOTAL;
  let entries = 0;
  let omitted = 0;
  const redact = (values: Labels): Labels => {
    const kept: [string, string][] = [];
    for (const name of Object.keys(values).sort(byImportance)) {
      if (removed.has(name)) continue;
      const looks = room > 0 && entries < MAX_ENTRIES;
      const entry = looks ? redactEntry(name, values[name] ?? "", known) : null;
      const size = entry ? entry[0].length + entry[1].length : 0;
      entries += 1;
      if (entry && size <= room) kept.push(entry);
      else omitted += 1;
      room = Math.max(0, room - size);
    }
    return Object.fromEntries(kept);
  };
  const labels = redact(alert.labels);
  const annotations = redact(alert.annotations);
  return {
    alertname: alertName(labels),
    status: alert.status,
    labels,
    annotations,
    startsAt: formatTime(alert.startsAt),
    fingerprint: alert.fingerprint,
    omitted,
  };
}

/** A removed label's value is removed wherever it stands: templates write labels into annotations. */
const valuesOf = (names: ReadonlySet<string>, alert: Classifiable): string[] =>
  [...names].flatMap((name) =>
    [alert.labels, alert.annotations].flatMap((values) => (Object.hasOwn(values, name) ? [values[name] ?? ""] : [])),
  );

const redactEntry = (name: string, value: string, options: RedactOptions): [string, string] => [
  cut(redactValue(name, options), MAX_NAME),
  isCredentialName(name) ? MASK : redactValue(value, options),
];

function byImportance(a: string, b: string): number {
  const rank = (name: string): number => {
    const at = FIRST_NAMES.indexOf(name);
    return at < 0 ? FIRST_NAMES.length : at;
  };
  return rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0);
}

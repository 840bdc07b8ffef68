/**
 * What shards last made of alerts, so that a report that says nothing new travels as a name and a number. Only a
 * shortcut: a shard that does not know the number any more says so and gets the whole report.
 */
import type { Alert } from "../core/alert/alert.ts";
import { equalLabels } from "../core/alert/labels.ts";

interface Known {
  readonly alert: Alert;
  /** The shard's number for the state this very report left behind. */
  readonly version: number;
}

/** Alerts remembered per isolate: one to two kB each. */
const MAX_KNOWN = 5_000;

const known = new Map<string, Known>();

const saysTheSame = (a: Alert, b: Alert): boolean =>
  a.status === b.status &&
  a.startsAt === b.startsAt &&
  a.endsAt === b.endsAt &&
  a.generatorURL === b.generatorURL &&
  equalLabels(a.annotations, b.annotations) &&
  equalLabels(a.labels, b.labels);

/** The reports as repeats, if each says what it said last; null: at least one has to be told whole. */
export const asRepeats = (alerts: readonly Alert[]): Repeat[] | null => {
  const repeats: Repeat[] = [];
  for (const alert of alerts) {
    const before = known.get(alert.fingerprint);
    if (before === undefined || !saysTheSame(before.alert, alert)) return null;
    repeats.push([alert.fingerprint, before.version, alert.expiresAt]);
  }
  return repeats;
};

/** A report that says what it said before: who, the number of the state it left, and its new expiry. */
export type Repeat = readonly [fingerprint: string, version: number, expiresAt: number | null];

/** Remembers what a shard answered to whole reports. */
export const learn = (alerts: readonly Alert[], versions: readonly number[]): void => {
  alerts.forEach((alert, i) => {
    const version = versions[i];
    if (version === undefined) return;
    known.delete(alert.fingerprint);
    known.set(alert.fingerprint, { alert, version });
    if (known.size > MAX_KNOWN) known.delete(known.keys().next().value ?? "");
  });
};

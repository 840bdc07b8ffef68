/**
 * What shards last made of alerts, so that a report that says nothing new travels as a name and a number. Only a
 * shortcut: a shard that does not know the number any more says so and gets the whole report.
 */
import type { Alert } from "../core/alert/alert.ts";
import { equalLabels } from "../core/alert/labels.ts";
import { Recent } from "./recent.ts";

interface Known {
  readonly alert: Alert;
  /** The shard's number for the state this very report left behind. */
  readonly version: number;
}

/** Alerts remembered per isolate: one to two kB each. */
const MAX_KNOWN = 5_000;

/** A shard that nobody speaks to for about 10 s leaves memory with its numbers; asking it in vain costs a call. */
const SHARD_STAYS_MS = 8_000;

const known = new Recent<Known>(MAX_KNOWN);

/** Of each shard: numbers up to `life` are of an earlier life of it; when it was last spoken to from here. */
const shards = new Map<string, { readonly life: number; readonly at: number }>();

const saysTheSame = (a: Alert, b: Alert): boolean =>
  a.status === b.status &&
  a.startsAt === b.startsAt &&
  a.endsAt === b.endsAt &&
  a.generatorURL === b.generatorURL &&
  equalLabels(a.annotations, b.annotations) &&
  equalLabels(a.labels, b.labels);

/** The reports as repeats, if each says what it said last and the shard may know it; null: they are to be told whole. */
export const asRepeats = (shard: string, alerts: readonly Alert[], now: number): Repeat[] | null => {
  const contact = shards.get(shard);
  if (contact === undefined || Math.abs(now - contact.at) >= SHARD_STAYS_MS) return null;
  const repeats: Repeat[] = [];
  for (const alert of alerts) {
    const before = known.get(alert.fingerprint);
    if (before === undefined || before.version <= contact.life || !saysTheSame(before.alert, alert)) return null;
    repeats.push([alert.fingerprint, before.version, alert.expiresAt]);
  }
  return repeats;
};

/** Notes that a shard took repeats just now, so that it is in memory. */
export const noteContact = (shard: string, now: number): void => {
  const contact = shards.get(shard);
  if (contact !== undefined) shards.set(shard, { ...contact, at: now });
};

/** A report that says what it said before: who, the number of the state it left, and its new expiry. */
export type Repeat = readonly [fingerprint: string, version: number, expiresAt: number | null];

/** Remembers what a shard answered to whole reports. */
export const learn = (
  shard: string,
  alerts: readonly Alert[],
  { versions, life }: { readonly versions: readonly number[]; readonly life: number },
  now: number,
): void => {
  shards.set(shard, { life, at: now });
  alerts.forEach((alert, i) => {
    const version = versions[i];
    if (version !== undefined) known.set(alert.fingerprint, { alert, version });
  });
};

/** How often alerts only repeated, counted in memory until the shard's alarm tells D1; a crash loses a minute of it. */

import type { Millis } from "../../core/alert/alert.ts";
import { HOUR_MS } from "../../core/history/rollup.ts";
import { addReceived } from "../db/rollups.ts";
import { logError } from "../log.ts";

/** Alerts told by name per hour and report: the most repeated ones. The total counts them all. */
const MAX_NAMED = 50;
/** Alerts counted apart between two reports: about 100 bytes each. */
const MAX_APART = 20_000;

/** A shard that wakes more often, for expiries, still writes to D1 only so often. */
const REPORT_INTERVAL_MS = 50_000;

export class RepeatCounter {
  #reportedAt: Millis = 0;
  #hours = new Map<Millis, { total: number; alerts: Map<string, number> }>();

  count(fingerprint: string, now: Millis): void {
    const hour = Math.floor(now / HOUR_MS) * HOUR_MS;
    const known = this.#hours.get(hour) ?? { total: 0, alerts: new Map<string, number>() };
    this.#hours.set(hour, known);
    known.total += 1;
    const before = known.alerts.get(fingerprint);
    if (before !== undefined || known.alerts.size < MAX_APART) known.alerts.set(fingerprint, (before ?? 0) + 1);
  }

  /** Tells D1 in one write per hour; what it cannot take is lost, because only counts are. */
  async report(db: D1Database, now: Millis): Promise<void> {
    if (this.#hours.size === 0 || now - this.#reportedAt < REPORT_INTERVAL_MS) return;
    this.#reportedAt = now;
    const hours = [...this.#hours].map(([hour, { total, alerts }]) => ({
      hour,
      total,
      alerts: Object.fromEntries([...alerts].toSorted((a, b) => b[1] - a[1]).slice(0, MAX_NAMED)),
    }));
    this.#hours = new Map();
    try {
      await addReceived(db, hours);
    } catch (error) {
      logError("shard.repeats", error, { hours: hours.length });
    }
  }
}

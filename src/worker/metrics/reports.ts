/** What reports of alerts add to the counters. */
import { alertName } from "../../core/alert/alert.ts";
import type { Dedup } from "../../core/dedup/decide.ts";
import type { Parsed } from "../../core/ingest/parse.ts";
import { count } from "./count.ts";
import { ours } from "./families.ts";

/** Counts every report a shard has taken, duplicates included. */
export const countReports = (decided: readonly Dedup[]): void => {
  // Alerts of a request are much alike: each kind is counted once.
  const outcomes = new Map<string, number>();
  const events = new Map<string, Map<string, number>>();
  for (const { outcome, entry } of decided) {
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    const name = alertName(entry.labels);
    const byStatus = events.get(name) ?? new Map<string, number>();
    byStatus.set(entry.status, (byStatus.get(entry.status) ?? 0) + 1);
    events.set(name, byStatus);
  }
  for (const [outcome, n] of outcomes) count(ours("dedup_total"), { outcome }, n);
  for (const [alertname, byStatus] of events) {
    for (const [status, n] of byStatus) count(ours("webhook_events_total"), { alertname, status }, n);
  }
  count("webhook_alerts_received_total", {}, decided.length);
};

/** Counts what a body says it left out, and single alerts of it that could not be used. */
export const countParsed = ({ truncatedAlerts, rejects }: Parsed): void => {
  if (truncatedAlerts > 0) count("webhook_alerts_truncated_total", {}, truncatedAlerts);
  if (rejects.length > 0) {
    count("webhook_validation_errors_total", { type: "alert", reason: "rejected" }, rejects.length);
  }
};

/** What reports of alerts add to the counters. */
import { alertName } from "../../core/alert/alert.ts";
import type { Dedup } from "../../core/dedup/decide.ts";
import type { Parsed } from "../../core/ingest/parse.ts";
import { count } from "./count.ts";
import { ours } from "./families.ts";

/** Counts every report a shard has taken, duplicates included. */
export const countReports = (decided: readonly Dedup[]): void => {
  for (const { outcome, entry } of decided) {
    count(ours("dedup_total"), { outcome });
    count(ours("webhook_events_total"), { alertname: alertName(entry.labels), status: entry.status });
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

/** The answer of `/webhook` (contracts 2.1), from what was read and what the store said. It is built only after storing. */
import type { IngestFormat } from "../alert/alert.ts";
import type { Parsed, Remark } from "./parse.ts";

/** What a report did to the state of its alert (contracts 4.2). */
export type AlertOutcome = "new" | "updated" | "resolved" | "reopened" | "duplicate";

export interface ReceiptContext {
  readonly requestId: string;
  readonly receiptId: string;
  readonly mode: "intelligent" | "metrics_only";
  readonly processingTimeMs: number;
}

export interface Receipt {
  readonly status: "success" | "partial_success";
  readonly message: string;
  readonly request_id: string;
  readonly receipt_id: string;
  readonly mode: "intelligent" | "metrics_only";
  readonly webhook_type: IngestFormat;
  readonly alerts_received: number;
  readonly alerts_processed: number;
  readonly alerts_failed: number;
  readonly alerts_skipped: number;
  readonly processed_alerts: number;
  readonly errors: readonly { readonly alert_index: number; readonly path: string; readonly error: string }[];
  /** Alerts that rules of the source left out, and what they say of those that were kept. */
  readonly dropped?: readonly AlertRemark[];
  readonly notes?: readonly AlertRemark[];
  readonly alerts: readonly { readonly fingerprint: string; readonly outcome: AlertOutcome }[];
  readonly processing_time_ms: number;
}

export interface AlertRemark {
  readonly alert_index: number;
  readonly path: string;
  readonly reason: string;
}

const showRemarks = (key: "dropped" | "notes", remarks: readonly Remark[]): Partial<Receipt> =>
  remarks.length === 0
    ? {}
    : { [key]: remarks.map(({ index, path, text }): AlertRemark => ({ alert_index: index, path, reason: text })) };

/** `outcomes` are those of `parsed.alerts`, in the same order. 207 as soon as one alert was rejected. */
export const buildReceipt = (
  parsed: Parsed,
  outcomes: readonly AlertOutcome[],
  context: ReceiptContext,
): { readonly httpStatus: 200 | 207; readonly body: Receipt } => {
  const failed = parsed.rejects.length;
  const body: Receipt = {
    status: failed > 0 ? "partial_success" : "success",
    message: describeReceipt(parsed),
    request_id: context.requestId,
    receipt_id: context.receiptId,
    mode: context.mode,
    webhook_type: parsed.format,
    alerts_received: parsed.received,
    alerts_processed: parsed.alerts.length,
    alerts_failed: failed,
    alerts_skipped: parsed.skipped + parsed.dropped.length,
    processed_alerts: parsed.alerts.length,
    errors: parsed.rejects.map(({ index, path, error }) => ({ alert_index: index, path, error })),
    ...showRemarks("dropped", parsed.dropped),
    ...showRemarks("notes", parsed.notes),
    alerts: parsed.alerts.map(({ alert }, i) => ({
      fingerprint: alert.fingerprint,
      outcome: outcomes[i] ?? missingOutcome(i),
    })),
    processing_time_ms: context.processingTimeMs,
  };
  return { httpStatus: failed > 0 ? 207 : 200, body };
};

const missingOutcome = (i: number): never => {
  throw new Error(`no outcome for accepted alert ${i}`);
};

const describeReceipt = ({ received, alerts, rejects, dropped, skipped, truncatedAlerts }: Parsed): string => {
  const parts = [`${alerts.length} of ${received} ${received === 1 ? "alert" : "alerts"} stored`];
  if (rejects.length > 0) parts.push(`${rejects.length} rejected`);
  if (dropped.length > 0) parts.push(`${dropped.length} left out by rules of the source`);
  if (skipped > 0) parts.push(`${skipped} skipped as pending`);
  if (truncatedAlerts > 0) parts.push(`${truncatedAlerts} more left out by the sender (truncatedAlerts)`);
  return parts.join(", ");
};

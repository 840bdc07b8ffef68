/** The answer of `/webhook/proxy` (contracts 2.2): what was decided of each alert and what its targets said. */
import { alertName } from "../core/alert/alert.ts";
import type { Classification } from "../core/classify/classification.ts";
import type { DedupOutcome } from "../core/dedup/decide.ts";
import type { TraceStep } from "../core/history/trace.ts";
import type { Parsed } from "../core/ingest/parse.ts";
import type { Attempt } from "./objects/target-store.ts";
import type { Outcome } from "./proxy.ts";
import type { NotificationRow } from "./views.ts";

const MAX_REASONING = 100;

type Status = "success" | "filtered" | "failed" | "partial" | "accepted";

const showDelivery = (row: NotificationRow, types: ReadonlyMap<string, string>) => {
  const attempts = JSON.parse(row.attempts) as Attempt[];
  const last = attempts.at(-1);
  const delivered = row.state === "delivered" || row.state === "digested";
  return {
    target_name: row.target,
    target_type: types.get(row.target) ?? "unknown",
    success: delivered,
    state: row.state === "retry" || row.state === "deferred" ? "retrying" : row.state,
    ...(typeof last?.statusCode === "number" ? { status_code: last.statusCode } : {}),
    ...(delivered || row.error === null ? {} : { error_message: row.error }),
    ...(delivered || last?.reason == null ? {} : { error_code: last.reason }),
    retry_count: Math.max(0, attempts.length - 1),
    processing_time_ms: attempts.reduce((sum, { durationMs }) => sum + durationMs, 0),
  };
};
type Delivery = ReturnType<typeof showDelivery>;

/** Told with a group or a storm, or when what holds it back ends. */
const isLater = ({ stage, decision }: TraceStep): boolean =>
  stage === "group" || stage === "storm" || decision === "suppressed" || (stage === "filter" && decision === "delay");

const statusOf = (deliveries: readonly Delivery[], trace: readonly TraceStep[]): Status => {
  const failed = deliveries.filter(({ state }) => state === "retrying" || state === "dead").length;
  const done = deliveries.filter(({ success }) => success).length;
  if (deliveries.length > 0) {
    if (failed === 0) return done === deliveries.length ? "success" : "accepted";
    return failed === deliveries.length ? "failed" : "partial";
  }
  if (trace.some(isLater)) return "accepted";
  return trace.some(({ stage, decision }) => stage === "filter" && decision === "deny") ? "filtered" : "success";
};

/** What filters and suppressors did to the alert as a whole: one target that may hear of it is enough for an allow. */
const filterOf = (trace: readonly TraceStep[]): { filter_action: string; filter_reason: string } => {
  const step = ["suppressed", "allow", "delay", "deny"]
    .map((wanted) => trace.find(({ stage, decision }) => stage !== "shadow" && decision === wanted))
    .find((found) => found !== undefined);
  // What the seat belt or the mode kept from deciding says more than that nothing else did.
  const held = step?.decision === "allow" ? trace.find(isHeldBack) : undefined;
  // Nobody asked a filter where there was nobody to tell.
  const nobody = trace.findLast(({ decision }) => decision === "none")?.reason ?? "";
  const reason = held === undefined ? (step?.reason ?? nobody) : `${held.decision}: ${held.reason}`;
  return { filter_action: step?.decision ?? "none", filter_reason: reason };
};

const isHeldBack = ({ stage, decision }: TraceStep): boolean =>
  stage === "filter" && ["suppression_guard", "would_deny", "would_delay"].includes(decision);

const showClassification = (c: Classification) => ({
  severity: c.severity,
  category: c.category,
  confidence: c.confidence,
  reasoning: c.reasoning.length > MAX_REASONING ? `${c.reasoning.slice(0, MAX_REASONING)}...` : c.reasoning,
  recommendations: c.recommendations,
  source: c.source,
});

/** One alert of the request; without an outcome it goes on in the background, or was a repeat. */
const showAlert = (
  labels: Parsed["alerts"][number]["alert"],
  dedup: DedupOutcome,
  outcome: Outcome | undefined,
  types: ReadonlyMap<string, string>,
) => {
  const common = { fingerprint: labels.fingerprint, alert_name: alertName(labels.labels) };
  if (outcome === undefined) {
    const repeat = dedup === "duplicate" || dedup === "updated";
    return {
      ...common,
      status: repeat ? ("success" as const) : ("accepted" as const),
      classification_time_ms: 0,
      filter_action: "none",
      filter_reason: repeat ? dedup : "in progress",
      publishing_results: [] as Delivery[],
    };
  }
  const { event, deliveries } = outcome;
  const trace = JSON.parse(event.trace) as TraceStep[];
  const classification = event.classification === null ? null : (JSON.parse(event.classification) as Classification);
  const publishing_results = deliveries.map((row) => showDelivery(row, types));
  return {
    ...common,
    status: statusOf(publishing_results, trace),
    ...(classification === null ? {} : { classification: showClassification(classification) }),
    classification_time_ms: classification?.processingMs ?? 0,
    ...filterOf(trace),
    publishing_results,
  };
};

/** Everything beside the receipt; `types` names the type of each target. */
export const showProxy = (
  parsed: Parsed,
  dedup: readonly DedupOutcome[],
  outcomes: ReadonlyMap<string, Outcome>,
  types: ReadonlyMap<string, string>,
  metricsOnly: boolean,
) => {
  const results = parsed.alerts.map(({ alert }, i) =>
    showAlert(alert, dedup[i] ?? "duplicate", outcomes.get(alert.fingerprint), types),
  );
  const all = results.flatMap(({ publishing_results }) => publishing_results);
  const failed = all.filter(({ state }) => state === "retrying" || state === "dead");
  const published = results.filter((one) => one.publishing_results.some(({ success }) => success)).length;
  const filtered = results.filter(({ status }) => status === "filtered").length;
  const classified = results.flatMap((one) => ("classification" in one ? [one] : []));
  return {
    published_alerts: published,
    filtered_alerts: filtered,
    metrics_only_mode: metricsOnly,
    classification_results: Object.fromEntries(classified.map((one) => [one.fingerprint, one.classification])),
    publishing_results: Object.fromEntries(
      results.map(({ fingerprint, publishing_results: list }) => [
        fingerprint,
        {
          targets: list.length,
          successful: list.filter(({ success }) => success).length,
          failed: list.filter(({ state }) => state === "retrying" || state === "dead").length,
        },
      ]),
    ),
    alerts_summary: {
      total_received: parsed.received,
      total_processed: parsed.alerts.length,
      total_classified: classified.length,
      total_filtered: filtered,
      total_published: published,
      total_failed: parsed.rejects.length + results.filter(({ status }) => status === "failed").length,
    },
    alert_results: results,
    publishing_summary: {
      total_targets: new Set(all.map(({ target_name }) => target_name)).size,
      successful_targets: new Set(all.filter(({ success }) => success).map(({ target_name }) => target_name)).size,
      failed_targets: new Set(failed.map(({ target_name }) => target_name)).size,
      total_publish_time_ms: all.reduce((sum, { processing_time_ms }) => sum + processing_time_ms, 0),
    },
  };
};

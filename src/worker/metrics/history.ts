/** What requests for history, reports and the dashboard's figures add to the counters. */
import type { ProblemType } from "../problem.ts";
import { count, observeRows, observeSeconds } from "./count.ts";
import { ours } from "./families.ts";

const PREFIXES = ["/history", "/report", "/api/dashboard"];

export const isHistory = (path: string): boolean =>
  PREFIXES.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));

/** Kinds of filters there are; anything else in an address is no filter. */
const FILTERS: ReadonlySet<string> = new Set([
  ...["status", "severity", "namespace", "fingerprint", "fingerprints", "alertname", "alert_name", "kind", "category"],
  ...["generator_url", "receipt_id", "source", "target", "outcome", "alert_name_pattern", "alert_name_regex"],
  ...["labels", "labels_ne", "labels_regex", "labels_not_regex", "labels_exists", "labels_not_exists", "matchers"],
  ...["from", "to", "search", "duration_min", "duration_max", "is_resolved", "is_flapping", "view"],
]);

export const countFilters = (parameters: readonly (readonly [name: string, value: string])[], valid: boolean): void => {
  for (const [given] of parameters) {
    const filter_type = given.split("[", 1)[0] ?? "";
    const status = valid ? "success" : "error";
    if (FILTERS.has(filter_type)) count(ours("api_history_filters_operations_total"), { filter_type, status });
  }
};

export interface HistoryRequest {
  readonly method: string;
  /** The route's pattern. */
  readonly endpoint: string;
  readonly status: number;
  readonly problem: ProblemType | undefined;
  readonly ms: number;
  /** The caller said which answer it has. */
  readonly isConditional: boolean;
  readonly database: { readonly ms: number; readonly rows: number; readonly calls: number };
}

/** A route's name for what it does, as the label `operation`. */
const operationOf = (endpoint: string): string =>
  endpoint
    .replace(/^\//, "")
    .replace(/[^a-z]+/gi, "_")
    .replace(/_$/, "");

export const countHistory = ({
  method,
  endpoint,
  status,
  problem,
  ms,
  isConditional,
  database,
}: HistoryRequest): void => {
  count(ours("api_history_http_requests_total"), { method, endpoint, status_code: String(status) });
  observeSeconds(ours("api_history_http_request_duration_seconds"), ms, { method, endpoint });
  if (status >= 400) {
    count(ours("api_history_http_errors_total"), { method, endpoint, error_type: problem ?? "internal" });
  }
  if (isConditional && status < 400) {
    count(ours(status === 304 ? "api_history_cache_hits_total" : "api_history_cache_misses_total"));
  }
  if (database.calls === 0) return;
  const operation = operationOf(endpoint);
  observeSeconds(ours("api_history_query_duration_seconds"), database.ms, { operation });
  observeRows(ours("api_history_query_results_count"), database.rows, { operation });
};

/** The parameters of the history for the API document; their meaning is core/history/query.ts. */
import { z } from "@hono/zod-openapi";
import type { HistoryFilter } from "../../core/history/query.ts";

const one = z.string().max(1000).optional();
const many = z.union([z.string(), z.array(z.string())]).optional();

/** Every value is read once more from the address, because a parameter may come several times or as `labels[name]`. */
export const HistoryQuery = z.looseObject({
  cursor: one,
  limit: one,
  offset: one,
  page: one,
  per_page: one,
  sort_field: one,
  sort_order: one,
  from: one,
  to: one,
  status: many,
  severity: many,
  namespace: many,
  fingerprint: many,
  alertname: many,
  alert_name_pattern: many,
  alert_name_regex: many,
  kind: many,
  category: many,
  source: many,
  receipt_id: many,
  target: many,
  outcome: many,
  matchers: many,
  search: one,
  duration_min: one,
  duration_max: one,
  is_resolved: one,
  is_flapping: one,
  view: one,
});

/** All events of all times. */
export const EVERYTHING: HistoryFilter = {
  fromMs: 0,
  toMs: Number.MAX_SAFE_INTEGER,
  equal: new Map(),
  matchers: [],
  search: null,
  durationMinMs: null,
  durationMaxMs: null,
  isResolved: null,
  isFlapping: null,
  newestOnly: false,
};

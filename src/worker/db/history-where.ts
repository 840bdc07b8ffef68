/** A filter of the history as SQL over a row `e` of `events`; what SQL cannot tell is left to core/history/query.ts. */

import { DEFAULT_FLAPPING } from "../../core/history/flapping.ts";
import type { HistoryFilter } from "../../core/history/query.ts";

export interface Where {
  /** Conditions joined by AND; `1` where there are none. */
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

const COLUMNS: Readonly<Record<string, string>> = {
  category: "e.classification->>'category'",
};

/** Uses the key of `notifications`, which begins with the event's time; groups are found by the event's trace. */
const DELIVERED = `EXISTS (SELECT 1 FROM notifications AS n
  WHERE n.at = e.received_at AND n.subject = e.fingerprint AND n.seq = e.seq AND n.`;

const equals = (field: string, values: readonly string[]): [string, string] => {
  const list = "IN (SELECT value FROM json_each(?))";
  const json = JSON.stringify(values);
  if (field === "outcome") return [`${DELIVERED}state ${list})`, json];
  if (field === "target") {
    return [
      `EXISTS (SELECT 1 FROM json_each(e.trace) AS t WHERE t.value->>'decision' = 'queued' AND t.value->>'target' ${list})`,
      json,
    ];
  }
  return [`${COLUMNS[field] ?? `e.${field}`} ${list}`, json];
};

/** The conditions of a filter besides time and patterns. */
export const whereOf = (filter: HistoryFilter, now: number): Where => {
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  const add = (sql: string, ...bound: (string | number)[]): void => {
    conditions.push(sql);
    values.push(...bound);
  };
  for (const [field, list] of filter.equal) add(...equals(field, list));
  for (const { name, operator, value, values: words } of filter.matchers) {
    const label = "coalesce((SELECT l.value FROM json_each(e.labels) AS l WHERE l.key = ?), '')";
    if (operator === "!=") add(`${label} <> ?`, name, value);
    else if (operator === "=") add(`${label} = ?`, name, value);
    else if (operator === "=~" && words !== null) {
      add(`${label} IN (SELECT value FROM json_each(?))`, name, JSON.stringify(words));
    }
  }
  if (filter.isResolved !== null) add("e.status = ?", filter.isResolved ? "resolved" : "firing");
  if (filter.durationMinMs !== null)
    add("e.status = 'resolved' AND e.ends_at - e.starts_at >= ?", filter.durationMinMs);
  if (filter.durationMaxMs !== null)
    add("e.status = 'resolved' AND e.ends_at - e.starts_at <= ?", filter.durationMaxMs);
  if (filter.isFlapping !== null) {
    // Every event after an alert's first is a transition, so the third last event tells.
    const { transitions, windowMs } = DEFAULT_FLAPPING;
    const third = `coalesce((SELECT x.received_at FROM events AS x WHERE x.fingerprint = e.fingerprint
      AND x.previous_status IS NOT NULL ORDER BY x.seq DESC LIMIT 1 OFFSET ${transitions - 1}), 0)`;
    add(`${third} ${filter.isFlapping ? ">" : "<="} ?`, now - windowMs);
  }
  if (filter.newestOnly) add("e.seq = (SELECT a.event_seq FROM alerts AS a WHERE a.fingerprint = e.fingerprint)");
  return { sql: conditions.length === 0 ? "1" : conditions.join(" AND "), values };
};

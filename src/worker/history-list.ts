/** One page of the history for whoever asks: by cursor in both directions, or by page number for old clients. */
import { readPaging } from "../core/history/paging.ts";
import { type HistoryFilter, needsCode, readFilter, type SortField } from "../core/history/query.ts";
import { type Defect, err, ok, type Result } from "../core/result.ts";
import { readCursor, writeCursor } from "./cursor.ts";
import { countEvents, deliveriesOf, keyOf, MAX_CANDIDATES, pageEvents, walkEvents } from "./db/history.ts";
import { countFilters } from "./metrics/history.ts";
import type { EventView } from "./schemas.ts";
import { type EventRow, showEvent } from "./views.ts";

export type Parameters = readonly (readonly [name: string, value: string])[];

/** Rows as they are shown, with a summary of their deliveries. */
export const showEvents = async (db: D1Database, rows: readonly EventRow[]): Promise<EventView[]> => {
  const deliveries = await deliveriesOf(db, rows);
  return rows.map((row) => showEvent(row, deliveries.get(`${row.fingerprint}:${row.seq}`) ?? []));
};

export interface HistoryPage {
  readonly alerts: EventView[];
  readonly count: number;
  readonly limit: number;
  /** null beside a cursor: it was told with the first page. */
  readonly total: number | null;
  readonly total_is_capped: boolean;
  readonly offset: number | null;
  readonly page: number | null;
  readonly per_page: number;
  readonly total_pages: number | null;
  readonly has_next: boolean;
  readonly has_prev: boolean;
  readonly cursor: string | null;
  readonly prev_cursor: string | null;
  /** The search ended before the page was full; the cursor goes on. */
  readonly truncated: boolean;
}

const SEVERITY_ORDER = ["noise", "info", "warning", "critical"];
const sortKey = (row: EventRow, sort: SortField): string | number =>
  sort === "severity" ? SEVERITY_ORDER.indexOf(row.severity) : (row[sort] ?? 0);

/** Pages by number where code has to look at every row: walked from the start. */
const walkToPage = async (
  db: D1Database,
  filter: HistoryFilter,
  page: { limit: number; offset: number; sort: SortField; descending: boolean },
  now: number,
): Promise<{ rows: EventRow[]; total: number; truncated: boolean }> => {
  const all = await walkEvents(db, filter, { limit: MAX_CANDIDATES, after: null, descending: true }, now);
  const sign = page.descending ? -1 : 1;
  const compare = (a: EventRow, b: EventRow): number => {
    const [x, y] = [sortKey(a, page.sort), sortKey(b, page.sort)];
    return x === y ? 0 : x < y ? -sign : sign;
  };
  const sorted = all.rows.toSorted(compare);
  return { rows: sorted.slice(page.offset, page.offset + page.limit), total: sorted.length, truncated: all.truncated };
};

/** Answers parameters as they came; defects name the parameter. */
export const listHistory = async (
  db: D1Database,
  parameters: Parameters,
  now: number,
): Promise<Result<HistoryPage, readonly Defect[]>> => {
  const [filter, paging] = [readFilter(parameters, now), readPaging(parameters, 100)];
  countFilters(parameters, filter.ok);
  if (!filter.ok || !paging.ok) return err([...(filter.ok ? [] : filter.error), ...(paging.ok ? [] : paging.error)]);
  const { limit, cursor, sort, descending } = paging.value;
  const start = cursor === null ? null : readCursor(cursor);
  if (cursor !== null && start === null) return err([{ path: "query.cursor", message: "is no cursor of ours" }]);

  if (start === null && (paging.value.offset !== null || sort !== "received_at")) {
    const offset = paging.value.offset ?? 0;
    const page = { limit, offset, sort, descending };
    const found = needsCode(filter.value)
      ? await walkToPage(db, filter.value, page, now).then((w) => ({ ...w, capped: w.truncated }))
      : await Promise.all([pageEvents(db, filter.value, page, now), countEvents(db, filter.value, now)]).then(
          ([rows, count]) => ({ rows, ...count, truncated: false }),
        );
    const hasNext = offset + found.rows.length < found.total;
    return ok({
      ...(await shown(db, found.rows, limit)),
      total: found.total,
      total_is_capped: found.capped,
      offset,
      page: Math.floor(offset / limit) + 1,
      total_pages: Math.ceil(found.total / limit),
      has_next: hasNext,
      has_prev: offset > 0,
      cursor: hasNext && sort === "received_at" ? cursorOf(found.rows.at(-1), "next") : null,
      prev_cursor: null,
      truncated: found.truncated,
    });
  }

  const back = start?.direction === "prev";
  const walk = { limit, after: start?.key ?? null, descending: back ? !descending : descending };
  const [walked, count] = await Promise.all([
    walkEvents(db, filter.value, walk, now),
    start !== null || needsCode(filter.value) ? null : countEvents(db, filter.value, now),
  ]);
  const rows = back ? walked.rows.toReversed() : walked.rows;
  const onward = walked.resume !== null;
  const resume = walked.resume === null ? null : writeCursor(walked.resume, back ? "prev" : "next");
  return ok({
    ...(await shown(db, rows, limit)),
    total: count?.total ?? null,
    total_is_capped: count?.capped ?? true,
    offset: start === null ? 0 : null,
    page: start === null ? 1 : null,
    total_pages: count === null ? null : Math.ceil(count.total / limit),
    has_next: back ? true : onward,
    has_prev: back ? onward : start !== null,
    cursor: back ? cursorOf(rows.at(-1), "next") : resume,
    // Newer events may always follow the first page, so it too can be gone back from.
    prev_cursor: back ? resume : cursorOf(rows[0], "prev"),
    truncated: walked.truncated,
  });
};

const cursorOf = (row: EventRow | undefined, direction: "next" | "prev"): string | null =>
  row === undefined ? null : writeCursor(keyOf(row), direction);

const shown = async (db: D1Database, rows: readonly EventRow[], limit: number) => ({
  alerts: await showEvents(db, rows),
  count: rows.length,
  limit,
  per_page: limit,
});

/** `/history/export`: the events of a filter as CSV or NDJSON, streamed page by page so that its size has no limit. */
import { createRoute, z } from "@hono/zod-openapi";
import { csvRow } from "../../core/history/csv.ts";
import { type HistoryFilter, readFilter } from "../../core/history/query.ts";
import { type Keyset, walkEvents } from "../db/history.ts";
import { showEvents } from "../history-list.ts";
import { routes, scoped } from "../http.ts";
import { logError } from "../log.ts";
import { refuse } from "../problem.ts";
import type { EventView } from "../schemas.ts";
import { HistoryQuery } from "./history-query.ts";

/** Events read at a time: a megabyte or two. */
const BATCH = 500;

const COLUMNS = [
  ...["event_id", "received_at", "fingerprint", "alertname", "status", "kind", "severity", "namespace", "startsAt"],
  ...["endsAt", "duration_seconds", "expired", "source", "source_format", "receipt_id", "labels", "annotations"],
] as const;

const csvLine = (event: EventView): string =>
  csvRow(
    COLUMNS.map((column) => {
      const value = (event as Readonly<Record<string, unknown>>)[column];
      return value === null || value === undefined
        ? ""
        : typeof value === "object"
          ? JSON.stringify(value)
          : String(value);
    }),
  );

const stream = (
  db: D1Database,
  filter: HistoryFilter,
  line: (event: EventView) => string,
  head: string,
  now: number,
) => {
  const encoder = new TextEncoder();
  let after: Keyset | null = null;
  let isFirst = true;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        if (isFirst && head !== "") controller.enqueue(encoder.encode(head));
        isFirst = false;
        // A stretch without a match is gone over at once, so that every pull brings something or the end.
        for (;;) {
          const walked = await walkEvents(db, filter, { limit: BATCH, after, descending: true }, now);
          const events = await showEvents(db, walked.rows);
          if (events.length > 0) controller.enqueue(encoder.encode(events.map(line).join("")));
          after = walked.resume;
          if (after === null) return controller.close();
          if (events.length > 0) return;
        }
      } catch (error) {
        // The status is sent already: a broken stream is the only way left to say that this is not all.
        logError("history.export", error);
        controller.error(error);
      }
    },
  });
};

export const exportRoutes = routes().openapi(
  createRoute({
    method: "get",
    path: "/history/export",
    summary: "All events of a filter as CSV or NDJSON, newest first",
    ...scoped("read"),
    request: { query: HistoryQuery.extend({ format: z.enum(["csv", "ndjson"]).default("ndjson") }) },
    responses: {
      200: {
        description: "One event per line",
        content: { "text/csv": { schema: z.string() }, "application/x-ndjson": { schema: z.string() } },
      },
      400: { description: "A parameter is wrong" },
    },
  }),
  (c) => {
    const { format } = c.req.valid("query");
    const now = Date.now();
    const parameters = [...new URL(c.req.url).searchParams].filter(([name]) => name !== "format");
    const filter = readFilter(parameters, now);
    if (!filter.ok) {
      const detail = filter.error.map(({ path, message }) => `${path} ${message}`).join("; ");
      return refuse(c, "invalid-parameter", detail, { errors: filter.error });
    }
    const isCsv = format === "csv";
    const line = isCsv ? csvLine : (event: EventView) => `${JSON.stringify(event)}\n`;
    const body = stream(c.env.DB, filter.value, line, isCsv ? csvRow(COLUMNS) : "", now);
    return new Response(body, {
      headers: {
        "content-type": isCsv ? "text/csv; charset=utf-8" : "application/x-ndjson",
        "content-disposition": `attachment; filename="history.${format}"`,
        "cache-control": "no-store",
      },
    }) as never;
  },
);

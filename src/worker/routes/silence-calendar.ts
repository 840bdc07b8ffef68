/** `GET /api/v1/silences/calendar`: when silences hold over the days to come, each window of a recurring one. */
import { createRoute, z } from "@hono/zod-openapi";
import { silenceWindows } from "../../core/filter/silence-windows.ts";
import { readSilences } from "../db/silences.ts";
import { routes, scoped } from "../http.ts";
import { time } from "../views.ts";
import { badRange, rangeOf, rangeQuery } from "./history-analytics.ts";

const WEEK_MS = 7 * 86_400_000;
/** Windows of one silence in an answer: every hour of a month is more than anybody looks at. */
const MAX_WINDOWS = 200;

export const silenceCalendarRoutes = routes().openapi(
  createRoute({
    method: "get",
    path: "/api/v1/silences/calendar",
    summary: "The times at which silences hold, from now for a week unless a range is given",
    ...scoped("read"),
    request: { query: rangeQuery.pick({ from: true, to: true }) },
    responses: {
      200: {
        description: "Windows by silence",
        content: {
          "application/json": {
            schema: z.object({
              silences: z.array(
                z.object({
                  id: z.string(),
                  recurring: z.boolean(),
                  windows: z.array(z.object({ from: z.string(), to: z.string() })),
                }),
              ),
            }),
          },
        },
      },
      400: { description: "The range is wrong" },
    },
  }),
  async (c) => {
    const now = Date.now();
    const { from, to } = c.req.valid("query");
    const start = from ?? time(now);
    const range = rangeOf({ from: start, to: to ?? time(Date.parse(start) + WEEK_MS) }, now);
    if (range === null) return badRange(c);
    const silences = (await readSilences(c.env.DB, range.fromMs)).map((silence) => ({
      id: silence.id,
      recurring: silence.recurrence !== null,
      windows: silenceWindows(silence, range.fromMs, range.toMs, MAX_WINDOWS).map((window) => ({
        from: time(window.startsAt),
        to: time(window.endsAt),
      })),
    }));
    return c.json({ silences: silences.filter(({ windows }) => windows.length > 0) }, 200);
  },
);

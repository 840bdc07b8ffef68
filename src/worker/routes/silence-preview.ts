/** `POST /api/v1/silences/preview`: what a silence would have muted in the last 7 days, and mutes of what fires now. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Labels } from "../../core/alert/alert.ts";
import { fromApiMatcher } from "../../core/alert/matcher.ts";
import { previewSilence } from "../../core/filter/silence-set.ts";
import { readFiring } from "../db/firing.ts";
import { routes, scoped } from "../http.ts";
import { refuse } from "../problem.ts";
import { MatcherInput, Recurrence, recurrenceOf } from "./alertmanager/silence-input.ts";

const PREVIEW_MS = 7 * 86_400_000;
/** Events looked at, newest first. */
const MAX_EVENTS = 10_000;

const Muted = z.object({
  events: z.number(),
  total_events: z.number(),
  alerts: z.number(),
  total_alerts: z.number(),
  share: z.number(),
  names: z.array(z.object({ name: z.string(), events: z.number() })),
});

export const silencePreviewRoutes = routes().openapi(
  createRoute({
    method: "post",
    path: "/api/v1/silences/preview",
    summary: "What a silence would have muted in the last 7 days",
    ...scoped("read"),
    request: {
      body: {
        required: true,
        content: {
          "application/json": {
            schema: z.object({ matchers: z.array(MatcherInput).min(1), recurrence: Recurrence.nullish() }),
          },
        },
      },
    },
    responses: {
      200: {
        description: "Counts of the past and of now",
        content: {
          "application/json": { schema: z.object({ past: Muted, now: Muted, events_are_capped: z.boolean() }) },
        },
      },
      422: { description: "A matcher or the recurrence is wrong" },
    },
  }),
  async (c) => {
    const now = Date.now();
    const body = c.req.valid("json");
    const draft = {
      matchers: body.matchers.map(fromApiMatcher),
      recurrence: body.recurrence == null ? null : recurrenceOf(body.recurrence),
    };
    const [{ results }, firing] = await Promise.all([
      c.env.DB.prepare(
        `SELECT fingerprint, labels, received_at FROM events WHERE received_at >= ?1 AND status = 'firing'
         ORDER BY received_at DESC LIMIT ?2`,
      )
        .bind(now - PREVIEW_MS, MAX_EVENTS)
        .all<{ fingerprint: string; labels: string; received_at: number }>(),
      readFiring(c.env.DB),
    ]);
    const past = previewSilence(
      draft,
      results.map((row) => ({
        fingerprint: row.fingerprint,
        labels: JSON.parse(row.labels) as Labels,
        at: row.received_at,
      })),
    );
    const current = previewSilence(
      { ...draft, recurrence: null },
      firing.map(({ fingerprint, labels }) => ({ fingerprint, labels, at: now })),
    );
    if (!past.ok) return refuse(c, "validation", past.error);
    if (!current.ok) return refuse(c, "validation", current.error);
    const show = ({ totalEvents, totalAlerts, names, ...rest }: typeof past.value) => ({
      ...rest,
      total_events: totalEvents,
      total_alerts: totalAlerts,
      names: [...names],
    });
    const events_are_capped = results.length === MAX_EVENTS;
    return c.json({ past: show(past.value), now: show(current.value), events_are_capped }, 200);
  },
);

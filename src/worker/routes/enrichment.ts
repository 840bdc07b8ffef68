/** The enrichment mode (contracts 6): which is in force and why, who switched it, and what it does to alerts. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { ENRICHMENT_MODES } from "../../core/classify/mode.ts";
import { readSwitches, writeMode } from "../db/mode.ts";
import { readDecisionCounts, share } from "../decision-counts.ts";
import { type AppEnv, routes, scoped } from "../http.ts";
import { noteChange } from "../live.ts";
import { count } from "../metrics/count.ts";
import { ours } from "../metrics/families.ts";
import { forgetSettings, loadSettings } from "../settings.ts";
import { time, timeOrNull } from "../views.ts";

const MAX_REASON = 500;

const Mode = z.object({ mode: z.enum(ENRICHMENT_MODES), source: z.enum(["stored", "env", "default"]) });
const Switched = Mode.extend({ previous_mode: z.enum(ENRICHMENT_MODES), changed_at: z.string() });
const Stats = z.object({
  current_mode: z.enum(ENRICHMENT_MODES),
  source: z.enum(["stored", "env", "default"]),
  last_switch_time: z.string().nullable(),
  last_switch_from: z.string().nullable(),
  total_switches: z.number(),
  redis_available: z.boolean(),
  cache_hit_rate: z.number(),
  alerts_by_mode: z.record(z.string(), z.number()),
  /** What mode enriched would have done differently, while shadow was on. */
  shadow_differences: z.record(z.string(), z.number()),
});

const inForce = async (c: Context<AppEnv>) => {
  const { mode, modeSource } = await loadSettings(c.env, Date.now());
  c.header("X-Enrichment-Mode", mode);
  c.header("X-Enrichment-Source", modeSource);
  return { mode, source: modeSource };
};

/** Puts a mode in force (null: whatever holds without a stored one) and says what was before. */
const switchMode = async (
  c: Context<AppEnv>,
  mode: (typeof ENRICHMENT_MODES)[number] | null,
  reason: string | null,
) => {
  const now = Date.now();
  forgetSettings();
  const { mode: from, withoutStored } = await loadSettings(c.env, now);
  await writeMode(c.env.DB, mode, { from, to: mode ?? withoutStored, by: c.var.caller.name, reason }, now);
  forgetSettings();
  noteChange("mode", "enrichment", mode ?? withoutStored);
  count(ours("enrichment_mode_switches_total"), { from_mode: from, to_mode: mode ?? withoutStored });
  return { previous_mode: from, changed_at: time(now) };
};

const json = <T extends z.ZodType>(schema: T, description: string) => ({
  200: { description, content: { "application/json": { schema } } },
});

export const enrichmentRoutes = routes()
  .openapi(
    createRoute({
      method: "get",
      path: "/enrichment/mode",
      summary: "The mode in force, and where it comes from",
      ...scoped("read"),
      responses: json(Mode, "The mode"),
    }),
    async (c) => c.json(await inForce(c), 200),
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/enrichment/mode",
      summary: "Switch the mode",
      ...scoped("operate"),
      request: {
        body: {
          required: true,
          content: {
            "application/json": {
              schema: z.strictObject({ mode: z.enum(ENRICHMENT_MODES), reason: z.string().max(MAX_REASON).optional() }),
            },
          },
        },
      },
      responses: json(Switched, "The new mode and the one before"),
    }),
    async (c) => {
      const { mode, reason } = c.req.valid("json");
      const switched = await switchMode(c, mode, reason ?? null);
      return c.json({ ...(await inForce(c)), ...switched }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/enrichment/mode",
      summary: "Drop the stored mode: the variable or the default holds again",
      ...scoped("operate"),
      responses: json(Mode, "The mode in force now"),
    }),
    async (c) => {
      await switchMode(c, null, null);
      return c.json(await inForce(c), 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/enrichment/stats",
      summary: "Switches of the mode, and what the last day's alerts were decided in",
      ...scoped("read"),
      responses: json(Stats, "Statistics"),
    }),
    async (c) => {
      const [{ mode, source }, switches, counts] = await Promise.all([
        inForce(c),
        readSwitches(c.env.DB),
        readDecisionCounts(c.env.DB, Date.now()),
      ]);
      return c.json(
        {
          current_mode: mode,
          source,
          last_switch_time: timeOrNull(switches?.at ?? null),
          last_switch_from: switches?.from ?? null,
          total_switches: switches?.total ?? 0,
          // The shared store answered just now, or this would be an error.
          redis_available: true,
          cache_hit_rate: share(counts.classified.cache, counts.classified.total),
          alerts_by_mode: counts.modes,
          shadow_differences: counts.shadow,
        },
        200,
      );
    },
  );

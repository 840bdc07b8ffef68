/** Reads our blocks on alerts that belong together, begin together, or come again and again. */
import * as z from "zod";
import type { Correlation, Flapping, Storm } from "../routing.ts";
import type { YamlNode } from "./node.ts";
import { duration, read, words } from "./read-own.ts";
import type { Report } from "./report.ts";
import { nodeAt } from "./values.ts";

const MINUTE_MS = 60_000;
/** A window that is open for longer takes in what has nothing to do with its beginning. */
const MAX_WINDOW_MS = 48 * 3_600_000;
/** A window of a storm is counted in tenths, and one of hours would be no storm. */
const MIN_STORM_MS = 10_000;
const MAX_STORM_MS = 3_600_000;
/** Whatever is quiet for hours between two changes does not flap. */
const MAX_SETTLE_MS = 4 * 3_600_000;
/** The latest transitions are read for every change of an alert. */
const MAX_TRANSITIONS = 50;

const within = (minMs: number, maxMs: number, span: string) =>
  duration(0, span).refine((ms) => ms >= minMs && ms <= maxMs, { error: `must be a duration from ${span}` });

const correlationSchema = z.strictObject({
  labels: words.min(1),
  within: within(MINUTE_MS, MAX_WINDOW_MS, "1m to 48h"),
  window: z.enum(["rolling", "fixed"]).default("rolling"),
});

const stormSchema = z.strictObject({
  more_than: z.number().int().min(2).max(10_000).default(50),
  within: within(MIN_STORM_MS, MAX_STORM_MS, "10s to 1h").default(MINUTE_MS),
});

const flappingSchema = z.strictObject({
  transitions: z.number().int().min(3).max(MAX_TRANSITIONS).default(4),
  settle: within(MINUTE_MS, MAX_SETTLE_MS, "1m to 4h").default(15 * MINUTE_MS),
});

export const readCorrelation = (root: YamlNode, report: Report): Correlation | null => {
  const given = read(nodeAt(root, "correlation"), correlationSchema, root, report);
  return given === null ? null : { labels: given.labels, withinMs: given.within, window: given.window };
};

export const readStorm = (root: YamlNode, report: Report): Storm | null => {
  const given = read(nodeAt(root, "storm"), stormSchema, root, report);
  return given === null ? null : { moreThan: given.more_than, withinMs: given.within };
};

export const readFlapping = (root: YamlNode, report: Report): Flapping | null => {
  const given = read(nodeAt(root, "flapping"), flappingSchema, root, report);
  return given === null ? null : { transitions: given.transitions, settleMs: given.settle };
};

/**
 * What this isolate has counted and not yet handed to the object that keeps it. Handing over happens at the end of the
 * work that was counted, so an isolate that ends takes at most a few seconds of counts with it, never an alert.
 */
import type { Bindings } from "../env.ts";
import { logError } from "../log.ts";
import { type MetricLabels, seriesOf } from "./text.ts";

/** Additions by series. */
export type Counts = Readonly<Record<string, number>>;

/** Requests are handed over at most this often: each hand-over is a call that is paid for. */
const HAND_OVER_EVERY_MS = 5_000;
/** Series kept while the object cannot be reached. */
const MAX_PENDING = 10_000;

/** Upper bounds in seconds: from a cached answer to a target's longest timeout. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const SHARES = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1];

let pending = new Map<string, number>();
let handedAt = 0;

export const count = (name: string, labels: MetricLabels = {}, by = 1): void => {
  const series = seriesOf(name, labels);
  if (pending.size < MAX_PENDING || pending.has(series)) pending.set(series, (pending.get(series) ?? 0) + by);
};

const observeIn = (bounds: readonly number[], name: string, value: number, labels: MetricLabels): void => {
  for (const bound of bounds) {
    count(`${name}_bucket`, { ...labels, le: String(bound) }, value <= bound ? 1 : 0);
  }
  count(`${name}_bucket`, { ...labels, le: "+Inf" });
  count(`${name}_sum`, labels, value);
  count(`${name}_count`, labels);
};

export const observeSeconds = (name: string, ms: number, labels: MetricLabels = {}): void =>
  observeIn(SECONDS, name, ms / 1000, labels);
/** For values from 0 to 1. */
export const observeShare = (name: string, value: number, labels: MetricLabels = {}): void =>
  observeIn(SHARES, name, value, labels);

/** Takes what is pending; it is the taker's from now on. */
export const takeCounts = (): Counts => {
  const taken = Object.fromEntries(pending);
  pending = new Map();
  return taken;
};

/** Hands over what is pending; what could not be handed over stays for the next time. */
export const handOver = async (env: Bindings): Promise<void> => {
  if (pending.size === 0) return;
  handedAt = Date.now();
  const counts = takeCounts();
  try {
    await env.METRICS.getByName("main").add(counts);
  } catch (error) {
    logError("metrics.handover", error);
    for (const [series, by] of Object.entries(counts)) pending.set(series, (pending.get(series) ?? 0) + by);
  }
};

/** The same where it happens often, such as after each request. */
export const handOverSometimes = async (env: Bindings): Promise<void> => {
  if (Date.now() - handedAt >= HAND_OVER_EVERY_MS) await handOver(env);
};

/**
 * What this isolate has counted and not yet handed to the object that keeps it. Handing over happens soon after the work
 * that was counted, so an isolate that ends takes at most a few seconds of counts with it, never an alert.
 */
import type { Bindings } from "../env.ts";
import { type LiveBatch, noted } from "../live.ts";
import { logError } from "../log.ts";
import type { Collected } from "../objects/metrics-hub.ts";
import { type MetricLabels, seriesOf } from "./text.ts";

/** Additions by series. */
export type Counts = Readonly<Record<string, number>>;
/** The newest word on something that goes up and down, by series; null: it is no more. */
export type Levels = Readonly<Record<string, number | null>>;

/** Who hands over, and how many requests for history it has open: many isolates together are the gauge. */
export interface Presence {
  readonly isolate: string;
  readonly openHistoryRequests: number;
}

/** What an isolate hands over; the taker owns it from then on. */
export interface HandedOver {
  readonly counts: Counts;
  readonly levels: Levels;
  readonly presence: Presence;
  /** What open dashboards are to hear of. */
  readonly live: LiveBatch | null;
}

/** Series kept while the object cannot be reached. */
const MAX_PENDING = 10_000;

/** Upper bounds in seconds: from a cached answer to a target's longest timeout. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** From the alert to its last attempt: up to the retry window of a day. */
const LONG_SECONDS = [0.1, 0.5, 1, 5, 30, 60, 300, 1800, 3600, 21_600, 86_400];
const SHARES = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1];
/** Rows of an answer: up to the 1000 a list may have. */
const ROWS = [0, 1, 10, 50, 100, 500, 1000];

/** Observations of one histogram with one set of labels; made into series only when they are handed over. */
interface Observed {
  readonly name: string;
  readonly labels: MetricLabels;
  readonly bounds: readonly number[];
  readonly buckets: number[];
  sum: number;
  count: number;
}

let pending = new Map<string, number>();
let observed = new Map<string, Observed>();
let levels = new Map<string, number | null>();
/** Random values may not be made before the first request. */
let isolate: string | null = null;
let openHistoryRequests = 0;
/** Whether a dashboard was open when something was last handed over; until then nobody knows. */
let watched = true;

/** True where somebody waits for what changes. */
export const isWatched = (): boolean => watched;

export const count = (name: string, labels: MetricLabels = {}, by = 1): void => {
  const series = seriesOf(name, labels);
  if (pending.size < MAX_PENDING || pending.has(series)) pending.set(series, (pending.get(series) ?? 0) + by);
};

/** The newest word on a gauge that only its writer knows; null where it is no more. */
export const setLevel = (name: string, labels: MetricLabels, value: number | null): void => {
  const series = seriesOf(name, labels);
  if (levels.size < MAX_PENDING || levels.has(series)) levels.set(series, value);
};

/** Notes that a request for history begins (1) or has ended (-1). */
export const noteHistoryRequest = (by: 1 | -1): void => {
  openHistoryRequests += by;
};

const observe = (bounds: readonly number[], name: string, value: number, labels: MetricLabels): void => {
  const key = seriesOf(name, labels);
  let entry = observed.get(key);
  if (entry === undefined) {
    if (observed.size >= MAX_PENDING) return;
    entry = { name, labels, bounds, buckets: bounds.map(() => 0), sum: 0, count: 0 };
    observed.set(key, entry);
  }
  for (const [i, bound] of bounds.entries()) if (value <= bound) entry.buckets[i] = (entry.buckets[i] ?? 0) + 1;
  entry.sum += value;
  entry.count += 1;
};

export const observeSeconds = (name: string, ms: number, labels: MetricLabels = {}): void =>
  observe(SECONDS, name, ms / 1000, labels);
/** For what may take as long as a retry window. */
export const observeLongSeconds = (name: string, ms: number, labels: MetricLabels = {}): void =>
  observe(LONG_SECONDS, name, ms / 1000, labels);
/** For values from 0 to 1. */
export const observeShare = (name: string, value: number, labels: MetricLabels = {}): void =>
  observe(SHARES, name, value, labels);
/** For numbers of rows. */
export const observeRows = (name: string, value: number, labels: MetricLabels = {}): void =>
  observe(ROWS, name, value, labels);

const addObserved = (counts: Map<string, number>, { name, labels, bounds, buckets, sum, count: n }: Observed): void => {
  for (const [i, bound] of bounds.entries()) {
    counts.set(seriesOf(`${name}_bucket`, { ...labels, le: String(bound) }), buckets[i] ?? 0);
  }
  counts.set(seriesOf(`${name}_bucket`, { ...labels, le: "+Inf" }), n);
  counts.set(seriesOf(`${name}_sum`, labels), sum);
  counts.set(seriesOf(`${name}_count`, labels), n);
};

/** Takes what is pending; it is the taker's from now on. */
export const takeCounts = (): HandedOver => {
  for (const entry of observed.values()) addObserved(pending, entry);
  isolate ??= crypto.randomUUID();
  const taken = {
    counts: Object.fromEntries(pending),
    levels: Object.fromEntries(levels),
    presence: { isolate, openHistoryRequests },
    live: noted.take(),
  };
  pending = new Map();
  observed = new Map();
  levels = new Map();
  return taken;
};

/** True where something was counted since it was last taken. */
export const hasCounts = (): boolean => pending.size > 0 || observed.size > 0 || levels.size > 0 || !noted.isEmpty;

/** Takes in what somebody else counted, or could not get rid of; a level known here is the newer one. */
export const takeIn = (taken: HandedOver): void => {
  for (const [series, by] of Object.entries(taken.counts)) pending.set(series, (pending.get(series) ?? 0) + by);
  for (const [series, value] of Object.entries(taken.levels)) if (!levels.has(series)) levels.set(series, value);
  if (taken.live !== null) noted.addAll(taken.live);
};

/** Hands over what is pending; what could not be handed over stays for the next time. */
export const handOver = async (env: Bindings): Promise<void> => {
  if (!hasCounts()) return;
  const taken = takeCounts();
  try {
    watched = await env.METRICS.getByName("main").add(taken);
  } catch (error) {
    logError("metrics.handover", error);
    takeIn(taken);
  }
};

/** Everything counted so far, as a scrape tells it. */
export const collectAll = async (env: Bindings, version: string): Promise<Collected> => {
  const taken = takeCounts();
  try {
    return await env.METRICS.getByName("main").collect(version, taken);
  } catch (error) {
    takeIn(taken);
    throw error;
  }
};

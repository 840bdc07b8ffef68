/**
 * Hands counts over some seconds after the work they are of, those of the targets it went to with them: each call is paid
 * for, so what happens within that time shares one. The wait is the Worker's, which costs nothing, never an object's.
 */
import { sleep } from "../classifier-time.ts";
import type { Bindings } from "../env.ts";
import { logError } from "../log.ts";
import { handOver, isWatched, takeIn } from "./count.ts";

/** As old as a counter may be at a scrape, and as much as a crash may take of it. */
const WAIT_MS = 2_000;
/** The same while a dashboard is open: it hears of what changed with the counters. */
const WATCHED_WAIT_MS = 100;
/** A promise not kept by then was made by a request that was cut off. */
const LATE_MS = 10_000;

/** When what was promised is overdue; 0: nothing is promised. */
let promisedUntil = 0;
const counting = new Set<string>();

const collect = async (env: Bindings, target: string): Promise<void> => {
  try {
    const taken = await env.TARGETS.getByName(target).collect();
    if (taken !== null) takeIn(taken);
  } catch (error) {
    // The object hands them over itself with what it counts next.
    logError("metrics.collect", error, { target });
  }
};

const handOverAll = async (env: Bindings): Promise<void> => {
  await sleep(isWatched() ? WATCHED_WAIT_MS : WAIT_MS);
  promisedUntil = 0;
  const targets = [...counting];
  counting.clear();
  await Promise.all(targets.map((target) => collect(env, target)));
  await handOver(env);
};

/** Has what was counted handed over soon; `targets` are those that leave their counts to us. */
export const handOverSoon = (
  env: Bindings,
  background: { waitUntil(work: Promise<unknown>): void },
  targets: Iterable<string> = [],
): void => {
  for (const target of targets) counting.add(target);
  const now = Date.now();
  if (now < promisedUntil) return;
  promisedUntil = now + WAIT_MS + LATE_MS;
  background.waitUntil(handOverAll(env));
};

/** The silences that may keep somebody quiet now, ready to be asked; kept for a moment. */
import { compileSilences, type SilenceSet } from "../core/filter/silence-set.ts";
import { readSilences } from "./db/silences.ts";
import { logWarn } from "./log.ts";

/** A silence made elsewhere is in force this much later; one made here at once. */
const CACHE_MS = 2_000;

let cached: { readonly at: number; readonly set: SilenceSet } | null = null;

/** Forgets what was read, after a change made here. */
export const forgetSilences = (): void => {
  cached = null;
};

export const loadSilences = async (db: D1Database, now: number): Promise<SilenceSet> => {
  if (cached !== null && now >= cached.at && now - cached.at < CACHE_MS) return cached.set;
  const set = compileSilences(await readSilences(db, now));
  for (const { id, error } of set.broken) logWarn("silence.broken", { id, error });
  cached = { at: now, set };
  return set;
};

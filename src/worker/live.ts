/** Tells the live feed; the pipeline neither waits for it nor fails with it. */
import type { Bindings } from "./env.ts";
import { errorText, logWarn } from "./log.ts";
import type { LiveChange } from "./objects/live-feed.ts";

/** One call for a batch; settles always. */
export const tellLive = async (env: Bindings, changes: readonly LiveChange[]): Promise<void> => {
  if (changes.length === 0) return;
  try {
    await env.LIVE.getByName("main").notify(changes);
  } catch (error) {
    logWarn("live.failed", { changes: changes.length, error: errorText(error) });
  }
};

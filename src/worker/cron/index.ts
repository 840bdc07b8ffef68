/** What happens every minute, each part on its own: one that fails keeps no other from running. */
import { countDeliveries } from "../db/delivery-times.ts";
import { countEventsByHour } from "../db/rollups.ts";
import type { Bindings } from "../env.ts";
import { logError } from "../log.ts";
import { count, handOver } from "../metrics/count.ts";
import { ours } from "../metrics/families.ts";
import { notePresence } from "../presence.ts";
import { registry } from "../registry.ts";
import { keepSealed } from "../reseal.ts";
import { inSpan } from "../span.ts";
import { checkAllTargets } from "../target-health.ts";
import { followConfig } from "./config-change.ts";
import { watchHeartbeats } from "./heartbeats.ts";
import { followMode } from "./publishing-mode.ts";
import { remindOfFiring } from "./reminders.ts";
import { removeOld } from "./retention.ts";
import { tellOfSilences } from "./silences.ts";
import { sweep } from "./sweep.ts";

const PARTS: readonly (readonly [name: string, run: (env: Bindings, now: number) => Promise<unknown>])[] = [
  ["sweep", sweep],
  ["mode", followMode],
  ["configuration", followConfig],
  ["reminders", remindOfFiring],
  ["silences", tellOfSilences],
  ["heartbeats", watchHeartbeats],
  ["retention", removeOld],
  ["hourly-counts", (env, now) => countEventsByHour(env.DB, now)],
  ["delivery-times", (env, now) => countDeliveries(env.DB, now)],
  ["targets", (env) => registry(env).syncDue()],
  ["keys", keepSealed],
  ["health", checkAllTargets],
];

export const runCron = async (env: Bindings, now: number): Promise<void> => {
  const runPart = ([name, run]: (typeof PARTS)[number]): Promise<unknown> =>
    inSpan(`cron.${name}`, {}, () => run(env, now)).catch((error: unknown) => {
      count(ours("cron_failures_total"), { part: name });
      logError("cron.failed", error, { part: name });
    });
  await runPart(["presence", (_, at) => notePresence(env.DB, at)]);
  await Promise.all(PARTS.map(runPart));
  await handOver(env);
  await env.METRICS.getByName("main")
    .ticked(now)
    .catch((error: unknown) => logError("cron.metrics", error));
};

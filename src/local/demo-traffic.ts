/** What goes on at the shop while somebody looks: troubles begin and end, and everything that lasts is reported again. */
import { sendAlerts } from "./demo-api.ts";
import type { SourceTokens } from "./demo-past.ts";
import { CLUSTERS, type Cluster, KINDS } from "./demo-shop.ts";
import { alertOf, type Episode, instanceOf, watchdogOf } from "./demo-week.ts";
import type { Facts } from "./greeting.ts";

const TURN_MS = 2_500;
/** As an Alertmanager would with a short repeat interval: repeats, which tell nobody. */
const REPEAT_MS = 60_000;
const MINUTE_MS = 60_000;
/** Part of the turns in which a trouble begins: often enough to be seen, few enough that the week beside it is too. */
const BEGINS = 0.15;
/** More at once would be no ordinary day. */
const MOST_OPEN = 25;

/** Begins; answers what ends it, after the first turn. A request that fails is tried with the next one. */
export const startTraffic = async (
  facts: Pick<Facts, "url" | "adminToken">,
  tokens: SourceTokens,
  open: readonly Episode[],
  chance: () => number,
): Promise<() => void> => {
  const started = Date.now();
  let running = [...open];
  // At once: a shard that has just started does not know when it last heard of what lasts.
  let repeated = 0;
  const send = async (cluster: Cluster, alerts: readonly object[]): Promise<void> => {
    if (alerts.length > 0) await sendAlerts(facts, tokens[cluster], alerts);
  };
  const endSome = async (now: number): Promise<void> => {
    for (const episode of running.filter(({ to }) => to !== null && to <= now)) {
      await send(episode.cluster, [alertOf({ at: now, status: "resolved", episode })]);
      running = running.filter((other) => other !== episode);
    }
  };
  const beginOne = async (now: number): Promise<void> => {
    const kind = KINDS[Math.floor(chance() * KINDS.length)]!;
    const cluster = CLUSTERS[Math.floor(chance() * CLUSTERS.length)]!;
    const instance = instanceOf(kind, chance);
    const same = running.some(
      (one) => one.cluster === cluster && one.kind.name === kind.name && one.instance === instance,
    );
    if (same || running.length >= MOST_OPEN) return;
    const episode: Episode = {
      ...{ cluster, kind, instance, from: now, exact: false },
      to: now + (1.5 + chance() * 8) * MINUTE_MS,
    };
    running.push(episode);
    await send(cluster, [alertOf({ at: now, status: "firing", episode })]);
  };
  const repeat = async (now: number): Promise<void> => {
    repeated = now;
    for (const cluster of CLUSTERS) {
      const own = running.filter((episode) => episode.cluster === cluster);
      const alive = cluster === "ap-south" ? [] : [watchdogOf(cluster, started)];
      await send(cluster, [...own.map((episode) => alertOf({ at: now, status: "firing", episode })), ...alive]);
    }
  };
  let working = false;
  const turn = async (): Promise<void> => {
    if (working) return;
    working = true;
    const now = Date.now();
    try {
      await endSome(now);
      if (chance() < BEGINS) await beginOne(now);
      if (now - repeated >= REPEAT_MS) await repeat(now);
    } catch (error) {
      console.error(`The traffic of the demo: ${error instanceof Error ? error.message : String(error)}`);
    }
    working = false;
  };
  await turn();
  const timer = setInterval(() => void turn(), TURN_MS);
  return () => clearInterval(timer);
};
